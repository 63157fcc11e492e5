/** A model that is no use: what it did is told apart, nothing is blamed on the task, and it ends. */
import path from 'node:path';
import { expect, test } from 'vitest';
import { PATIENCE } from '../../../gateway/model/upstream.ts';
import { chooseModel, openModel } from '../../../orchestrator/compose.ts';
import { BREAKS_MAX } from '../../../orchestrator/domain/run.ts';
import { eventsOf, factoryWith, outcomeOf } from '../steps.ts';
import { leftOver, queue, scratch, settle } from '../support.ts';
import { scenarioIn, TINY_POLICY, tinyRepository, workspaceFile } from '../tiny.ts';

const IMPATIENT = { ...PATIENCE, firstByteMs: 500, retriesMax: 1, retryMs: 1 };
/** Asks once, tells what came back, and leaves no work. */
const ASKS_ONCE = `
const answer = await fetch(\`\${process.env.OPENAI_BASE_URL}/chat/completions\`, {
  method: 'POST',
  headers: { authorization: \`Bearer \${process.env.OPENAI_API_KEY}\` },
  body: JSON.stringify({ model: 'any', messages: [{ role: 'user', content: 'Add faster' }] }),
});
console.log(answer.status);
`;
const NODE_AGENT = workspaceFile('agent: { kind: command, run: [node, ask.mjs] }');

async function ranAgainst(step: object, files: Record<string, string>) {
  const models = scenarioIn(scratch('useless'), 'Add faster', [step]);
  const model = await openModel(chooseModel({}, models), IMPATIENT);
  const factory = await factoryWith('model', { model });
  const repository = tinyRepository(path.join(factory.home, 'tiny'), files);
  const { id } = await queue(factory, repository, 'Add faster');
  const outcome = outcomeOf(await settle(factory, id));
  expect(leftOver(id)).toEqual([]);
  return { factory, run: id, outcome };
}

test('Codex and a model that answers nonsense: the run breaks and says so', async () => {
  const { factory, run, outcome } = await ranAgainst({ garbage: true }, {});
  expect(outcome).toMatchObject({ kind: 'broke', code: 'model_nonsense' });
  const calls = await factory.store.calls(run);
  expect(new Set(calls.map(({ failure }) => failure))).toEqual(new Set(['model_nonsense']));
  expect(await eventsOf(factory, run)).toHaveLength(1 + 2 * BREAKS_MAX);
});

test.each([
  { model: 'never answers', step: { silent: true }, code: 'model_silent' },
  {
    model: 'refuses the key',
    step: { error: { status: 401, message: 'no such key', times: 99 } },
    code: 'model_unavailable',
  },
  {
    model: 'is down',
    step: { error: { status: 503, message: 'busy', times: 99 } },
    code: 'model_unavailable',
  },
])(
  'a model that $model: each try starts afresh, and after the last the run is broken',
  async ({ step, code }) => {
    const files = { 'ask.mjs': ASKS_ONCE, '.proofhouse/workspace.yaml': NODE_AGENT };
    const { factory, run, outcome } = await ranAgainst(step, files);
    const said =
      '1 calls to scripted model (answers from files, no AI) failed and none was answered';
    expect(outcome).toMatchObject({ kind: 'broke', code });
    const broke = `machinery_broke ${code}: `;
    const events = await eventsOf(factory, run);
    expect(events.map((event) => event.replace(/: .*/, ''))).toEqual([
      'claimed',
      ...Array.from({ length: BREAKS_MAX }, () => ['workspace_ready', broke.slice(0, -2)]).flat(),
    ]);
    expect(events[2]).toBe(`${broke}${said}`);
  },
);

test('a run stops at its limit of turns: the call beyond it is never made', async () => {
  const policy = TINY_POLICY.replace('turns: 20', 'turns: 2');
  const { factory, run, outcome } = await ranAgainst(
    { say: 'Hello.' },
    {
      'ask.mjs': `for (let turn = 0; turn < 4; turn += 1) {${ASKS_ONCE.replace('const answer', 'var answer')}}`,
      '.proofhouse/workspace.yaml': NODE_AGENT,
      '.proofhouse/policy.yaml': policy,
    },
  );
  expect(outcome).toMatchObject({ kind: 'gave_up', code: 'limit_reached' });
  expect(await factory.store.calls(run)).toHaveLength(2);
  expect(await eventsOf(factory, run)).toEqual(['claimed', 'workspace_ready', 'limit_reached']);
});

test('a run stops at its limit of tokens before the call that would pass it', async () => {
  const { factory, run, outcome } = await ranAgainst(
    { say: 'Hello.' },
    {
      'ask.mjs': ASKS_ONCE,
      '.proofhouse/workspace.yaml': NODE_AGENT,
      '.proofhouse/policy.yaml': TINY_POLICY.replace('tokens: 2M', 'tokens: 5k'),
    },
  );
  expect(outcome).toMatchObject({
    kind: 'gave_up',
    code: 'limit_reached',
    findings: [{ message: expect.stringContaining('tokens') }],
  });
  expect(await factory.store.calls(run)).toEqual([]);
});
