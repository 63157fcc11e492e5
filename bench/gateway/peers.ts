/** The upstream, and who stands before it: nobody, our gateway, and Portkey's where it is installed. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { SHOWN } from './door.ts';
import type { Door, Load } from './load.ts';

/** The first is the floor. */
export type Peer = {
  readonly name: string;
  readonly door: Door;
  readonly pid: number | null;
  close(): void;
};

const PATH = '/v1/chat/completions';
const KEY = { authorization: 'Bearer none' };
const DRIVER = fileURLToPath(new URL('driver.ts', import.meta.url));
const PEERS = fileURLToPath(new URL('../peers/node_modules', import.meta.url));
const PORTKEY = path.join(PEERS, '@portkey-ai/gateway/build/start-server.js');
const START_TRIES = 100;
const SIZES = [3, 100];
const CALLS = { 1: 300, 8: 1_200, 32: 3_200 };

export function loads(share: number): Load[] {
  return SIZES.flatMap((size) =>
    [true, false].flatMap((stream) =>
      Object.entries(CALLS).map(([connections, calls]) => ({
        what: `${size} KB, ${stream ? 'stream' : 'whole'}`,
        connections: Number(connections),
        calls: Math.ceil(calls * share),
        body: requestOf(size * 1024, stream),
      })),
    ),
  );
}

function requestOf(bytes: number, stream: boolean): string {
  const content = 'word '.repeat(Math.ceil(bytes / 5)).slice(0, bytes);
  return JSON.stringify({ model: 'bench', stream, messages: [{ role: 'user', content }] });
}

export async function open(scratch: string): Promise<Peer[]> {
  const upstream = await driver(['upstream']);
  const port = Number(upstream.said);
  const socketPath = path.join(scratch, 'gateway.sock');
  const ours = await driver(['gateway', String(port), socketPath, scratch]);
  const other = path.join(scratch, 'other.sock');
  const bare = await driver(['no-ledger', String(port), other, scratch]);
  const direct = { host: '127.0.0.1', port, path: PATH };
  const peers: Peer[] = [
    { name: 'direct', door: { at: direct, headers: {} }, pid: null, close: upstream.close },
    {
      name: 'proofhouse',
      door: { at: { socketPath, path: PATH }, headers: SHOWN },
      pid: ours.pid,
      close: ours.close,
    },
    {
      // How long a disk takes to hold two writes is not the gateway's to say.
      name: 'proofhouse, no ledger',
      door: { at: { socketPath: other, path: PATH }, headers: SHOWN },
      pid: bare.pid,
      close: bare.close,
    },
  ];
  if (existsSync(PORTKEY)) return [...peers, await portkey(port)];
  process.stderr.write('bench: no other gateway; npm ci --prefix bench/peers installs one\n');
  return peers;
}

type Started = { readonly said: string; readonly pid: number; close(): void };

async function driver(argv: readonly string[]): Promise<Started> {
  const child = spawn(process.execPath, [DRIVER, ...argv], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [said] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  return { said, pid: child.pid ?? 0, close: () => void child.kill() };
}

async function portkey(upstream: number): Promise<Peer> {
  const port = await freePort();
  const child = spawn(process.execPath, [PORTKEY, '--headless', `--port=${port}`], {
    stdio: 'ignore',
  });
  await listening(port, child);
  const headers = {
    ...KEY,
    'x-portkey-provider': 'openai',
    'x-portkey-custom-host': `http://127.0.0.1:${upstream}/v1`,
  };
  const at = { host: '127.0.0.1', port, path: PATH };
  return {
    name: 'portkey',
    door: { at, headers },
    pid: child.pid ?? 0,
    close: () => void child.kill(),
  };
}

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function listening(port: number, child: ChildProcess): Promise<void> {
  for (let tried = 0; tried < START_TRIES; tried += 1) {
    if (child.exitCode !== null) throw new Error(`the other gateway ended with ${child.exitCode}`);
    const socket = net.connect(port, '127.0.0.1');
    const isThere = await Promise.race([
      once(socket, 'connect').then(() => true),
      once(socket, 'error').then(() => false),
    ]).catch(() => false);
    socket.destroy();
    if (isThere) return;
    await sleep(100);
  }
  throw new Error('the other gateway does not listen');
}
