/** What a member or a platform engineer got wrong: the words they read, and that nothing was begun. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import type { RunId } from '../../../orchestrator/domain/ids.ts';
import { shellAgent } from '../steps.ts';
import { leftOver, repositoryOf, SHOP_MODELS, scratch } from '../support.ts';
import {
  type CommandLine,
  clearedAway,
  proofhouse,
  queueByHand,
  TINY_FILES,
  TINY_POLICY,
  tinyRepository,
} from '../tiny.ts';

const CHANGES = shellAgent("echo 'export const more = 1;' > src/more.mjs\n");

function placed(
  name: string,
  files: Readonly<Record<string, string>>,
): CommandLine & { repository: string } {
  const home = scratch(name);
  const repository = tinyRepository(path.join(home, 'tiny'), files);
  return { ...clearedAway({ home }), repository };
}

/** Queues, serves until idle, and gives what `run show` says from its last event on. */
async function endOf(at: CommandLine & { repository: string }) {
  const run = await queueByHand(at, at.repository, 'Do something');
  const served = await proofhouse(at, 'serve', '--until-idle', '--scripted', SHOP_MODELS);
  const shown = await proofhouse(at, 'run', 'show', run);
  expect(leftOver(run)).toEqual([]);
  return { run, served, code: shown.code, report: reportOf(shown.out, run, at) };
}

function reportOf(out: string, run: RunId, { home }: CommandLine): string {
  return out
    .replaceAll(run, 'RUN')
    .replaceAll(home, 'HOME')
    .replaceAll(/\b[0-9a-f]{12}\b/g, 'ID')
    .split('\n')
    .slice(4)
    .map((line) => line.replace(/^ *\+[\d.]+ s {2}/, '+ '))
    .filter((line) => line !== '')
    .join('\n');
}

test('a policy with a key that nobody knows allows nothing', async () => {
  const policy = TINY_POLICY.replace('why: Who is let in as whom.', 'wyh: Who is let in.');
  const at = placed('unknown-key', { ...CHANGES, '.proofhouse/policy.yaml': policy });
  const { code, report } = await endOf(at);
  expect(code).toBe(2);
  expect(report).toMatchInlineSnapshot(`
    "+ claimed
    + machinery broke (policy_invalid): error[P0103]: unknown key \`wyh\`
    error[P0103]: unknown key \`wyh\`
      --> .proofhouse/policy.yaml:9:5
       |
     9 |     wyh: Who is let in.
       |     ^^^ did you mean \`why\`?
       = in: gates[0]
    What to do: See every error with: proofhouse policy lint"
  `);
});

test('a base commit without a policy allows nothing', async () => {
  const home = scratch('no-policy');
  const { '.proofhouse/policy.yaml': _, ...files } = TINY_FILES;
  const repository = repositoryOf(path.join(home, 'tiny'), { ...files, ...CHANGES });
  const { code, report } = await endOf({ ...clearedAway({ home }), repository });
  expect(code).toBe(2);
  expect(report).toMatchInlineSnapshot(`
    "+ claimed
    + machinery broke (policy_missing): there is no .proofhouse/policy.yaml at the base commit ID
    there is no .proofhouse/policy.yaml at the base commit ID
    What to do: Write one with: proofhouse init. Then commit it to the base branch."
  `);
});

test('a workspace file that cannot be read whole stops the run before its agent', async () => {
  const workspace =
    'apiVersion: proofhouse/v1\nkind: Workspace\nagent: { kind: comand, run: [sh] }\n';
  const at = placed('workspace', { '.proofhouse/workspace.yaml': workspace });
  const { code, report } = await endOf(at);
  expect(code).toBe(2);
  expect(report).toMatchInlineSnapshot(`
    "+ claimed
    + machinery broke (workspace_invalid): .proofhouse/workspace.yaml could not be read whole.
    .proofhouse/workspace.yaml could not be read whole.
    error[P0104]: expected \`codex\` or \`command\`, found \`comand\`
      --> .proofhouse/workspace.yaml:3:16
       |
     3 | agent: { kind: comand, run: [sh] }
       |                ^^^^^^ did you mean \`command\`?
       = in: agent › kind
    What to do: Mend the line named, commit it to the base branch and queue the task again."
  `);
});

test('a repository without a test proves nothing', async () => {
  const home = scratch('no-tests');
  const { 'test/sum.test.mjs': _, ...files } = TINY_FILES;
  const repository = repositoryOf(path.join(home, 'tiny'), {
    ...files,
    ...CHANGES,
    '.proofhouse/policy.yaml': TINY_POLICY.replace('retries: 1', 'retries: 0'),
  });
  const { code, report } = await endOf({ ...clearedAway({ home }), repository });
  expect(code).toBe(1);
  expect(report.replaceAll(/[\d.]+ s$/gm, 'TIME')).toMatchInlineSnapshot(`
    "+ claimed
    + workspace ready: command any on scripted model (answers from files, no AI), base ID
    + agent finished
    + change sealed: tree ID, 1 files, +1 -0
    + judged: allow, class medium
    + validation failed: no_tests
    checks
      unit  failed  0 tests, 0 failed  TIME
    Every attempt was made and checks still fail.
    - unit: no test was executed
    What to do: Read the findings, say more in the task, and queue it again."
  `);
});

test('dependency commands that fail at the base end the run with what they printed', async () => {
  const workspace = `apiVersion: proofhouse/v1
kind: Workspace
agent: { kind: command, run: [sh, fix.sh] }
dependencies:
  run: [[sh, -c, "echo no such package >&2; exit 7"]]
  keyed_by: [src/sum.mjs]
`;
  const at = placed('dependencies', { ...CHANGES, '.proofhouse/workspace.yaml': workspace });
  const { run, code, report } = await endOf(at);
  expect(code).toBe(1);
  expect(report).toMatchInlineSnapshot(`
    "+ claimed
    + machinery broke (dependencies_failed): the dependency commands exited with 7:
    + machinery broke (dependencies_failed): the dependency commands exited with 7:
    + machinery broke (dependencies_failed): the dependency commands exited with 7:
    the dependency commands exited with 7:
    no such package
    What to do: Run them yourself on the base branch; the output is in: proofhouse run logs RUN"
  `);
  const logs = await proofhouse(at, 'run', 'logs', run);
  expect(logs.out).toContain('no such package');
});

test('a task for a branch that does not exist is refused when it is queued', async () => {
  const at = placed('no-branch', CHANGES);
  const added = await proofhouse(
    at,
    ...['task', 'add', 'Anything', '--repo', at.repository, '--base', 'release'],
  );
  expect(added.code).toBe(2);
  expect(added.err.replaceAll(at.home, 'HOME')).toMatchInlineSnapshot(`
    "error[base_not_found]: HOME/tiny: it has no branch "release"; it has main
      what to do: Name one of the branches that exist with --base.
    "
  `);
  expect((await proofhouse(at, '--json', 'run', 'list')).out).toBe('');
});

test('a task for a folder that is no repository is refused when it is queued', async () => {
  const home = scratch('no-repository');
  writeFileSync(path.join(home, 'a-file'), '');
  const added = await proofhouse({ home }, 'task', 'add', 'Anything', '--repo', home);
  expect(added.code).toBe(2);
  expect(added.err.replaceAll(home, 'HOME')).toMatchInlineSnapshot(`
    "error[not_a_repository]: HOME: fatal: 'HOME' does not appear to be a git repository
      what to do: Name a git repository that has at least one commit.
    "
  `);
});
