/** What an attempt is given of the one before it, and when there is no further one. */
import path from 'node:path';
import { expect, test } from 'vitest';
import type { Factory } from '../../../orchestrator/compose.ts';
import type { RunId } from '../../../orchestrator/domain/ids.ts';
import { eventsOf, factoryWith, outcomeOf, saidBy, shellAgent } from '../steps.ts';
import { leftOver, queue, settle } from '../support.ts';
import { TINY_POLICY, tinyRepository } from '../tiny.ts';

const ONCE_MORE = [
  'workspace_ready',
  'agent_finished',
  'change_sealed',
  'judged',
  'validation_failed',
];
const WRONG = 'export const sum = (a, b) => a - b;';
const RIGHT = 'export const sum = (a, b) => b + a;';

async function ranWith(
  script: string,
  policy = TINY_POLICY,
): Promise<{ factory: Factory; run: RunId; outcome: unknown }> {
  const factory = await factoryWith('attempts');
  const repository = tinyRepository(path.join(factory.home, 'tiny'), {
    ...shellAgent(script),
    '.proofhouse/policy.yaml': policy,
  });
  const { id } = await queue(factory, repository, 'Add the other way round');
  const outcome = outcomeOf(await settle(factory, id));
  expect(leftOver(id)).toEqual([]);
  return { factory, run: id, outcome };
}

test('the second attempt has the task, the tree and the findings of the first, and nothing else of it', async () => {
  const { factory, run, outcome } = await ranWith(`
if grep -q '^# Attempt 2' "$PROOFHOUSE_TASK_FILE"; then
  cat "$PROOFHOUSE_TASK_FILE" notes.txt
  ls /tmp/doubts "$HOME/doubts" 2>&1
  rm notes.txt
  echo '${RIGHT}' > src/sum.mjs
else
  echo 'A doubt of mine that is nobody else its business.'
  echo 'left in the tree' > notes.txt
  echo doubt > /tmp/doubts
  echo doubt > "$HOME/doubts"
  echo '${WRONG}' > src/sum.mjs
fi
`);
  expect(outcome).toMatchObject({ kind: 'published' });
  const said = await saidBy(factory, run, 2);
  expect(said).toContain('Add the other way round');
  expect(said).toContain('left in the tree');
  expect(said).toContain('- unit: test › adds:');
  expect(said).toContain('-1 !== 3');
  expect(said).not.toContain('A doubt of mine');
  expect(said.match(/doubts.*No such file/g)).toHaveLength(2);
  expect(await saidBy(factory, run, 1)).toContain('A doubt of mine');
  expect(await eventsOf(factory, run)).toEqual([
    'claimed',
    ...ONCE_MORE,
    ...ONCE_MORE.slice(0, -1),
    'validation_passed',
    'pull_request_opened',
  ]);
});

test('an agent that never gets there is stopped after its retries, and the findings say why', async () => {
  const { factory, run, outcome } = await ranWith(`
echo '${WRONG}' > src/sum.mjs
cat src/sum.mjs >> history.txt
`);
  expect(outcome).toMatchObject({
    kind: 'gave_up',
    code: 'attempts_used_up',
    findings: [{ validator: 'unit', code: 'tests_failed' }],
  });
  expect(await eventsOf(factory, run)).toEqual(['claimed', ...ONCE_MORE, ...ONCE_MORE]);
});

test('an attempt that leaves the tree as the one before it left it makes no progress', async () => {
  const { factory, run, outcome } = await ranWith(`echo '${WRONG}' > src/sum.mjs\n`);
  expect(outcome).toMatchObject({
    kind: 'gave_up',
    code: 'no_progress',
    findings: [{ code: 'tests_failed' }],
  });
  expect(await eventsOf(factory, run)).toEqual([
    'claimed',
    ...ONCE_MORE,
    'workspace_ready',
    'agent_finished',
    'nothing_changed',
  ]);
});

test('an agent that goes round in a circle makes no progress, however many retries are left', async () => {
  const { factory, run, outcome } = await ranWith(
    `
if [ -e flag ]; then rm flag; else touch flag; fi
echo '${WRONG}' > src/sum.mjs
`,
    TINY_POLICY.replace('retries: 1', 'retries: 8'),
  );
  expect(outcome).toMatchObject({ kind: 'gave_up', code: 'no_progress' });
  const attempts = (await eventsOf(factory, run)).filter((type) => type === 'workspace_ready');
  expect(attempts).toHaveLength(3);
});

test('an edit that keeps the size and the time of a file is part of the change all the same', async () => {
  const { outcome } = await ranWith(`
when=$(stat -c %Y src/sum.mjs)
echo '${WRONG}' > src/sum.mjs
touch -d "@$when" src/sum.mjs
`);
  expect(outcome).toMatchObject({ findings: [{ validator: 'unit', code: 'tests_failed' }] });
});

test('an agent that finds nothing to do says so, and no check runs', async () => {
  const { factory, run, outcome } = await ranWith(`echo 'It adds already.'\n`);
  expect(outcome).toEqual({ kind: 'nothing_to_do', said: 'It adds already.' });
  expect(await eventsOf(factory, run)).toEqual([
    'claimed',
    'workspace_ready',
    'agent_finished',
    'nothing_changed',
  ]);
});
