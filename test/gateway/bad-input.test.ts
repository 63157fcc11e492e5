/**
 * What goes wrong at either end, in each of the four protocols: every time the caller is told in its
 * own shape, the ledger has a settled call, the trace a line, and the failure a code.
 */
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import net from 'node:net';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import {
  anthropicUpstream,
  geminiUpstream,
  openAiUpstream,
} from '../../gateway/model/http-upstream.ts';
import { piecesOf } from '../../gateway/model/pieces.ts';
import { PROTOCOLS } from '../../gateway/model/protocols/all.ts';
import type { Protocol, Wire } from '../../gateway/model/protocols/protocol.ts';
import type { ModelUpstream, Patience } from '../../gateway/model/upstream.ts';
import { RunId } from '../../orchestrator/domain/ids.ts';
import { DIALECTS, WIRES } from './callers.ts';
import { manualTimers } from './manual-timers.ts';
import { gatewayWith, HASTY, post, RUN, SHOWN, scripted, serverThat, tokenOf } from './open.ts';

const SAYS = scripted('  - say: hello');
const OTHER = RunId.parse('r0000002');
const UPSTREAMS = {
  messages: anthropicUpstream,
  responses: openAiUpstream,
  chat: openAiUpstream,
  gemini: geminiUpstream,
};

function upstreamOf(wire: Wire, url: string, patience: Partial<Patience> = {}): ModelUpstream {
  const options = { name: 'test', model: 'm', url, key: null, price: null };
  return UPSTREAMS[wire]({ ...options, patience: { ...HASTY, ...patience } });
}

/** The stream of a good answer, event by event. */
function eventsOf(protocol: Protocol, usage = true): string[] {
  const reply = { id: 'x', model: 'm', text: 'hi', calls: [], cutShort: false };
  return piecesOf({ ...reply, usage: { inputTokens: 1, outputTokens: 2 } })
    .map(protocol.streamWriter(usage))
    .filter((event) => event !== '');
}

/** What a caller gets of it who did not ask for the usage. */
function passedEvents(wire: Wire): string {
  return eventsOf(PROTOCOLS[wire], wire !== 'chat').join('');
}

type Opened = Awaited<ReturnType<typeof gatewayWith>>;

async function isOnRecord({ ledger, notes, failures }: Opened, code: string): Promise<void> {
  await expect.poll(() => ledger.calls()).toMatchObject([{ state: 'failed', failure: code }]);
  expect(failures()).toEqual([code]);
  // What the model said before is told by the request, whatever becomes of it.
  const own = () => notes.filter((line) => !line.startsWith('answer: '));
  await expect.poll(own).toHaveLength(1);
  expect(own()[0]).toContain(code);
}

describe.each(WIRES)('%s', (wire) => {
  const { path, long, error, cut } = DIALECTS[wire];
  const wrong = (status: number) => (wire === 'responses' && status < 500 ? 400 : status);
  const told = async (answer: Response, status: number): Promise<string> => {
    expect(answer.status).toBe(wrong(status));
    expect(answer.headers.get('content-type')).toBe('application/json');
    const body: unknown = await answer.json();
    expect(error.safeParse(body).error).toBeUndefined();
    return JSON.stringify(body);
  };

  it.each([
    ['no JSON', 'hello', 400, 'not a JSON object'],
    ['a list', '[1]', 400, 'not a JSON object'],
    ['nothing', '', 400, 'not a JSON object'],
    ['bytes that are no text', Buffer.from([0x7b, 0xff, 0x7d]), 400, 'not a JSON object'],
    ['a request of nothing', '{"messages":7,"input":7,"contents":7}', 400, 'not a request of'],
    ['a body that is too long', 'a'.repeat(9_000), 413, 'longer than 8000 bytes'],
  ])('%s', async (_what, body, status, message) => {
    const opened = await gatewayWith({ model: SAYS, limits: { bodyBytes: 8_000 } });
    const answer = await post(opened.url + path(false), body);
    expect(await told(answer, status)).toContain(message);
    await isOnRecord(opened, 'call_refused');
  });

  it('a small body that unpacks to a huge one', async () => {
    const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024));
    expect(bomb.byteLength).toBeLessThan(100_000);
    const opened = await gatewayWith({ model: SAYS });
    const headers = { 'content-encoding': 'gzip' };
    const answer = await post(opened.url + path(false), bomb, { headers });
    expect(await told(answer, 413)).toContain('longer than 33554432 bytes');
    await isOnRecord(opened, 'call_refused');
  });

  it('content nested as deep as a body is long', async () => {
    const depth = 200_000;
    const nested = `${'['.repeat(depth)}${']'.repeat(depth)}`;
    const opened = await gatewayWith({ model: SAYS });
    const body = `{"messages":${nested},"input":${nested},"contents":${nested}}`;
    await told(await post(opened.url + path(false), body), 403);
    await isOnRecord(opened, 'call_refused');
  });

  it('another run in the path is refused, and answered at the gateway of that run', async () => {
    const at = `/run/${OTHER}/edit${path(false)}`;
    const itself = await gatewayWith({ model: SAYS, run: OTHER });
    const headers = { authorization: `Bearer ${tokenOf(OTHER)}` };
    expect((await post(itself.url + at, long(false), { headers })).status).toBe(200);
    const opened = await gatewayWith({ model: SAYS, run: RUN });
    const answer = await post(opened.url + at, long(false));
    expect(await told(answer, 403)).toContain('the path names another run');
    await isOnRecord(opened, 'call_refused');
  });

  it('the key of another run is refused, and no reason at the gateway of that run', async () => {
    const headers = { authorization: `Bearer ${tokenOf(OTHER)}` };
    const itself = await gatewayWith({ model: SAYS, run: OTHER });
    expect((await post(itself.url + path(false), long(false), { headers })).status).toBe(200);
    const opened = await gatewayWith({ model: SAYS, run: RUN });
    const answer = await post(opened.url + path(false), long(false), { headers });
    expect(await told(answer, 403)).toContain('the key is of another run');
    await isOnRecord(opened, 'call_refused');
  });

  it('a role that there is none of', async () => {
    const opened = await gatewayWith({ model: SAYS });
    const answer = await post(`${opened.url}/run/${RUN}/root${path(false)}`, long(false));
    expect(await told(answer, 403)).toContain('the path names no role');
    await isOnRecord(opened, 'call_refused');
  });

  it('an upgrade to a WebSocket', async () => {
    const opened = await gatewayWith({ model: SAYS });
    const head = `GET ${path(true)} HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\n`;
    const answer = await raw(opened.socketPath, `${head}upgrade: websocket\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1.1 403 /);
    const body: unknown = JSON.parse(answer.slice(answer.indexOf('\r\n\r\n')));
    expect(error.safeParse(body).error).toBeUndefined();
    await isOnRecord(opened, 'call_refused');
  });

  it('a body that does not come', async () => {
    const timers = manualTimers();
    const opened = await gatewayWith({ model: SAYS, timers });
    const socket = net.connect(opened.socketPath);
    const answer = whole(socket);
    const head = `POST ${path(false)} HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\nauthorization: ${SHOWN.authorization}\r\n`;
    socket.write(`${head}expect: 100-continue\r\n\r\n{`);
    await once(socket, 'readable');
    timers.advance(60_000);
    const text = await answer;
    expect(text).toContain(`HTTP/1.1 ${wrong(408)} `);
    const body: unknown = JSON.parse(text.slice(text.lastIndexOf('\r\n\r\n')));
    expect(error.safeParse(body).error).toBeUndefined();
    await isOnRecord(opened, 'call_refused');
  });

  it('a caller that leaves in its body is on record too', async () => {
    const opened = await gatewayWith({ model: SAYS });
    const socket = net.connect(opened.socketPath);
    const head = `POST ${path(false)} HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\nauthorization: ${SHOWN.authorization}\r\n`;
    socket.write(`${head}expect: 100-continue\r\n\r\n{`);
    await once(socket, 'readable');
    socket.destroy();
    await isOnRecord(opened, 'call_refused');
  });

  it.each([
    ['resets before it answers', (response: ServerResponse) => response.destroy(), 503],
    [
      'answers 500 for ever',
      (response: ServerResponse) => void response.writeHead(500).end('{"error":{"message":"no"}}'),
      503,
    ],
    ['says half an answer', (response: ServerResponse) => void response.end('{"id":'), 403],
  ])('a model that %s', async (_what, behave, status) => {
    const server = await serverThat(behave);
    const opened = await gatewayWith({ model: upstreamOf(wire, server.url) });
    const answer = await post(opened.url + path(false), long(false));
    await told(answer, status);
    await isOnRecord(opened, status === 403 ? 'model_nonsense' : 'model_unavailable');
  });

  const [first = '', ...others] = eventsOf(PROTOCOLS[wire]);
  it.each([
    [
      'resets in its answer',
      (response: ServerResponse) => {
        response.write(first, () => response.destroy());
      },
    ],
    ['ends before its end', (response: ServerResponse) => void response.end(first)],
    [
      'sends half an event',
      (response: ServerResponse) => {
        response.end(first + others.join('').slice(0, 30));
      },
    ],
  ])('a model that %s', async (_what, behave) => {
    const server = await serverThat((response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      behave(response);
    });
    const opened = await gatewayWith({ model: upstreamOf(wire, server.url) });
    const text = await (await post(opened.url + path(true), long(true))).text();
    expect(text.startsWith(first)).toBe(true);
    expect(text).toMatch(cut);
    // Not a byte of what was half there.
    expect(text.slice(first.length)).not.toContain(others.join('').slice(0, 30));
    await isOnRecord(opened, 'model_unavailable');
  });

  it('a model that stalls is waited for with signs of life, and not for ever', async () => {
    const timers = manualTimers();
    const server = await serverThat(() => undefined);
    const model = { name: 't', model: 'm', url: server.url, key: null, price: null, timers };
    const opened = await gatewayWith({ model: UPSTREAMS[wire](model), timers });
    const answer = post(opened.url + path(true), long(true));
    await expect.poll(() => server.seen.length).toBe(1);
    timers.advance(90_000);
    const streamed = await answer;
    expect(streamed.status).toBe(200);
    timers.advance(31_000);
    const text = await streamed.text();
    const { keepAlive } = PROTOCOLS[wire];
    expect(text.startsWith(keepAlive.repeat(9))).toBe(true);
    expect(text).toMatch(cut);
    await isOnRecord(opened, 'model_silent');
  });

  it('silence of ninety seconds inside an answer is filled, and the answer comes whole', async () => {
    const timers = manualTimers();
    const held: (() => void)[] = [];
    const server = await serverThat((response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write(first);
      held.push(() => response.end(others.join('')));
    });
    const model = { name: 't', model: 'm', url: server.url, key: null, price: null, timers };
    const opened = await gatewayWith({ model: UPSTREAMS[wire](model), timers });
    const answer = await post(opened.url + path(true), long(true));
    timers.advance(90_000);
    held[0]?.();
    const text = await answer.text();
    const { keepAlive } = PROTOCOLS[wire];
    expect(text).toContain(first + keepAlive.repeat(9));
    expect(text.replaceAll(keepAlive, '')).toBe(passedEvents(wire));
    await expect.poll(opened.answered).toBe(1);
  });

  it('what nobody asked the model for in the caller’s name stays here, and the rest is as it was', async () => {
    const events = eventsOf(PROTOCOLS[wire]).join('');
    const server = await serverThat((response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' }).end(events);
    });
    const opened = await gatewayWith({ model: upstreamOf(wire, server.url) });
    const answer = await post(opened.url + path(true), long(true));
    expect(answer.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    const asked: unknown = JSON.parse(server.seen[0]?.body ?? '');
    expect(await answer.text()).toBe(passedEvents(wire));
    const own = wire === 'gemini' ? {} : { model: 'm' };
    const usage = wire === 'chat' ? { stream_options: { include_usage: true } } : {};
    expect(asked).toEqual({ ...long(true), ...own, ...usage });
    await expect
      .poll(() => opened.ledger.calls())
      .toMatchObject([{ state: 'settled', usage: { inputTokens: 1, outputTokens: 2 } }]);
  });
});

it('who is refused for ever is noted up to a bound, and answered all the same', async () => {
  const opened = await gatewayWith({ model: SAYS, limits: { refusalNotes: 2 } });
  for (let asked = 0; asked < 5; asked += 1) {
    expect((await post(`${opened.url}/v1/messages`, 'x')).status).toBe(400);
  }
  expect(opened.notes).toHaveLength(3);
  expect(opened.notes[2]).toContain('more than 2 refused model calls');
  expect(opened.ledger.calls()).toHaveLength(2);
});

async function raw(socketPath: string, text: string): Promise<string> {
  const socket = net.connect(socketPath);
  const answer = whole(socket);
  socket.write(text);
  return answer;
}

async function whole(socket: net.Socket): Promise<string> {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(socket, 'close');
  return Buffer.concat(chunks).toString('utf8');
}
