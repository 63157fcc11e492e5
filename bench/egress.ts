/**
 * What a tunnel costs: a new TLS connection to the first byte of an answer, and a bulk transfer, each
 * through the gateway's socket and straight to the same server on this machine. Client, gateway and
 * server are one process here, so a transfer that passes through more of them waits for more of them.
 */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import net, { type AddressInfo } from 'node:net';
import path from 'node:path';
import tls from 'node:tls';
import { TUNNEL_LIMITS } from '../gateway/egress/tunnel.ts';
import { openGateway } from '../gateway/server.ts';
import { RunId } from '../orchestrator/domain/ids.ts';
import { SEARCH, TOKEN } from './gateway/door.ts';
import { inTurn, type Row, timed } from './measure.ts';

const HOST = 'bench.example.com';
const BULK_MIB = 256;
const CHUNK = Buffer.alloc(2 ** 20, 'x');
const WORD = 'x';
const DIRECT = 'new TLS connection to first byte, direct';
const BULK = `${BULK_MIB} MiB down over TLS, direct`;

export async function egressRows(n: number, scratch: string): Promise<Row[]> {
  const server = await upstream(scratch);
  const door = await openGateway({
    socketPath: path.join(scratch, 'egress.sock'),
    run: RunId.parse('rbench00'),
    attempt: 1,
    token: TOKEN,
    secrets: SEARCH,
    role: 'agent',
    model: null,
    registry: null,
    egress: {
      reaches: (host) => host === HOST,
      resolve: async () => ({ ended: 'answered', addresses: ['127.0.0.1'] }),
      isGlobal: (address) => address === '127.0.0.1',
      // As a run has them, but for how often and how much: here only the cost of one is asked.
      limits: { ...TUNNEL_LIMITS, perSecond: 1e6, inAll: 1e6, bytesUp: 1e12, bytesDown: 1e12 },
    },
    budget: { microUsd: null, tokens: null, turns: null },
    ledger: { reserve: async () => null, settle: async () => {} },
    note: async () => {},
  });
  const direct = async () => net.connect(server.port, '127.0.0.1');
  const through = () => tunnel(path.join(scratch, 'egress.sock'), server.port);
  const arm = (what: string, floor: string | null, bound: string, go: () => Promise<number>) => ({
    ...{ what, go, against: floor === null ? null : { floor, bound } },
  });
  try {
    return [
      ...(await inTurn(n, [
        arm(DIRECT, null, '', () => timed(() => fetched(direct, server.ca, 0))),
        arm('the same through the gateway', DIRECT, '<= +15 ms', () =>
          timed(() => fetched(through, server.ca, 0)),
        ),
      ])),
      ...(await inTurn(n, [
        arm(BULK, null, '', () => timed(() => fetched(direct, server.ca, BULK_MIB))),
        arm(`${BULK_MIB} MiB down over TLS, gateway`, BULK, 'for comparison', () =>
          timed(() => fetched(through, server.ca, BULK_MIB)),
        ),
      ])),
    ];
  } finally {
    await door.close();
    server.close();
  }
}

async function tunnel(socketPath: string, port: number): Promise<net.Socket> {
  const socket = net.connect(socketPath);
  socket.write(`CONNECT ${HOST}:${port} HTTP/1.1\r\nhost: ${HOST}\r\n\r\n`);
  const [head] = (await once(socket, 'data')) as [Buffer];
  if (!head.toString('latin1').startsWith('HTTP/1.1 200')) throw new Error(head.toString());
  return socket;
}

/** Asks for so many MiB over a connection of its own and reads them all, and a word at the end. */
async function fetched(open: () => Promise<net.Socket>, ca: string, chunks: number): Promise<void> {
  const secure = tls.connect({ socket: await open(), servername: HOST, ca });
  secure.write(`${chunks}\n`);
  let bytes = 0;
  for await (const chunk of secure) bytes += (chunk as Buffer).length;
  if (bytes !== chunks * CHUNK.length + WORD.length) throw new Error(`${bytes} bytes came`);
}

/** Sends as many chunks as it is asked for, and ends. */
async function upstream(scratch: string): Promise<{ port: number; ca: string; close(): void }> {
  const [key, cert] = ['bench.key', 'bench.pem'].map((name) => path.join(scratch, name));
  const subject = ['-subj', `/CN=${HOST}`, '-addext', `subjectAltName=DNS:${HOST}`];
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
  execFileSync(
    'openssl',
    ['req', '-x509', ...kind, ...subject, '-keyout', key ?? '', '-out', cert ?? ''],
    { stdio: 'ignore' },
  );
  const ca = readFileSync(cert ?? '', 'utf8');
  const server = tls.createServer({ key: readFileSync(key ?? ''), cert: ca }, (socket) => {
    socket.on('error', () => socket.destroy());
    socket.once('data', (asked: Buffer) => void send(socket, Number(asked.toString())));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { port: (server.address() as AddressInfo).port, ca, close: () => void server.close() };
}

async function send(socket: tls.TLSSocket, chunks: number): Promise<void> {
  for (let at = 0; at < chunks; at += 1) {
    if (!socket.write(CHUNK)) await once(socket, 'drain');
  }
  socket.end(WORD);
}
