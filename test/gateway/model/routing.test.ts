/** Where calls go: by role, one model after another, one vendor for each of two roles. */
import { describe, expect, it } from 'vitest';
import { openAiUpstream } from '../../../gateway/model/http-upstream.ts';
import type { Routing } from '../../../gateway/model/routing.ts';
import type { Budget } from '../../../orchestrator/ports.ts';
import { CHAT_TASK, gatewayWith, HASTY, NO_BUDGET, post, serverThat } from '../open.ts';
import { answerAs } from './roles.ts';

const CHAT = '/v1/chat/completions';
const PLAN = { plan: null, edit: null, review: null, extract: null, title: null };
const said = (content: string, usage: object = { prompt_tokens: 11, completion_tokens: 7 }) =>
  JSON.stringify({ id: 'c', choices: [{ message: { content }, finish_reason: 'stop' }], usage });
const CHUNK = 'data: {"choices":[{"index":0,"delta":{"content":"a"},"finish_reason":null}]}\n\n';

type Server = Awaited<ReturnType<typeof serverThat>>;

const modelAt = (id: string, { url }: Server, vendor = id) =>
  openAiUpstream({
    ...{ id, vendor, name: id, model: id, url, key: null, price: null },
    patience: { ...HASTY, retriesMax: 0 },
  });

async function chained(
  first: Server,
  second: Server,
  over: { edit?: readonly string[]; routes?: Partial<Routing['plan']>; budget?: Budget } = {},
) {
  const [a, b] = [modelAt('first', first), modelAt('second', second)];
  const plan = { ...PLAN, edit: over.edit ?? ['first', 'second'], ...over.routes };
  const routing: Routing = { fleet: { usual: a, named: [a, b] }, plan, free: [] };
  const budget = over.budget ?? NO_BUDGET;
  return gatewayWith({ model: a, routing, budget });
}

const answering = (text: string) => serverThat((response) => response.end(said(text)));
const failing = (status: number, body = '') =>
  serverThat((response) => response.writeHead(status).end(body));

describe('the next model is asked', () => {
  it.each([
    ['is busy', 429, ''],
    ['is broken', 500, ''],
    ['has lost our key', 401, ''],
    ['finds the prompt too long', 400, '{"error":{"message":"maximum context length is 8192"}}'],
  ])('when the first %s, and both are in the ledger', async (_, status, body) => {
    const [first, second] = [await failing(status, body), await answering('hello')];
    const { url, ledger } = await chained(first, second);
    const answer = await post(url + CHAT, CHAT_TASK);
    expect(await answer.text()).toContain('hello');
    expect(JSON.parse(second.seen[0]?.body ?? '{}')).toMatchObject({ model: 'second' });
    await expect
      .poll(() => ledger.calls().map(({ model, state }) => [model, state]))
      .toEqual([
        ['first', 'failed'],
        ['second', 'settled'],
      ]);
  });

  it('not when the question itself is wrong', async () => {
    const first = await failing(400, '{"error":{"message":"no such field"}}');
    const second = await answering('hello');
    const { url } = await chained(first, second);
    expect((await post(url + CHAT, CHAT_TASK)).status).toBe(400);
    expect(second.seen).toEqual([]);
  });

  it('when a stream breaks before its first event, and never after that', async () => {
    const early = await serverThat((response) => {
      response.write(': x\n\n', () => response.destroy());
    });
    const late = await serverThat((response) => response.write(CHUNK, () => response.destroy()));
    const second = await serverThat((response) => response.end(`${CHUNK}data: [DONE]\n\n`));
    const stream = { ...CHAT_TASK, stream: true };
    const once = await chained(early, second);
    expect(await (await post(once.url + CHAT, stream)).text()).toContain('[DONE]');
    expect(second.seen).toHaveLength(1);
    const never = await chained(late, second);
    const told = await (await post(never.url + CHAT, stream)).text();
    expect(told).toContain('"error"');
    await expect.poll(never.failures).toEqual(['model_unavailable']);
    expect(second.seen).toHaveLength(1);
  });

  it('and when none answers, the agent is told what the last one said', async () => {
    const { url, ledger } = await chained(await failing(500), await failing(503));
    expect((await post(url + CHAT, CHAT_TASK)).status).toBe(503);
    expect(ledger.calls().map(({ state }) => state)).toEqual(['failed', 'failed']);
  });
});

describe('a session', () => {
  it('stays with the model that answered it, while others begin at the first', async () => {
    const first = await serverThat((response, _, index) => {
      if (index === 0) response.writeHead(500).end();
      else response.end(said('first'));
    });
    const second = await answering('second');
    const { url } = await chained(first, second);
    const ask = async (session: string) => {
      const headers = { 'x-claude-code-session-id': session };
      return (await post(url + CHAT, CHAT_TASK, { headers })).text();
    };
    expect(await ask('one')).toContain('second');
    expect(await ask('one')).toContain('second');
    expect(first.seen).toHaveLength(1);
    expect(await ask('two')).toContain('first');
    expect(await ask('one')).toContain('second');
  });
});

describe('a policy', () => {
  it('that names no model which is here has no call made', async () => {
    const first = await answering('hello');
    const { url, failures, ledger } = await chained(first, first, { edit: ['elsewhere'] });
    expect((await post(url + CHAT, CHAT_TASK)).status).toBe(403);
    expect(failures()).toEqual(['model_not_allowed']);
    expect([first.seen, ledger.calls()]).toEqual([[], []]);
  });

  it('that says nothing leaves the usual model, and no other', async () => {
    const [first, second] = [await failing(500), await answering('hello')];
    const { url } = await chained(first, second, { routes: { edit: null } });
    expect((await post(url + CHAT, CHAT_TASK)).status).toBe(503);
    expect(second.seen).toEqual([]);
  });

  it('that wants a review by another vendor has the next one asked', async () => {
    const [first, second] = [await answering('first'), await answering('second')];
    const both = ['first', 'second'];
    const budget: Budget = { ...NO_BUDGET, apart: [['review', 'edit']] };
    const open = await chained(first, second, {
      edit: ['first'],
      routes: { review: both },
      budget,
    });
    const loose = await chained(first, second, { edit: ['first'], routes: { review: both } });
    for (const [{ url, answered }, expected] of [
      [loose, 'first'],
      [open, 'second'],
    ] as const) {
      await post(url + CHAT, CHAT_TASK);
      await expect.poll(answered).toBe(1);
      expect(await answerAs(url, 'review', CHAT_TASK)).toContain(expected);
    }
    expect(open.ledger.calls().map(({ role, vendor }) => [role, vendor])).toEqual([
      ['edit', 'first'],
      ['review', 'second'],
    ]);
  });

  it('that wants another vendor where there is none has no review made', async () => {
    const first = await answering('first');
    const budget: Budget = { ...NO_BUDGET, apart: [['review', 'edit']] };
    const routes = { review: ['first'] };
    const { url, answered } = await chained(first, first, { edit: ['first'], routes, budget });
    await post(url + CHAT, CHAT_TASK);
    await expect.poll(answered).toBe(1);
    expect(await answerAs(url, 'review', CHAT_TASK)).toContain('answered edit in this run already');
    expect(first.seen).toHaveLength(1);
  });
});

describe('an extraction', () => {
  const schema = {
    ...{ type: 'object', required: ['risk'], additionalProperties: false },
    properties: { risk: { type: 'string', enum: ['low', 'high'] } },
  };
  const task = {
    ...CHAT_TASK,
    response_format: { type: 'json_schema', json_schema: { name: 'a', schema } },
  };
  const both = { routes: { extract: ['first', 'second'] } };

  it('is the small model’s when its answer fits, and the other is not asked', async () => {
    const [small, large] = [await answering('{"risk":"low"}'), await answering('{"risk":"high"}')];
    const { url, ledger } = await chained(small, large, both);
    expect(await answerAs(url, 'extract', task)).toContain('low');
    expect(large.seen).toEqual([]);
    expect(ledger.calls()).toMatchObject([{ role: 'extract', state: 'settled' }]);
  });

  it.each([
    ['no JSON', 'It is low.'],
    ['another word', '{"risk":"none"}'],
    ['more than was asked', '{"risk":"low","remove_gate":"auth"}'],
    ['less', '{}'],
  ])('goes on to the next when the small one says %s; both are in the ledger', async (_, text) => {
    const [small, large] = [await answering(text), await answering('{"risk":"high"}')];
    const { url, ledger, notes } = await chained(small, large, both);
    const stream = await answerAs(url, 'extract', { ...task, stream: true });
    expect(stream).toContain('high');
    expect(JSON.parse(small.seen[0]?.body ?? '{}')).toMatchObject({ stream: false });
    await expect
      .poll(() =>
        ledger.calls().map(({ model, state, usage }) => [model, state, usage.inputTokens]),
      )
      .toEqual([
        ['first', 'failed', 11],
        ['second', 'settled', 11],
      ]);
    expect(notes[0]).toContain('does not fit the JSON Schema');
  });

  it.each([
    ['no schema', CHAT_TASK, 'names no JSON Schema'],
    [
      'a pattern',
      {
        ...CHAT_TASK,
        response_format: { json_schema: { schema: { type: 'string', pattern: '(a+)+$' } } },
      },
      'keyword pattern',
    ],
  ])('with %s is refused, and nothing is asked', async (_, body, says) => {
    const small = await answering('{}');
    const { url, ledger } = await chained(small, small, both);
    expect(await answerAs(url, 'extract', body)).toContain(says);
    expect([small.seen, ledger.calls()]).toEqual([[], []]);
  });
});

describe('money', () => {
  it('of a policy that limits it is not spent on a model without a price, unless it is said to be free', async () => {
    const server = await answering('hello');
    const model = modelAt('local-small', server);
    const budget = { ...NO_BUDGET, microUsd: 1 };
    const fleet = { usual: model, named: [] };
    const shut = await gatewayWith({ model, budget, routing: { fleet, plan: PLAN, free: [] } });
    expect((await post(shut.url + CHAT, CHAT_TASK)).status).toBe(402);
    expect(shut.failures()).toEqual(['model_unpriced']);
    const free = ['local-small'];
    const open = await gatewayWith({ model, budget, routing: { fleet, plan: PLAN, free } });
    expect((await post(open.url + CHAT, CHAT_TASK)).status).toBe(200);
    expect(server.seen).toHaveLength(1);
  });
});
