import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { policyDiffCommand } from '../../../orchestrator/commands/policy-diff.ts';
import {
  policySimulate,
  type SimulateOptions,
} from '../../../orchestrator/commands/policy-simulate.ts';
import { temporaryFolder } from '../intake/repositories.ts';
import { desk } from './context.ts';

const POLICY = `apiVersion: proofhouse/v1
kind: Policy
metadata: { name: shop, layer: standalone, owner: platform }
groups: { platform: { members: ["github:ana"] }, security: { members: ["github:bo"] } }
unmatched: { class: low }
gates:
  - { id: auth, why: x, class: high, paths: [auth/], approvals: [{ group: security, count: 1 }] }
validators: { unit: { run: [x], reports: { junit: j.xml } } }
`;
const LOOSER = POLICY.replace(
  / {2}- .*\n/,
  '  - { id: pay, why: x, class: high, paths: [pay/] }\n',
);
const TIGHTER = POLICY.replace(
  'validators:',
  '  - { id: pay, why: x, class: high, paths: [pay/] }\nvalidators:',
);

type Files = Record<string, string>;

/** A repository with a commit for each of these, a day apart. */
function repository(commits: readonly Files[], folder = temporaryFolder()): string {
  const git = (args: string[], day = 1): void => {
    const at = `2026-01-${String(day).padStart(2, '0')}T12:00:00Z`;
    const who = {
      GIT_AUTHOR_NAME: 'a',
      GIT_AUTHOR_EMAIL: 'a@x',
      GIT_COMMITTER_NAME: 'a',
      GIT_COMMITTER_EMAIL: 'a@x',
    };
    const env = { ...process.env, ...who, GIT_AUTHOR_DATE: at, GIT_COMMITTER_DATE: at };
    execFileSync('git', args, { cwd: folder, env });
  };
  git(['init', '-q', '-b', 'main']);
  for (const [index, files] of [{ '.proofhouse/policy.yaml': POLICY }, ...commits].entries()) {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
      writeFileSync(path.join(folder, name), text);
    }
    git(['add', '-A']);
    git(['commit', '-q', '-m', `change ${index}`], index + 1);
  }
  return folder;
}

const HISTORY: Files[] = [
  { 'auth/a.ts': 'a' },
  { 'pay/a.ts': 'a' },
  { 'docs/a.md': 'a' },
  { 'auth/a.ts': 'b', 'auth/b.ts': 'b' },
];

let shared = '';
beforeAll(() => {
  shared = repository(HISTORY, mkdtempSync(path.join(tmpdir(), 'proofhouse-simulate-')));
});
afterAll(() => rmSync(shared, { recursive: true, force: true }));

async function simulate(policy: string, over: Partial<SimulateOptions> = {}, json = false) {
  const cwd = temporaryFolder();
  writeFileSync(path.join(cwd, 'new.yaml'), policy);
  const { context, said } = desk({ cwd, json });
  const options = { ...OPTIONS, policy: 'new.yaml', repository: shared, ...over };
  const exit = await policySimulate(context, options);
  return { exit, said: said.join('\n').replaceAll(/\b[0-9a-f]{9}\b/g, 'COMMIT') };
}

const OPTIONS: SimulateOptions = {
  last: 200,
  since: null,
  against: null,
  againstRevision: null,
  policy: null,
  repository: '.',
  branch: 'main',
  allowLooser: false,
};

test('a policy that asks for less ends with 1, and what it lets go of comes first', async () => {
  const { exit, said } = await simulate(LOOSER);
  expect(exit).toBe(1);
  expect(said).toMatchInlineSnapshot(`
    "4 changes · 2 loosened (2 newly free) · 1 newly gated
    The history has 4; 200 were asked for.

    Loosened: the new policy asks for less (2)
      COMMIT change 4  auth/a.ts, auth/b.ts
        gate auth is lost on auth/a.ts, auth/b.ts  HEAD:.proofhouse/policy.yaml:7:5
        verdict hold became allow
        class high became low
        surface hold became ready-pr
      COMMIT change 1  auth/a.ts
        gate auth is lost on auth/a.ts  HEAD:.proofhouse/policy.yaml:7:5
        verdict hold became allow
        class high became low
        surface hold became ready-pr

    Newly gated (1)
      COMMIT change 2  pay/a.ts: pay

    gate  before  after
    auth  2       0
    pay   0       1

    group     before  after
    platform  2.0     1.0
    security  2.0     0.0
    (approvals a week, over 1.0 weeks)"
  `);
  expect((await simulate(LOOSER, { allowLooser: true })).exit).toBe(0);
});

test('a policy that asks for more ends with 0', async () => {
  const { exit, said } = await simulate(TIGHTER);
  expect(exit).toBe(0);
  expect(said).toMatchInlineSnapshot(`
    "4 changes · 0 loosened (0 newly free) · 1 newly gated
    The history has 4; 200 were asked for.

    Newly gated (1)
      COMMIT change 2  pay/a.ts: pay

    gate  before  after
    auth  2       2
    pay   0       1

    group     before  after
    platform  2.0     3.0
    security  2.0     2.0
    (approvals a week, over 1.0 weeks)"
  `);
});

test('the same policy changes nothing', async () => {
  const { exit, said } = await simulate(POLICY, { last: 4 });
  expect(exit).toBe(0);
  expect(said.split('\n')[0]).toBe('4 changes · 0 loosened (0 newly free) · 0 newly gated');
});

test('with --json the whole replay is one object', async () => {
  const { said } = await simulate(LOOSER, {}, true);
  expect(JSON.parse(said)).toMatchObject({
    asked: 200,
    judged: 4,
    loosened: [{ title: 'change 4', isFree: true }, { title: 'change 1' }],
    gated: [{ title: 'change 2', gates: ['pay'] }],
    refused: [],
  });
});

test('the old policy may be of a file or of another commit', async () => {
  const cwd = repository([{ '.proofhouse/policy.yaml': TIGHTER }, { 'pay/b.ts': 'b' }]);
  writeFileSync(path.join(cwd, 'old.yaml'), LOOSER);
  const { context } = desk({ cwd });
  const base = { ...OPTIONS, last: 1 };
  const simulated = (over: Pick<SimulateOptions, 'against' | 'againstRevision'>) =>
    policySimulate(context, { ...base, ...over });
  expect(await simulated({ against: null, againstRevision: 'HEAD~2' })).toBe(0);
  writeFileSync(path.join(cwd, '.proofhouse/policy.yaml'), POLICY);
  expect(await simulated({ against: 'old.yaml', againstRevision: null })).toBe(1);
  expect(await simulated({ against: null, againstRevision: 'HEAD~1' })).toBe(1);
});

test('entries that no policy lets in are counted and named, and loosen nothing', async () => {
  const cwd = repository([{ 'auth/.git-x/a': 'a' }, { 'auth/NUL': 'a' }]);
  const { context, said } = desk({ cwd, json: true });
  const options = { ...OPTIONS, last: 9 };
  expect(await policySimulate(context, options)).toBe(0);
  expect(JSON.parse(said.join(''))).toMatchObject({
    judged: 1,
    refused: [{ title: 'change 2', why: expect.stringContaining('NUL') }],
  });
});

test.each<[string, Partial<SimulateOptions>, RegExp]>([
  ['two old policies', { against: 'a', againstRevision: 'b' }, /not with both/],
  ['a time that is none', { since: 'long' }, /write it as in 90d/],
  ['a time without a change', { since: '1h' }, /no change to replay/],
  ['an old policy that is not there', { against: 'none.yaml' }, /none\.yaml does not exist/],
  ['a commit that is not there', { againstRevision: 'nowhere' }, /"nowhere" is no commit/],
  ['a new policy that is not there', { policy: 'none.yaml' }, /none\.yaml does not exist/],
])('%s is refused', async (_, over, message) => {
  await expect(simulate(POLICY, over)).rejects.toMatchObject({
    exit: 2,
    message: expect.stringMatching(message),
  });
});

test('a policy that cannot be read is refused', async () => {
  await expect(simulate('gates: [')).rejects.toMatchObject({ code: 'policy_invalid' });
});

test('diff compares files and commits, and ends with 1 when something is looser', async () => {
  const cwd = repository([]);
  writeFileSync(path.join(cwd, 'looser.yaml'), LOOSER);
  writeFileSync(path.join(cwd, 'tighter.yaml'), TIGHTER);
  const { context, said } = desk({ cwd });
  const HEAD = 'HEAD:.proofhouse/policy.yaml';
  const diff = (before: string, after: string, allowLooser = false) =>
    policyDiffCommand(context, { before, after, allowLooser });
  expect(await diff(HEAD, 'looser.yaml')).toBe(1);
  expect(await diff(HEAD, 'looser.yaml', true)).toBe(0);
  expect(await diff(HEAD, 'tighter.yaml')).toBe(0);
  expect(await diff(HEAD, HEAD)).toBe(0);
  expect(said[0]).toMatchInlineSnapshot(`
    "Looser (1)
      gate auth: is gone  HEAD:.proofhouse/policy.yaml:7:5

    Tighter (1)
      gate pay: is new  looser.yaml:7:5"
  `);
  expect(said[3]).toBe('The two policies mean the same.');
  await expect(diff('none.yaml', HEAD)).rejects.toMatchObject({ code: 'file_unreadable' });
  await expect(diff(HEAD, 'HEAD:none.yaml')).rejects.toMatchObject({ code: 'file_unreadable' });
  writeFileSync(path.join(cwd, 'broken.yaml'), 'x: 1');
  await expect(diff(HEAD, 'broken.yaml')).rejects.toMatchObject({ code: 'policy_invalid' });
});
