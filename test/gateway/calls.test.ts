/** Money, failures and streams of model calls, against servers that behave as a test says. */
import { describe, expect, it } from 'vitest';
import { anthropicUpstream, openAiUpstream } from '../../gateway/model/http-upstream.ts';
import type { Patience } from '../../gateway/model/upstream.ts';
import { flat } from '../../orchestrator/domain/money.ts';
import {
  CHAT_TASK,
  gatewayWith,
  HASTY,
  NO_BUDGET,
  post,
  scripted,
  serverThat,
  TOKEN,
} from './open.ts';

const CHAT = '/v1/chat/completions';
const STREAM_TASK = { ...CHAT_TASK, stream: true, stream_options: { include_usage: true } };
const CHUNK = 'data: {"choices":[{"index":0,"delta":{"content":"a"},"finish_reason":null}]}\n\n';
const END =
  'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n' +
  'data: {"choices":[],"usage":{"prompt_tokens":11,"completion_tokens":7}}\n\ndata: [DONE]\n\n';
const WHOLE = JSON.stringify({
  id: 'c',
  choices: [{ message: { role: 'assistant', content: 'hi' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 11, completion_tokens: 7 },
});
/** The one event that came, and then an error of the protocol as the last. */
const TOLD = /^data: \{"choices".*\n\ndata: \{"error":\{"message":".*\n\n$/;
const PRICE = { rates: flat(3_000_000, 15_000_000), long: null };

function openAi(url: string, patience: Partial<Patience> = {}, key: string | null = null) {
  const options = { name: 'test', model: 'm1', url, key, price: PRICE };
  return openAiUpstream({ ...options, patience: { ...HASTY, ...patience } });
}

describe('the ledger', () => {
  it('a call is reserved at its most and settled at what it took', async () => {
    const upstream = await serverThat((response) => response.end(WHOLE));
    const { url, ledger, notes, answered, failures } = await gatewayWith({
      model: openAi(upstream.url),
    });
    const reserved: unknown[] = [];
    const { reserve } = ledger;
    ledger.reserve = (call, budget) => {
      reserved.push(call);
      return reserve(call, budget);
    };
    const body = JSON.stringify({ ...CHAT_TASK, max_tokens: 100 });
    expect((await post(url + CHAT, body)).status).toBe(200);
    await expect.poll(() => notes).toHaveLength(1);
    const inputTokens = Math.ceil(body.length / 3.2);
    expect(reserved).toMatchObject([
      {
        state: 'reserved',
        usage: { inputTokens, outputTokens: 100 },
        microUsd: inputTokens * 3 + 1_500,
      },
    ]);
    expect(ledger.calls()).toMatchObject([
      { state: 'settled', usage: { inputTokens: 11, outputTokens: 7 }, microUsd: 138, model: 'm1' },
    ]);
    expect(notes[0]).toMatch(/^model: m1: 11 in, 7 out, \d+ ms$/);
    expect([answered(), failures()]).toEqual([1, []]);
  });

  it.each([
    ['tokens', { ...NO_BUDGET, tokens: 8_000 }],
    ['money', { ...NO_BUDGET, microUsd: 100_000 }],
    ['turns', { ...NO_BUDGET, turns: 0 }],
  ])('no model is asked beyond the budget of %s', async (_what, budget) => {
    const upstream = await serverThat((response) => response.end(WHOLE));
    const { url, notes, failures } = await gatewayWith({ model: openAi(upstream.url), budget });
    const answer = await post(url + CHAT, CHAT_TASK);
    expect(answer.status).toBe(402);
    expect(await answer.json()).toMatchObject({ error: { type: 'invalid_request_error' } });
    expect(notes).toMatchObject([expect.stringMatching(/^limit: /)]);
    expect(failures()).toEqual(['limit_reached']);
    expect(upstream.seen).toEqual([]);
  });

  it('what the budget refused stops a client of Responses too, which 402 would not', async () => {
    const budget = { ...NO_BUDGET, turns: 0 };
    const { url } = await gatewayWith({ model: scripted('  - say: hi'), budget });
    const answer = await post(`${url}/v1/responses`, { model: 'm', input: 'a task' });
    expect(answer.status).toBe(400);
    expect(answer.headers.get('x-should-retry')).toBe('false');
  });

  it('a limit on money closes the door to a model without a price', async () => {
    const upstream = await serverThat((response) => response.end(WHOLE));
    const model = { ...openAi(upstream.url), price: null };
    const budget = { ...NO_BUDGET, microUsd: 1e12 };
    const { url, failures } = await gatewayWith({ model, budget });
    expect((await post(url + CHAT, CHAT_TASK)).status).toBe(402);
    expect(failures()).toEqual(['model_unpriced']);
    expect(upstream.seen).toEqual([]);
  });

  it('calls made at once cannot share one turn', async () => {
    const budget = { ...NO_BUDGET, turns: 3 };
    const { url, ledger } = await gatewayWith({
      model: scripted('  - { delay_ms: 20, say: hi }'),
      budget,
    });
    const answers = await Promise.all(Array.from({ length: 9 }, () => post(url + CHAT, CHAT_TASK)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(3);
    expect(answers.filter(({ status }) => status === 402)).toHaveLength(6);
    await expect
      .poll(() => ledger.calls().map(({ state }) => state))
      .toEqual(Array(3).fill('settled'));
  });

  it('a stream that names no usage is charged as it was reserved', async () => {
    const upstream = await serverThat((response) => response.end(`${CHUNK}data: [DONE]\n\n`));
    const { url, ledger, notes } = await gatewayWith({ model: openAi(upstream.url) });
    await (await post(url + CHAT, { ...STREAM_TASK, max_tokens: 500 })).text();
    await expect.poll(() => notes).toHaveLength(1);
    expect(ledger.calls()[0]).toMatchObject({ state: 'settled', usage: { outputTokens: 500 } });
    expect(notes[0]).toContain('(estimated)');
  });
});

describe('what reaches the model', () => {
  it('the body goes through byte for byte, but for the name of the model', async () => {
    const upstream = await serverThat((response) => response.end(WHOLE));
    const { url } = await gatewayWith({ model: openAi(upstream.url) });
    const body = (model: string) =>
      `{ "messages" : [{"role":"user","content":"\\u00e9 {\\"model\\":\\"any\\"}"}],\n"model": "${model}" , "x":1.0}`;
    await post(url + CHAT, body('any'));
    expect(upstream.seen[0]?.body).toBe(body('m1'));
  });

  it('the key is put in and nothing of the agent but its protocol headers gets through', async () => {
    const upstream = await serverThat((response) => response.end(WHOLE));
    const { url } = await gatewayWith({ model: openAi(upstream.url, {}, 'the-real-key') });
    const headers = {
      authorization: 'Bearer stolen',
      'x-api-key': TOKEN,
      cookie: 'a=b',
      'x-forwarded-for': '1.2.3.4',
      'openai-beta': 'yes',
    };
    await post(url + CHAT, CHAT_TASK, { headers });
    const sent = upstream.seen[0]?.headers ?? {};
    expect(sent.authorization).toBe('Bearer the-real-key');
    expect(sent['openai-beta']).toBe('yes');
    expect(JSON.stringify(sent)).not.toMatch(/stolen|proofhouse-r|a=b|1\.2\.3\.4/);
  });

  it('an Anthropic-compatible server gets its key and version its own way', async () => {
    const upstream = await serverThat((response) => response.writeHead(401).end());
    const options = { name: 'a', model: 'm', url: upstream.url, key: 'k', price: null };
    const { url } = await gatewayWith({ model: anthropicUpstream(options) });
    await post(`${url}/v1/messages`, CHAT_TASK, { headers: { 'anthropic-beta': 'b1' } });
    expect(upstream.seen[0]?.url).toBe('/v1/messages');
    expect(upstream.seen[0]?.headers).toMatchObject({
      'x-api-key': 'k',
      'anthropic-version': '2023-06-01',
      'anthropic-beta': 'b1',
    });
  });

  it('what would make the provider open a connection is refused and noted', async () => {
    const upstream = await serverThat((response) => response.end(WHOLE));
    const { url, notes, ledger } = await gatewayWith({ model: openAi(upstream.url) });
    const answer = await post(url + CHAT, { ...CHAT_TASK, tools: [{ type: 'web_search' }] });
    expect(answer.status).toBe(403);
    expect(notes).toEqual([
      'refused: chat call (call_refused): the hosted tool "web_search" is not allowed here: it would open a way to the network',
    ]);
    expect(upstream.seen).toEqual([]);
    expect(ledger.calls()).toMatchObject([
      { state: 'failed', failure: 'call_refused', microUsd: 0 },
    ]);
  });
});

describe('failures', () => {
  it.each([401, 403, 404])('a %i is final, and its words stay outside', async (status) => {
    const upstream = await serverThat((response) => {
      response.writeHead(status).end('{"error":{"message":"account 4711"}}');
    });
    const { url, failures, notes, ledger } = await gatewayWith({ model: openAi(upstream.url) });
    const answer = await post(url + CHAT, CHAT_TASK);
    expect(answer.status).toBe(403);
    expect(await answer.text()).not.toContain('4711');
    await expect.poll(() => notes).toHaveLength(1);
    expect(notes[0]).toContain('4711');
    expect(failures()).toEqual(['model_unavailable']);
    expect(ledger.calls()).toMatchObject([{ state: 'failed', failure: 'model_unavailable' }]);
    expect(upstream.seen).toHaveLength(1);
  });

  it('a request that the model finds wrong goes back with the reason, without the key', async () => {
    const upstream = await serverThat((response) => {
      response.writeHead(400).end('{"error":{"message":"too long for the-real-key"}}');
    });
    const { url } = await gatewayWith({ model: openAi(upstream.url, {}, 'the-real-key') });
    const answer = await post(url + CHAT, CHAT_TASK);
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({
      error: { message: 'too long for «secret:known»' },
    });
  });

  it.each([429, 500, 503, 529])('a %i is asked again, and then it works', async (status) => {
    const upstream = await serverThat((response, _seen, index) => {
      if (index < 2) response.writeHead(status).end();
      else response.end(WHOLE);
    });
    const { url, failures, answered } = await gatewayWith({ model: openAi(upstream.url) });
    expect((await post(url + CHAT, CHAT_TASK)).status).toBe(200);
    expect(upstream.seen).toHaveLength(3);
    expect(failures()).toEqual([]);
    await expect.poll(answered).toBe(1);
  });

  it('a busy model is asked three times at most, and the agent may ask again', async () => {
    const upstream = await serverThat((response) => response.writeHead(503).end());
    const { url, failures } = await gatewayWith({ model: openAi(upstream.url) });
    const answer = await post(url + CHAT, CHAT_TASK);
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '2']);
    expect(upstream.seen).toHaveLength(3);
    expect(failures()).toEqual(['model_unavailable']);
  });

  it('a server that wants us away for long is not waited for', async () => {
    const upstream = await serverThat((response) => {
      response.writeHead(429, { 'retry-after': '21' }).end();
    });
    const { url } = await gatewayWith({ model: openAi(upstream.url) });
    expect((await post(url + CHAT, CHAT_TASK)).status).toBe(503);
    expect(upstream.seen).toHaveLength(1);
  });

  it('a server that is not there is unavailable', async () => {
    const { url, failures } = await gatewayWith({ model: openAi('http://127.0.0.1:9') });
    expect((await post(url + CHAT, CHAT_TASK)).status).toBe(503);
    expect(failures()).toEqual(['model_unavailable']);
  });

  it('a silent model is given up, once', async () => {
    const upstream = await serverThat(() => undefined);
    const { url, failures } = await gatewayWith({
      model: openAi(upstream.url, { firstByteMs: 30 }),
    });
    expect((await post(url + CHAT, CHAT_TASK)).status).toBe(403);
    expect(failures()).toEqual(['model_silent']);
    expect(upstream.seen).toHaveLength(1);
  });

  it.each([
    ['a web page', '<html>hello</html>', CHAT_TASK],
    ['JSON of something else', '{"hello":1}', CHAT_TASK],
    ['a web page for a stream', '<html>hello</html>', STREAM_TASK],
    ['events of something else', 'data: {"hello":1}\n\n', STREAM_TASK],
    ['nothing', '', STREAM_TASK],
  ])('%s is nonsense, and none of it gets to the agent', async (_what, body, task) => {
    const upstream = await serverThat((response) => response.end(body));
    const { url, failures } = await gatewayWith({ model: openAi(upstream.url) });
    const answer = await post(url + CHAT, task);
    expect(answer.status).toBe(403);
    expect(await answer.text()).not.toContain('hello');
    await expect.poll(failures).toEqual(['model_nonsense']);
  });

  it('nonsense is given up at its first event, although it goes on', async () => {
    const upstream = await serverThat((response) => void response.write('data: {"hello":1}\n\n'));
    const { url, failures } = await gatewayWith({ model: openAi(upstream.url) });
    expect((await post(url + CHAT, STREAM_TASK)).status).toBe(403);
    await expect.poll(failures).toEqual(['model_nonsense']);
  });

  it.each([
    ['silent', '  - silent: true', 'model_silent', 403],
    ['garbage', '  - garbage: true', 'model_nonsense', 403],
    ['401', '  - error: { status: 401 }', 'model_unavailable', 403],
    ['503', '  - error: { status: 503, times: 9 }', 'model_unavailable', 503],
  ])('a scripted %s fails like a real one', async (_what, steps, code, status) => {
    const { url, failures } = await gatewayWith({
      model: scripted(steps, { ...HASTY, firstByteMs: 30 }),
    });
    expect((await post(url + CHAT, CHAT_TASK)).status).toBe(status);
    expect(failures()).toEqual([code]);
  });
});

describe('streams', () => {
  it('the first event is with the agent before the second has left the model', async () => {
    const held: (() => void)[] = [];
    const upstream = await serverThat((response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write(CHUNK);
      held.push(() => response.end(END));
    });
    const { url, ledger } = await gatewayWith({ model: openAi(upstream.url) });
    const answer = await post(url + CHAT, STREAM_TASK);
    expect(answer.headers.get('content-type')).toBe('text/event-stream');
    const reader = (answer.body ?? new ReadableStream<Uint8Array>()).getReader();
    const first = await reader.read();
    expect(Buffer.from(first.value ?? []).toString()).toBe(CHUNK);
    held[0]?.();
    let rest = '';
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      rest += Buffer.from(next.value).toString();
    }
    expect(rest).toBe(END);
    await expect
      .poll(() => ledger.calls()[0])
      .toMatchObject({ state: 'settled', usage: { inputTokens: 11, outputTokens: 7 } });
  });

  it('a stream that breaks off tells so in its own protocol, and is not asked for again', async () => {
    const upstream = await serverThat((response) => {
      response.write(CHUNK, () => response.destroy());
    });
    const { url, failures } = await gatewayWith({ model: openAi(upstream.url) });
    expect(await (await post(url + CHAT, STREAM_TASK)).text()).toMatch(TOLD);
    await expect.poll(failures).toEqual(['model_unavailable']);
    expect(upstream.seen).toHaveLength(1);
  });

  it('a stream that ends before its end tells so too', async () => {
    const upstream = await serverThat((response) => response.end(CHUNK));
    const { url, failures } = await gatewayWith({ model: openAi(upstream.url) });
    expect(await (await post(url + CHAT, STREAM_TASK)).text()).toMatch(TOLD);
    await expect.poll(failures).toEqual(['model_unavailable']);
  });

  it('a stream that falls silent in the middle is given up, and tells so', async () => {
    const upstream = await serverThat((response) => void response.write(CHUNK));
    const { url, failures } = await gatewayWith({ model: openAi(upstream.url, { idleMs: 30 }) });
    expect(await (await post(url + CHAT, STREAM_TASK)).text()).toMatch(TOLD);
    await expect.poll(failures).toEqual(['model_silent']);
  });

  it('an agent that goes away takes its call along', async () => {
    const upstream = await serverThat((response) => void response.write(CHUNK));
    const { url, ledger, failures, notes } = await gatewayWith({ model: openAi(upstream.url) });
    const leaving = new AbortController();
    await post(url + CHAT, STREAM_TASK, { signal: leaving.signal });
    leaving.abort();
    await expect.poll(() => notes).toHaveLength(1);
    expect(notes[0]).toContain('cut off before its end');
    expect(ledger.calls()[0]).toMatchObject({ state: 'settled', usage: { outputTokens: 8_192 } });
    expect(failures()).toEqual([]);
  });

  it('an agent is kept awake while a model thinks', async () => {
    const { url } = await gatewayWith({
      model: scripted('  - { delay_ms: 60, say: hi }'),
      limits: { keepAliveMs: 10 },
    });
    const text = await (await post(url + CHAT, STREAM_TASK)).text();
    expect(text).toMatch(/^(: the model thinks\n\n)+data: \{/);
    expect(text).toMatch(/data: \[DONE\]\n\n$/);
  });

  it.each([
    [CHAT, STREAM_TASK, /^(: the model thinks\n\n)+data: \{"error":/],
    ['/v1/messages', STREAM_TASK, /^(event: ping\ndata: \{"type":"ping"\}\n\n)+event: error\n/],
    [
      '/v1/responses',
      { model: 'm', input: 'a task', stream: true },
      /^(: the model thinks\n\n)+event: response.failed\n/,
    ],
  ])('%s: a failure after a sign of life is told inside the stream', async (path, task, told) => {
    const { url } = await gatewayWith({
      model: scripted('  - { delay_ms: 60, garbage: true }'),
      limits: { keepAliveMs: 10 },
    });
    const answer = await post(url + path, task);
    expect(answer.status).toBe(200);
    expect(await answer.text()).toMatch(told);
  });
});
