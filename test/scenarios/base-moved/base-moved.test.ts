/** The base branch gets another commit while a run waits for a person. */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { approve } from '../../../orchestrator/commands/approve.ts';
import type { Factory } from '../../../orchestrator/compose.ts';
import type { RunId } from '../../../orchestrator/domain/ids.ts';
import { contextFor } from '../context.ts';
import { eventsOf, factoryWith, outcomeOf, saidBy, shellAgent } from '../steps.ts';
import { commitAll, leftOver, queue, settle, stateOf } from '../support.ts';
import { gitOut, tinyRepository } from '../tiny.ts';

const WORK = ['workspace_ready', 'agent_finished', 'change_sealed'];
const PROOF = ['judged', 'validation_passed'];
const AGENT = `
grep -q '^# Attempt 2' "$PROOFHOUSE_TASK_FILE" && cat "$PROOFHOUSE_TASK_FILE"
mkdir -p src/auth
echo 'export const DAYS = 30;' > src/auth/session.mjs
`;

async function waiting(files: Record<string, string> = {}) {
  const factory = await factoryWith('base-moved');
  const repository = tinyRepository(path.join(factory.home, 'tiny'), {
    ...shellAgent(AGENT),
    ...files,
  });
  const { id } = await queue(factory, repository, 'Thirty days');
  expect(await settle(factory, id)).toMatchObject({ phase: 'awaiting_approval' });
  return { factory, repository, run: id };
}

/** Agrees to the tree that waits now, and gives it. */
async function approved(factory: Factory, run: RunId): Promise<string> {
  const state = await stateOf(factory, run);
  const tree = state.phase === 'awaiting_approval' ? state.change.tree : `it is ${state.phase}`;
  await approve(contextFor(factory), { run, tree, as: 'local:rita' });
  return tree;
}

function commitFile(repository: string, name: string, text: string): void {
  writeFileSync(path.join(repository, name), text);
  commitAll(repository, `Change ${name}`);
}

test('a base that moved elsewhere: the merged tree is judged, checked and agreed to again', async () => {
  const { factory, repository, run } = await waiting();
  commitFile(repository, 'src/other.mjs', 'export const other = 1;\n');
  const first = await approved(factory, run);
  expect(await settle(factory, run)).toMatchObject({ phase: 'awaiting_approval' });
  const second = await approved(factory, run);
  expect(second).not.toBe(first);
  expect(outcomeOf(await settle(factory, run))).toMatchObject({ kind: 'published' });

  expect(await eventsOf(factory, run)).toEqual([
    ...['claimed', ...WORK, ...PROOF, 'approved', 'base_moved', ...PROOF, 'approved'],
    'pull_request_opened',
  ]);
  const [pull] = await factory.forge.pullRequests(repository);
  const forge = factory.forge.remote(repository);
  const commit = pull?.commit ?? 'none';
  expect(gitOut(forge, 'rev-parse', `${commit}^`)).toBe(gitOut(repository, 'rev-parse', 'main'));
  expect(gitOut(forge, 'diff', '--name-only', `${commit}^`, commit)).toBe('src/auth/session.mjs\n');
  expect(leftOver(run)).toEqual([]);
});

test('a base that broke what the change needs: the checks of the merged tree say so', async () => {
  const { factory, repository, run } = await waiting();
  commitFile(repository, 'src/sum.mjs', 'export const sum = (a, b) => a - b;\n');
  await approved(factory, run);
  expect(outcomeOf(await settle(factory, run))).toMatchObject({ kind: 'gave_up' });
  expect((await eventsOf(factory, run)).slice(0, 9)).toEqual([
    ...['claimed', ...WORK, ...PROOF, 'approved', 'base_moved', 'judged'],
  ]);
  expect(await factory.forge.pullRequests(repository)).toEqual([]);
  expect(leftOver(run)).toEqual([]);
});

test('a base with other dependencies: they are made before the merged tree is checked', async () => {
  const { factory, repository, run } = await waiting({
    '.proofhouse/workspace.yaml': `apiVersion: proofhouse/v1
kind: Workspace
agent: { kind: command, run: [sh, fix.sh] }
dependencies:
  run: [[sh, -c, "mkdir -p vendor && cp wanted.txt vendor/made.txt"]]
  keyed_by: [wanted.txt]
`,
    '.gitignore': 'vendor\n',
    'wanted.txt': 'one\n',
    'test/vendor.test.mjs': `import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';

test('has what it wants', () => assert.equal(read('vendor/made.txt'), read('wanted.txt')));
const read = (name) => readFileSync(name, 'utf8');
`,
  });
  commitFile(repository, 'wanted.txt', 'two\n');
  await approved(factory, run);
  expect(await settle(factory, run)).toMatchObject({ phase: 'awaiting_approval' });
  expect(await eventsOf(factory, run)).toEqual([
    ...['claimed', ...WORK, ...PROOF, 'approved', 'base_moved', ...PROOF],
  ]);
  expect(leftOver(run)).toEqual([]);
});

test('a base that changed the same lines: the next attempt starts from it and is told', async () => {
  const { factory, repository, run } = await waiting({ 'src/auth/session.mjs': 'export {};\n' });
  commitFile(repository, 'src/auth/session.mjs', 'export const DAYS = 7;\n');
  await approved(factory, run);
  expect(await settle(factory, run)).toMatchObject({ phase: 'awaiting_approval', attempt: 2 });
  expect(await saidBy(factory, run, 2)).toContain('src/auth/session.mjs');
  await approved(factory, run);
  expect(outcomeOf(await settle(factory, run))).toMatchObject({ kind: 'published' });
  expect(await eventsOf(factory, run)).toEqual([
    ...['claimed', ...WORK, ...PROOF, 'approved', 'base_conflicts', ...WORK, ...PROOF],
    ...['approved', 'pull_request_opened'],
  ]);
  const [pull] = await factory.forge.pullRequests(repository);
  const published = `${pull?.commit}:src/auth/session.mjs`;
  expect(gitOut(factory.forge.remote(repository), 'show', published)).toBe(
    'export const DAYS = 30;\n',
  );
  expect(readFileSync(path.join(repository, 'src/auth/session.mjs'), 'utf8')).toContain('7');
  expect(leftOver(run)).toEqual([]);
});
