/** What people decide, by the command line, and what becomes of it. */
import path from 'node:path';
import { expect, test } from 'vitest';
import { approve } from '../../../orchestrator/commands/approve.ts';
import { refuse } from '../../../orchestrator/commands/refuse.ts';
import { taskCancel } from '../../../orchestrator/commands/task.ts';
import type { Factory } from '../../../orchestrator/compose.ts';
import type { RunId } from '../../../orchestrator/domain/ids.ts';
import { contextFor } from '../context.ts';
import { eventsOf, factoryWith, outcomeOf, saidBy, shellAgent } from '../steps.ts';
import { leftOver, queue, SHOP_MODELS, settle, stateOf } from '../support.ts';
import { proofhouse, queueByHand, TINY_POLICY, tinyRepository } from '../tiny.ts';

const WORK = ['workspace_ready', 'agent_finished', 'change_sealed', 'judged', 'validation_passed'];
const SESSION = shellAgent(`
mkdir -p src/auth
echo 'export const DAYS = 30;' >> src/auth/session.mjs
grep -q '^# Attempt 2' "$PROOFHOUSE_TASK_FILE" && cat "$PROOFHOUSE_TASK_FILE"
exit 0
`);

async function waiting(clock?: () => Date) {
  const factory = await factoryWith('decisions', clock === undefined ? {} : { clock });
  const repository = tinyRepository(path.join(factory.home, 'tiny'), {
    ...SESSION,
    // Who asks is one of those who are asked: it is that, and no group, which bars them.
    '.proofhouse/policy.yaml': TINY_POLICY.replaceAll(
      '["local:rita"]',
      '["local:rita", "local:dana"]',
    ),
  });
  const { id } = await queue(factory, repository, 'Thirty days');
  await settle(factory, id);
  return { factory, repository, run: id, tree: await treeOf(factory, id) };
}

async function treeOf(factory: Factory, run: RunId): Promise<string> {
  const state = await stateOf(factory, run);
  return state.phase === 'awaiting_approval' ? state.change.tree : `it is ${state.phase}`;
}

test('by the command line: queued, waited for, shown, approved, published', async () => {
  const factory = await factoryWith('by-hand');
  const at = { home: factory.home };
  const repository = tinyRepository(path.join(at.home, 'tiny'), SESSION);
  const run = await queueByHand(at, repository, 'Thirty days');
  const serve = ['serve', '--until-idle', '--scripted', SHOP_MODELS];
  expect(await proofhouse(at, ...serve)).toMatchObject({ code: 0 });
  const shown = await proofhouse(at, 'run', 'show', run);
  expect(shown.code).toBe(3);
  const line = /^ *proofhouse (approve .*--as local:rita)$/m.exec(shown.out)?.[1] ?? 'no such line';

  const bare = await proofhouse(at, 'approve', run, '--as', 'local:rita');
  expect(bare).toMatchObject({ code: 2, err: expect.stringContaining('error[usage]') });
  const other = await proofhouse(
    at,
    ...['approve', run, '--tree', '0'.repeat(40), '--as', 'local:rita'],
  );
  expect(other).toMatchObject({ code: 2, err: expect.stringContaining('error[approval_stale]') });
  expect(await proofhouse(at, ...line.split(' '))).toMatchObject({ code: 0 });
  expect(await proofhouse(at, ...serve)).toMatchObject({ code: 0 });
  expect(await proofhouse(at, 'run', 'show', run)).toMatchObject({
    code: 0,
    out: expect.stringContaining('pull request #1'),
  });
  expect(await eventsOf(factory, run)).toEqual([
    ...['claimed', ...WORK, 'approved', 'pull_request_opened'],
  ]);
  expect(leftOver(run)).toEqual([]);
});

test('who asked cannot approve though the group has them, and neither can a person of no such group', async () => {
  const { factory, run, tree } = await waiting();
  const context = contextFor(factory);
  const refused = { code: 'not_eligible' };
  await expect(approve(context, { run, tree, as: 'local:dana' })).rejects.toMatchObject(refused);
  await expect(approve(context, { run, tree, as: 'local:eve' })).rejects.toMatchObject(refused);
  for (const as of ['local:dana', 'local:eve']) {
    const no = { run, tree, as, reason: 'no', type: 'rejected' } as const;
    await expect(refuse(context, no)).rejects.toMatchObject(refused);
  }
  expect(await eventsOf(factory, run)).toEqual(['claimed', ...WORK]);
  expect(leftOver(run)).toEqual([]);
});

test('a rejection ends the run: nothing is published, and there is no second decision', async () => {
  const { factory, repository, run, tree } = await waiting();
  const decision = { run, tree, as: 'local:rita' };
  const context = contextFor(factory);
  await refuse(context, { ...decision, reason: 'Too long.', type: 'rejected' });
  expect(outcomeOf(await settle(factory, run))).toEqual({
    kind: 'rejected',
    by: 'local:rita',
    reason: 'Too long.',
  });
  await expect(approve(context, decision)).rejects.toMatchObject({ code: 'not_now' });
  expect(await factory.forge.pullRequests(repository)).toEqual([]);
  expect(leftOver(run)).toEqual([]);
});

test('what is sent back is worked on again with the words of the reviewer, and waits with another tree', async () => {
  const { factory, run, tree } = await waiting();
  const context = contextFor(factory);
  const reason = 'Say in a comment why it is thirty.';
  await refuse(context, { run, tree, as: 'local:rita', reason, type: 'sent_back' });
  expect(await settle(factory, run)).toMatchObject({ phase: 'awaiting_approval', attempt: 2 });
  expect(await saidBy(factory, run, 2)).toContain(reason);
  const stale = approve(context, { run, tree, as: 'local:rita' });
  await expect(stale).rejects.toMatchObject({ code: 'approval_stale' });
  await approve(context, { run, tree: await treeOf(factory, run), as: 'local:rita' });
  expect(outcomeOf(await settle(factory, run))).toMatchObject({ kind: 'published' });
  expect(await eventsOf(factory, run)).toEqual([
    ...['claimed', ...WORK, 'sent_back', ...WORK, 'approved', 'pull_request_opened'],
  ]);
  expect(leftOver(run)).toEqual([]);
});

test('a run that is cancelled while its agent works is over, and its sandbox goes', async () => {
  const factory = await factoryWith('cancel');
  const files = shellAgent('echo begun; sleep 600\n');
  const repository = tinyRepository(path.join(factory.home, 'tiny'), files);
  const { id } = await queue(factory, repository, 'Sleep');
  const { note } = factory.tools.store;
  // As soon as the agent is heard, somebody wants it no more.
  Object.assign(factory.tools.store, {
    note: async (...given: Parameters<typeof note>) => {
      await note(...given);
      if (given[0].source === 'agent') await taskCancel(contextFor(factory), id, 'local:dana');
    },
  });
  const quick = { ...factory, runner: { ...factory.runner, renewMs: 100 } };
  expect(outcomeOf(await settle(quick, id))).toEqual({ kind: 'cancelled', by: 'local:dana' });
  expect(await eventsOf(factory, id)).toEqual(['claimed', 'workspace_ready', 'cancelled']);
  expect(leftOver(id)).toEqual([]);
});

test('an approval that ran out before it was used is asked for again', async () => {
  const ahead = { ms: 0 };
  const { factory, run, tree } = await waiting(() => new Date(Date.now() + ahead.ms));
  const context = { ...contextFor(factory), clock: () => new Date(Date.now() + ahead.ms) };
  await approve(context, { run, tree, as: 'local:rita' });
  // The class says 24 hours, and no controller ran for two days.
  ahead.ms = 48 * 3_600_000;
  expect(await settle(factory, run)).toMatchObject({ phase: 'awaiting_approval' });
  expect(await treeOf(factory, run)).toBe(tree);
  await approve(context, { run, tree, as: 'local:rita' });
  expect(outcomeOf(await settle(factory, run))).toMatchObject({ kind: 'published' });
  expect(await eventsOf(factory, run)).toEqual([
    ...['claimed', ...WORK, 'approved', 'approvals_went_stale', 'judged', 'validation_passed'],
    ...['approved', 'pull_request_opened'],
  ]);
  expect(leftOver(run)).toEqual([]);
});

test('a decision that comes too late finds the run expired', async () => {
  const { factory, run, tree } = await waiting();
  const context = { ...contextFor(factory), clock: () => new Date(Date.now() + 48 * 3_600_000) };
  const late = approve(context, { run, tree, as: 'local:rita' });
  await expect(late).rejects.toMatchObject({ code: 'not_now' });
  expect(outcomeOf(await stateOf(factory, run))).toEqual({ kind: 'expired' });
  expect(leftOver(run)).toEqual([]);
});
