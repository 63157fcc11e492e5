/**
 * A network on this machine's loopback: names that answer as a test says, a machine that keeps what
 * it was sent, a gateway of ours, and one that lacks what a test takes away.
 */
import { once } from 'node:events';
import http from 'node:http';
import net, { type AddressInfo, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { onTestFinished } from 'vitest';
import type { EgressOptions } from '../../../gateway/egress/tunnel.ts';
import { gatewayWith } from '../open.ts';

export const ALLOWED = 'api.example.com';
/** The only address that stands for the public network here. */
export const isLoopback = (address: string): boolean => address === '127.0.0.1';

/** Keeps what reached it, and answers with what it says. */
export async function machine(says = 'hello'): Promise<{ port: number; heard(): string }> {
  const chunks: Buffer[] = [];
  const server = net.createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk) => {
      chunks.push(chunk);
      socket.write(says);
    });
  });
  const port = await listening(server);
  return { port, heard: () => Buffer.concat(chunks).toString('latin1') };
}

export async function listening(server: net.Server): Promise<number> {
  const open = new Set<Socket>();
  server.on('connection', (socket) => open.add(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    for (const socket of open) socket.destroy();
  });
  return (server.address() as AddressInfo).port;
}

/** Answers in turn, the last one for ever, and counts. */
export function names(...answers: readonly (readonly string[])[]) {
  const asked: string[] = [];
  const resolve: EgressOptions['resolve'] = async (host) => {
    const addresses = answers[Math.min(asked.push(host), answers.length) - 1] ?? [];
    return { ended: 'answered', addresses };
  };
  return { resolve, asked };
}

export async function ours(egress: Partial<EgressOptions>) {
  const gateway = await gatewayWith({
    egress: {
      reaches: (host) => host === ALLOWED,
      resolve: names(['127.0.0.1']).resolve,
      isGlobal: isLoopback,
      ...egress,
    },
  });
  return {
    ...gateway,
    connect: (text: string, then?: Buffer) => connect(gateway.socketPath, text, then),
  };
}

/** A proxy as many are: takes the name apart, asks a rule of its own, and joins the two ends. */
export async function naive(allows: (target: string) => boolean, to: number) {
  const dialled: string[] = [];
  const server = http.createServer();
  server.on('connect', (request, client: Duplex) => {
    client.on('error', () => client.destroy());
    if (!allows(request.url ?? '')) return void client.end('HTTP/1.1 403 Forbidden\r\n\r\n');
    dialled.push(request.url ?? '');
    const upstream = net.connect(to, '127.0.0.1', () => client.write('HTTP/1.1 200 OK\r\n\r\n'));
    upstream.on('error', () => client.destroy());
    client.pipe(upstream).pipe(client);
  });
  const port = await listening(server);
  return {
    dialled,
    connect: (text: string, then?: Buffer) => connect({ port, host: '127.0.0.1' }, text, then),
  };
}

export type Answer = { readonly status: number; readonly rest: string };

/** Asks for a tunnel, sends what is to go through it, and reads until it is closed or has answered. */
async function connect(
  to: string | net.TcpNetConnectOpts,
  target: string,
  then: Buffer = Buffer.alloc(0),
): Promise<Answer> {
  const socket = typeof to === 'string' ? net.connect(to) : net.connect(to);
  onTestFinished(() => void socket.destroy());
  socket.on('error', () => socket.destroy());
  socket.write(Buffer.from(`CONNECT ${target} HTTP/1.1\r\nhost: a\r\n\r\n`, 'utf8'));
  let said = '';
  for await (const chunk of socket) {
    said += (chunk as Buffer).toString('latin1');
    if (!said.includes('\r\n\r\n')) continue;
    const [, rest = ''] = said.split('\r\n\r\n');
    if (!said.startsWith('HTTP/1.1 200') || then.length === 0 || rest !== '') break;
    if (rest === '' && !socket.destroyed) socket.write(then);
  }
  const [head = '', rest = ''] = said.split('\r\n\r\n');
  return { status: Number(head.split(' ')[1]), rest };
}
