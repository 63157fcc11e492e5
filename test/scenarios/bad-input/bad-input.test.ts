/** What a member or a platform engineer got wrong: the words they read, and that nothing was begun. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import type { RunId } from '../../../orchestrator/domain/ids.ts';
import { factoryWith, shellAgent } from '../steps.ts';
import { leftOver, queue, repositoryOf, scratch, settle } from '../support.ts';
import { type CommandLine, proofhouse, TINY_FILES, TINY_POLICY, tinyRepository } from '../tiny.ts';

const CHANGES = shellAgent("echo 'export const more = 1;' > src/more.mjs\n");

/** Queues a task on a repository of these files, works on it, and gives what `run show` says. */
async function endOf(files: Readonly<Record<string, string>>) {
  const factory = await factoryWith('bad-input');
  const repository = repositoryOf(path.join(factory.home, 'tiny'), files);
  const { id } = await queue(factory, repository, 'Do something');
  await settle(factory, id);
  const at = { home: factory.home };
  const shown = await proofhouse(at, 'run', 'show', id);
  expect(leftOver(id)).toEqual([]);
  return { at, run: id, code: shown.code, report: reportOf(shown.out, id, at) };
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
  const files = { ...TINY_FILES, ...CHANGES, '.proofhouse/policy.yaml': policy };
  const { code, report } = await endOf(files);
  expect(code).toBe(2);
  expect(report).toMatchInlineSnapshot(`
    "+ claimed
    + machinery broke (policy_invalid): error[P0103]: unknown key \`wyh\`
    error[P0103]: unknown key \`wyh\`
      --> .proofhouse/policy.yaml:9:5
       |
     9 |     wyh: Who is let in.
       |     ^^^ did you mean \`why\`?
       = in: gates[0] (auth)
       = see: proofhouse policy explain-code P0103
    What to do: See every error with: proofhouse policy lint"
  `);
});

test('a machine without what the policy requires runs nothing, and says what it has', async () => {
  const policy = `${TINY_POLICY}require: { engine: "999.0" }\n`;
  const { code, report } = await endOf({
    ...TINY_FILES,
    ...CHANGES,
    '.proofhouse/policy.yaml': policy,
  });
  expect(code).toBe(2);
  expect(report).toContain('machinery broke (requirement_unmet)');
  expect(report).toMatch(
    /policy\.yaml:\d+:\d+: requires engine 999\.0 or newer; found: \d\S+\. Install a newer Docker engine\./,
  );
});

test('a base commit without a policy allows nothing', async () => {
  const { '.proofhouse/policy.yaml': _, ...files } = TINY_FILES;
  const { code, report } = await endOf({ ...files, ...CHANGES });
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
  const { code, report } = await endOf({ ...TINY_FILES, '.proofhouse/workspace.yaml': workspace });
  expect(code).toBe(2);
  expect(report).toMatchInlineSnapshot(`
    "+ claimed
    + machinery broke (workspace_invalid): .proofhouse/workspace.yaml could not be read whole.
    .proofhouse/workspace.yaml could not be read whole.
    error[P0104]: expected \`claude-code\` or \`codex\` or \`copilot\` or \`gemini-cli\` or \`opencode\` or \`qwen-code\` or \`command\`, found \`comand\`
      --> .proofhouse/workspace.yaml:3:16
       |
     3 | agent: { kind: comand, run: [sh] }
       |                ^^^^^^ did you mean \`command\`?
       = in: agent › kind
       = see: proofhouse policy explain-code P0104
    What to do: Mend the line named, commit it to the base branch and queue the task again."
  `);
});

test('a repository without a test proves nothing', async () => {
  const { 'test/sum.test.mjs': _, ...files } = TINY_FILES;
  const { code, report } = await endOf({
    ...files,
    ...CHANGES,
    '.proofhouse/policy.yaml': TINY_POLICY.replace('retries: 1', 'retries: 0'),
  });
  expect(code).toBe(1);
  expect(report.replaceAll(/[\d.]+ s$/gm, 'TIME')).toMatchInlineSnapshot(`
    "+ claimed
    + workspace ready: command any on scripted model (answers from files, no AI), base ID, workspace of 2048 MiB and 200000 files, held by a file system of its own
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
  const files = { ...TINY_FILES, ...CHANGES, '.proofhouse/workspace.yaml': workspace };
  const { at, run, code, report } = await endOf(files);
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
  const at = { home: scratch('no-branch') };
  const repository = tinyRepository(path.join(at.home, 'tiny'));
  const asked = ['task', 'add', 'Anything', '--repo', repository, '--base', 'release'];
  const added = await proofhouse(at, ...asked);
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
