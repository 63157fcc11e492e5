/** What the controller asks of a model itself: one after another, paid for, told in the trace, kept. */
import { describe, expect, it } from 'vitest';
import { modelAsker } from '../../../gateway/model/ask-own.ts';
import {
  anthropicUpstream,
  geminiUpstream,
  openAiUpstream,
} from '../../../gateway/model/http-upstream.ts';
import type { ModelUpstream } from '../../../gateway/model/upstream.ts';
import { RunId } from '../../../orchestrator/domain/ids.ts';
import type { OwnQuestion } from '../../../orchestrator/ports/own-question.ts';
import type { ModelCall } from '../../../orchestrator/ports.ts';
import { HASTY, NO_BUDGET, RUN, serverThat } from '../open.ts';
import { type StrictLedger, strictLedger } from '../strict-ledger.ts';

const SIGNAL = new AbortController().signal;
const said = (content: string, finish = 'stop') =>
  JSON.stringify({
    id: 'c',
    choices: [{ message: { content }, finish_reason: finish }],
    usage: { prompt_tokens: 11, completion_tokens: 7 },
  });
const SCHEMA = {
  type: 'object',
  properties: { add: { type: 'array', items: { type: 'string', enum: ['auth', 'pay'] } } },
  required: ['add'],
  additionalProperties: false,
};
const EDITED: ModelCall = {
  ...{ id: 'edit-1', run: RUN, attempt: 1, at: '2026-03-01T10:00:00.000Z', role: 'edit' },
  ...{ model: 'm', vendor: 'small', state: 'reserved', usage: { inputTokens: 1, outputTokens: 1 } },
  ...{ microUsd: null, wallMs: 1, failure: null },
};
const QUESTION: OwnQuestion = {
  ...{ run: RUN, attempt: 1, role: 'extract', instructions: 'Name gates.', text: 'a change' },
  ...{ schema: SCHEMA, outputTokens: 100, models: ['small', 'large'], free: [] },
  budget: NO_BUDGET,
};

type Server = Awaited<ReturnType<typeof serverThat>>;
const answering = (text: string, finish?: string) =>
  serverThat((response) => response.end(said(text, finish)));

const options = (id: string, { url }: Server) => ({
  ...{ id, vendor: id, name: id, model: id, url, key: null, price: null },
  patience: { ...HASTY, retriesMax: 0 },
});
const modelAt = (id: string, server: Server) => openAiUpstream(options(id, server));

function asking(named: readonly ModelUpstream[], modelMs?: number) {
  const ledger = strictLedger();
  const notes: string[] = [];
  const [usual] = named;
  if (usual === undefined) throw new Error('a fleet has a model');
  const ask = modelAsker({
    ...{ fleet: { usual, named }, ledger },
    ...(modelMs === undefined ? {} : { modelMs }),
    note: async ({ role }, text) => void notes.push(`${role}: ${text}`),
  });
  return {
    ...{ ledger, notes },
    ask: (over: Partial<OwnQuestion> = {}) => ask({ ...QUESTION, ...over }, SIGNAL),
    states: () => ledger.calls().map(({ model, state, role }) => [model, state, role]),
  };
}

describe('an extraction of the controller', () => {
  it('is tried with the small model, and goes to the next when its answer does not fit; both are told', async () => {
    const small = await answering('{"add":["made-up"]}');
    const large = await answering('```json\n{"add":["auth"]}\n```');
    const { ask, states, notes } = asking([modelAt('small', small), modelAt('large', large)]);
    expect(await ask()).toEqual({ text: '{"add":["auth"]}', by: 'large' });
    expect(states()).toEqual([
      ['small', 'failed', 'extract'],
      ['large', 'settled', 'extract'],
    ]);
    expect(notes.join('\n')).toMatch(/small answered: {"add":\["made-up"\]}/);
    expect(notes.join('\n')).toMatch(/does not fit the JSON Schema/);
    expect(notes.join('\n')).toMatch(/large answered: ```json {"add":\["auth"\]} ```/);
    expect(JSON.parse(small.seen[0]?.body ?? '{}')).toMatchObject({
      ...{ model: 'small', temperature: 0, max_tokens: 100 },
      response_format: { json_schema: { schema: SCHEMA } },
    });
  });

  it.each([
    ['breaks', (response: { destroy(): void }) => response.destroy()],
    ['says nonsense', (response: { end(text: string): void }) => response.end(said('no JSON'))],
    [
      'stops half way',
      (response: { end(text: string): void }) => response.end(said('{"add":[]}', 'length')),
    ],
  ])('that nobody answers because every model %s is a problem in the trace', async (_, broken) => {
    const server = await serverThat(broken);
    const { ask, notes } = asking([modelAt('small', server), modelAt('large', server)]);
    expect(await ask()).toMatchObject({ problem: expect.any(String) });
    expect(notes.at(-1)).toMatch(/^extract: no answer, and nothing depends on one: /);
    expect(server.seen).toHaveLength(2);
  });

  it('passes a model over that thinks for too long', async () => {
    const silent = await serverThat(() => {});
    const large = await answering('{"add":[]}');
    const { ask, states } = asking([modelAt('small', silent), modelAt('large', large)], 50);
    expect(await ask()).toEqual({ text: '{"add":[]}', by: 'large' });
    expect(states()[0]).toEqual(['small', 'failed', 'extract']);
  });

  it('is not made where the budget is spent', async () => {
    const server = await answering('{"add":[]}');
    const { ask, ledger } = asking([modelAt('small', server)]);
    const answer = await ask({ budget: { ...NO_BUDGET, tokens: 5 } });
    expect(answer).toEqual({ problem: expect.stringContaining('tokens') });
    expect([server.seen, ledger.calls()]).toEqual([[], []]);
  });

  it('of a policy whose models are not here asks nobody', async () => {
    const server = await answering('{"add":[]}');
    const { ask } = asking([modelAt('other', server)]);
    expect(await ask()).toEqual({ problem: expect.stringContaining('names no model') });
    expect(server.seen).toEqual([]);
  });

  it('ends when it is stopped, and the ledger holds what it may have cost', async () => {
    const stop = new AbortController();
    const server = await serverThat(() => stop.abort());
    const ledger = strictLedger();
    const usual = modelAt('small', server);
    const ask = modelAsker({ fleet: { usual, named: [] }, ledger, note: async () => {} });
    await expect(ask(QUESTION, stop.signal)).rejects.toThrow();
    expect(ledger.calls().map(({ state }) => state)).not.toContain('reserved');
  });
});

describe('a review of the controller', () => {
  it('must fit its schema, as an extraction, and goes to the next model where it does not', async () => {
    const small = await answering('Looks good to me!');
    const large = await answering('{"add":["auth"]}');
    const { ask, states } = asking([modelAt('small', small), modelAt('large', large)]);
    expect(await ask({ role: 'review' })).toEqual({ text: '{"add":["auth"]}', by: 'large' });
    expect(states()).toEqual([
      ['small', 'failed', 'review'],
      ['large', 'settled', 'review'],
    ]);
  });

  it('says itself how long a model may think', async () => {
    const silent = await serverThat(() => {});
    const large = await answering('{"add":[]}');
    const { ask } = asking([modelAt('small', silent), modelAt('large', large)]);
    expect(await ask({ role: 'review', thinkMs: 50 })).toHaveProperty('by', 'large');
  });

  it('goes to another vendor than the one that edited, and to nobody where there is none', async () => {
    const server = await answering('{"add":[]}');
    const [same, other] = [modelAt('small', server), modelAt('large', server)];
    const apart = { ...NO_BUDGET, apart: [['review', 'edit']] as const };
    const edited = (ledger: StrictLedger) => {
      const call = { ...EDITED, vendor: 'small' };
      return ledger
        .reserve(call, NO_BUDGET)
        .then(() => ledger.settle({ ...call, state: 'settled' }));
    };
    const two = asking([same, other]);
    await edited(two.ledger);
    expect(await two.ask({ role: 'review', budget: apart })).toHaveProperty('by', 'large');
    const one = asking([same]);
    await edited(one.ledger);
    expect(await one.ask({ role: 'review', budget: apart })).toHaveProperty('problem');
    expect(await one.ask({ role: 'review' })).toHaveProperty('by', 'small');
  });
});

describe('each protocol', () => {
  it.each([
    [
      'Messages',
      anthropicUpstream,
      { id: 'm', type: 'message', role: 'assistant', model: 'small', stop_reason: 'end_turn' },
      { system: 'Name gates.', output_config: { format: { schema: SCHEMA } }, temperature: 0 },
    ],
    [
      'Gemini',
      geminiUpstream,
      {},
      { generationConfig: { responseJsonSchema: SCHEMA, temperature: 0, maxOutputTokens: 100 } },
    ],
  ])('%s gets the schema where it looks for it', async (_, upstream, head, wanted) => {
    const text = '{"add":["pay"]}';
    const body = {
      ...head,
      content: [{ type: 'text', text }],
      usage: { input_tokens: 3, output_tokens: 2 },
      candidates: [{ content: { role: 'model', parts: [{ text }] }, finishReason: 'STOP' }],
      usageMetadata: { promptTokenCount: 3, candidatesTokenCount: 2 },
    };
    const server = await serverThat((response) => response.end(JSON.stringify(body)));
    const { ask, states } = asking([upstream(options('small', server))]);
    expect(await ask()).toEqual({ text, by: 'small' });
    expect(JSON.parse(server.seen[0]?.body ?? '{}')).toMatchObject(wanted);
    expect(states()).toEqual([['small', 'settled', 'extract']]);
  });
});

describe('the same question', () => {
  it('costs nothing the second time, and the trace says where the answer is from', async () => {
    const server = await answering('{"add":["auth"]}');
    const { ask, ledger, notes } = asking([modelAt('small', server)]);
    const first = await ask();
    expect(await ask()).toEqual(first);
    expect([server.seen.length, ledger.calls().length]).toEqual([1, 1]);
    expect(notes.at(-1)).toMatch(/small: kept from the same question before, costs nothing/);
  });

  it('with one word, role or model more is another', async () => {
    const server = await answering('{"add":["auth"]}');
    const { ask } = asking([modelAt('small', server), modelAt('large', server)]);
    await ask();
    await ask({ text: 'a change!' });
    await ask({ instructions: 'Name gates!' });
    await ask({ models: ['large'] });
    expect(server.seen).toHaveLength(4);
  });

  it('of a review is kept within its run: the ledger of another knows nothing of who answered', async () => {
    const server = await answering('{"add":[]}');
    const { ask } = asking([modelAt('small', server)]);
    const review = { role: 'review' } as const;
    await ask(review);
    await ask({ ...review, attempt: 2 });
    expect(server.seen).toHaveLength(1);
    await ask({ ...review, run: RunId.parse('r0000002') });
    expect(server.seen).toHaveLength(2);
  });

  it('is asked again where nothing was answered', async () => {
    const server = await answering('nonsense');
    const { ask } = asking([modelAt('small', server)]);
    await ask();
    await ask();
    expect(server.seen).toHaveLength(2);
  });
});
