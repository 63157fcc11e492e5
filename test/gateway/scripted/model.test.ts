import { expect, it } from 'vitest';
import type { Conversation, Message } from '../../../gateway/model/conversation.ts';
import { type ScriptedAnswer, scriptedModel } from '../../../gateway/scripted/model.ts';
import { parseScenario } from '../../../gateway/scripted/scenario.ts';

const NEVER = new AbortController().signal;
const TOOLS = [{ name: 'bash', description: '', parameters: {}, custom: false }];

function scenarios(...sources: readonly string[]) {
  return scriptedModel(sources.map((source, index) => parseScenario(source, `${index}.yaml`)));
}

function after(turns: number, task = 'fix the Cart'): Conversation {
  const call = { id: 'c', name: 'bash', input: '{}', custom: false };
  const earlier = Array.from({ length: turns }, (): Message[] => [
    { role: 'assistant', text: '', calls: [call] },
    { role: 'tool', callId: 'c', text: 'the login is broken' },
  ]);
  return {
    model: 'm',
    stream: false,
    streamUsage: false,
    messages: [{ role: 'user', text: task }, ...earlier.flat()],
    tools: TOOLS,
    maxOutputTokens: null,
  };
}

function said(answer: ScriptedAnswer): string {
  return answer.kind === 'reply' ? answer.reply.text : answer.kind;
}

const CART = `
scenario: cart
when: { prompt_contains: [CART, fix] }
steps: [{ say: one, shell: ls }, { say: two, shell: ls }, { say: three }]
`;

it('the step follows from the request, so a restart changes nothing', async () => {
  for (const [turns, text] of [
    [2, 'three'],
    [0, 'one'],
    [1, 'two'],
    [9, 'Done.'],
  ] as const) {
    const answer = await scenarios(CART).answer(after(turns), { run: 'r', attempt: 1 }, NEVER);
    expect(said(answer)).toBe(text);
  }
});

it('the first scenario whose every string occurs is played', async () => {
  const model = scenarios(
    CART.replace('cart', 'no').replace('fix', 'missing'),
    CART.replace('one', 'first'),
    CART,
  );
  expect(said(await model.answer(after(0), { run: 'r', attempt: 1 }, NEVER))).toBe('first');
});

it('what a tool answered picks no scenario', async () => {
  const model = scenarios('scenario: a\nwhen: { prompt_contains: [login] }\nsteps: [{ say: a }]');
  expect(said(await model.answer(after(1), { run: 'r', attempt: 1 }, NEVER))).toBe(
    'The scripted model has no scenario for this task.',
  );
});

it('a scenario for one attempt is not played in another', async () => {
  const second = CART.replace('[CART, fix]', '[cart], attempt: 2').replace('one', 'again');
  const model = scenarios(second, CART);
  expect(said(await model.answer(after(0), { run: 'r', attempt: 1 }, NEVER))).toBe('one');
  expect(said(await model.answer(after(0), { run: 'r', attempt: 2 }, NEVER))).toBe('again');
});

it('an error is given so many times for each attempt of each run, then the step is done', async () => {
  const model = scenarios(
    'scenario: a\nwhen: { prompt_contains: [cart] }\nsteps: [{ error: { status: 503, times: 2 }, say: ok }]',
  );
  const ask = async (run: string, attempt: number) =>
    said(await model.answer(after(0), { run, attempt }, NEVER));
  expect([await ask('r', 1), await ask('r', 1), await ask('r', 1)]).toEqual([
    'refused',
    'refused',
    'ok',
  ]);
  expect(await ask('r', 2)).toBe('refused');
  expect(await ask('s', 1)).toBe('refused');
});

it('a silent step answers only to the one who gives up', async () => {
  const model = scenarios(
    'scenario: a\nwhen: { prompt_contains: [cart] }\nsteps: [{ silent: true }]',
  );
  const waiting = new AbortController();
  const answer = model.answer(after(0), { run: 'r', attempt: 1 }, waiting.signal);
  waiting.abort(new Error('gave up'));
  await expect(answer).rejects.toThrow();
});

it('says so when the agent has no tool for a step', async () => {
  const answer = await scenarios(CART).answer(
    { ...after(0), tools: [] },
    { run: 'r', attempt: 1 },
    NEVER,
  );
  expect(answer).toMatchObject({ kind: 'reply', reply: { calls: [] } });
  expect(said(answer)).toContain('found no tool');
});
