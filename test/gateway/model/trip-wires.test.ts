import { describe, expect, it, test } from 'vitest';
import { openAiUpstream } from '../../../gateway/model/http-upstream.ts';
import {
  type Outcome,
  tripAfter,
  UNTOUCHED,
  type Wires,
} from '../../../gateway/model/trip-wires.ts';
import { NOTICE } from '../../../gateway/model/wrap-up.ts';
import { CHAT_TASK, gatewayWith, HASTY, post, scripted, serverThat } from '../open.ts';

const CHAT = '/v1/chat/completions';
const brokenBy = (wires: Wires, ...outcomes: Outcome[]) =>
  outcomes.reduce((trip, outcome) => tripAfter(trip, wires, outcome), UNTOUCHED).broken;
const refused: Outcome = { kind: 'refused' };
const call = (
  cacheReadTokens: number | undefined,
  session = 'a',
  inputTokens = 5_000,
): Outcome => ({
  ...{ kind: 'answered', session },
  usage: {
    ...{ inputTokens, outputTokens: 1 },
    ...(cacheReadTokens === undefined ? {} : { cacheReadTokens }),
  },
});

describe('the wire of refusals', () => {
  const wires = { refusals: 2, cacheMisses: null };

  test('breaks at its number in a row, and stays broken', () => {
    expect(brokenBy(wires, refused)).toBeNull();
    expect(brokenBy(wires, refused, refused)).toBe(
      'refusals: 2 calls were refused one after another, the limit is 2',
    );
    expect(brokenBy(wires, refused, refused, call(1))).not.toBeNull();
  });

  test('begins anew with an answer, and without a limit never breaks', () => {
    expect(brokenBy(wires, refused, call(1), refused)).toBeNull();
    const none = { refusals: null, cacheMisses: null };
    expect(brokenBy(none, ...Array<Outcome>(500).fill(refused))).toBeNull();
  });
});

describe('the wire of the cache', () => {
  const wires = { refusals: null, cacheMisses: 2 };

  test('breaks when calls of one session read nothing, the first left out', () => {
    expect(brokenBy(wires, call(0), call(0))).toBeNull();
    expect(brokenBy(wires, call(0), call(0), call(0))).toContain('cache misses: 2 calls');
  });

  test.each([
    ['what was read in between', [call(0), call(0), call(9), call(0)]],
    ['another session', [call(0), call(0), call(0, 'b'), call(0, 'b')]],
    ['prompts too short for any cache', [call(0), call(0, 'a', 9), call(0, 'a', 9), call(0)]],
    ['a server that says nothing of a cache', Array<Outcome>(9).fill(call(undefined))],
  ])('holds for %s', (_, outcomes) => {
    expect(brokenBy(wires, ...outcomes)).toBeNull();
  });
});

describe('behind a gateway', () => {
  const outward = { ...CHAT_TASK, tools: [{ type: 'web_search' }] };

  it('nothing is asked any more once too many calls were refused, and the run ends by its limit', async () => {
    const model = scripted('  - say: hi\n  - say: hi\n  - say: hi');
    const loose = await gatewayWith({ model });
    const tight = await gatewayWith({ model, wires: { refusals: 2, cacheMisses: null } });
    for (const { url } of [loose, tight])
      for (let n = 0; n < 2; n++) await post(url + CHAT, outward);
    expect((await post(loose.url + CHAT, CHAT_TASK)).status).toBe(200);
    const answer = await post(tight.url + CHAT, CHAT_TASK);
    expect(answer.status).toBe(402);
    expect(answer.headers.get('x-should-retry')).toBe('false');
    expect(tight.failures()).toEqual(['call_refused', 'call_refused', 'limit_reached']);
    expect(tight.notes.at(-1)).toMatch(/^limit: refusals: 2 calls/);
    expect(tight.ledger.calls().map(({ model, microUsd }) => [model, microUsd])).toEqual([
      ['none', 0],
      ['none', 0],
    ]);
  });

  it('a model that refuses is counted as well', async () => {
    const upstream = await serverThat((response) => response.writeHead(403).end());
    const model = openAiUpstream({
      ...{ name: 'm', model: 'm', url: upstream.url, key: null, price: null, patience: HASTY },
    });
    const { url } = await gatewayWith({ model, wires: { refusals: 2, cacheMisses: null } });
    const statuses = [];
    for (let n = 0; n < 3; n++) statuses.push((await post(url + CHAT, CHAT_TASK)).status);
    expect(statuses).toEqual([403, 403, 402]);
    expect(upstream.seen).toHaveLength(2);
  });
});

describe('an agent whose time is nearly gone', () => {
  const WHOLE = JSON.stringify({ choices: [{ message: { content: 'hi' } }] });

  it.each([
    ['not told before that', 60_000, false],
    ['told with every call after it, and the trace says so once', -1, true],
  ])('is %s', async (_, fromNow, isTold) => {
    const upstream = await serverThat((response) => response.end(WHOLE));
    const model = openAiUpstream({
      ...{ name: 'm', model: 'any', url: upstream.url, key: null, price: null, patience: HASTY },
    });
    const { url, notes } = await gatewayWith({ model, wrapUpAtMs: Date.now() + fromNow });
    const body = '{ "model":"any", "messages" : [ {"role":"user","content":"a task"} ] , "x":1.0}';
    for (let n = 0; n < 2; n++) await post(url + CHAT, body);
    const cut = body.indexOf('] ,');
    for (const { body: sent } of upstream.seen) {
      // Whatever came before is there byte for byte, so a cache of it is still good.
      expect(sent.startsWith(body.slice(0, cut))).toBe(true);
      expect(sent.includes(NOTICE)).toBe(isTold);
      expect(JSON.parse(sent).messages).toHaveLength(isTold ? 2 : 1);
    }
    const told = notes.filter((note) => note.startsWith('wrap-up'));
    expect(told).toHaveLength(isTold ? 1 : 0);
  });
});
