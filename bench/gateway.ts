/**
 * What the gateway adds to a model call: the first byte of a streamed answer through its socket,
 * beside the same call straight to the same server. Once with the ledger that a run has, which is
 * on disk before the model is asked, and once with none, to tell the two apart.
 */
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import type { Ledger } from '../orchestrator/ports.ts';
import { NO_LEDGER, openDoor, SHOWN, storeIn } from './gateway/door.ts';
import { inTurn, type Row, timed } from './measure.ts';

const PATH = '/v1/chat/completions';
const SIZES = [3, 100];
/** Calls in one go; what is noted is the time of one. */
const CALLS = 20;

export async function gatewayRows(n: number, scratch: string): Promise<Row[]> {
  const server = await upstream();
  const store = await storeIn(scratch);
  const doors = {
    'ledger on disk': await door(path.join(scratch, 'a.sock'), server.url, store.ledger),
    'no ledger': await door(path.join(scratch, 'b.sock'), server.url, NO_LEDGER),
  };
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const direct = { agent, host: '127.0.0.1', port: server.port };
  try {
    const rows: Row[] = [];
    for (const size of SIZES) {
      const body = requestOf(size * 1024);
      const floor = `model call of ${size} KB, direct`;
      const through = Object.entries(doors).map(([name, { options }]) => ({
        what: `model call of ${size} KB, gateway, ${name}`,
        against: { floor, bound: name === 'no ledger' ? 'for comparison' : '<= +0.70 ms' },
        go: () => each(options, body),
      }));
      rows.push(
        ...(await inTurn(n, [
          { what: floor, against: null, go: () => each(direct, body) },
          ...through,
        ])),
      );
    }
    return rows;
  } finally {
    agent.destroy();
    for (const { close } of Object.values(doors)) await close();
    store.close();
    server.close();
  }
}

async function each(options: http.RequestOptions, body: string): Promise<number> {
  const whole = await timed(async () => {
    for (let call = 0; call < CALLS; call += 1) await firstByte(options, body);
  });
  return whole / CALLS;
}

/** Reads to the end, so that the connection is free for the next; the server sends all at once. */
function firstByte(options: http.RequestOptions, body: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = {
      ...SHOWN,
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
    };
    const request = http.request({ ...options, method: 'POST', path: PATH, headers }, (answer) => {
      if (answer.statusCode !== 200) reject(new Error(`status ${answer.statusCode}`));
      answer.resume().once('end', resolve);
    });
    request.once('error', reject);
    request.end(body);
  });
}

async function door(socketPath: string, url: string, ledger: Ledger) {
  const gateway = await openDoor(socketPath, url, ledger);
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  return {
    options: { agent, socketPath },
    close: async () => {
      agent.destroy();
      await gateway.close();
    },
  };
}

function requestOf(bytes: number): string {
  const content = 'word '.repeat(Math.ceil(bytes / 5)).slice(0, bytes);
  return JSON.stringify({ model: 'bench', stream: true, messages: [{ role: 'user', content }] });
}

const PIECES = ['Hello', ' there', '.'].map((content) => ({
  id: 'one',
  object: 'chat.completion.chunk',
  created: 1,
  model: 'bench',
  choices: [{ index: 0, delta: { content }, finish_reason: null }],
}));
const ANSWER = `${PIECES.map((piece) => `data: ${JSON.stringify(piece)}\n\n`).join('')}data: [DONE]\n\n`;

async function upstream(): Promise<{ url: string; port: number; close(): void }> {
  const server = http.createServer((request, response) => {
    request.resume().once('end', () => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.end(ANSWER);
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = (): void => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${port}/v1`, port, close };
}
