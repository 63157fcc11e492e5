/** Changes of real repositories. Slow: each starts git some twenty times. */
import { describe, expect, test } from 'vitest';
import type { Context } from '../../../orchestrator/commands/context.ts';
import { FULL } from '../../policies/sample.ts';
import {
  commitAll,
  type Files,
  git,
  repositoryWith,
  temporaryFolder,
  writeAll,
} from '../intake/repositories.ts';
import { desk } from './context.ts';
import { explained, folderWith, POLICY, refused } from './explaining.ts';

/** `main` with the policy, and `feature` with a commit more. */
function branched(change: Files, base: Files = {}): string {
  const folder = repositoryWith({ [POLICY]: FULL, 'README.md': 'one\n', ...base });
  git(folder, 'switch', '--quiet', '--create', 'feature');
  writeAll(folder, change);
  commitAll(folder);
  return folder;
}

function onMain(folder: string, files: Files): void {
  git(folder, 'switch', '--quiet', 'main');
  writeAll(folder, files);
  commitAll(folder);
}

describe('a change', () => {
  test('is judged gate by gate, by the policy it started from, and ends with 3 when it waits', async () => {
    const folder = branched({ 'src/auth/a.ts': 'x\n', 'README.md': 'two\n' });
    const { exit, text } = await explained({ range: 'main..feature', repository: folder });
    expect(exit).toBe(3);
    expect(text).toMatch(
      /^main\.\.feature {3}since [0-9a-f]{12}, for refs\/heads\/main\n2 files, /,
    );
    expect(text).toContain('\nhold   critical · held before PR · bind evidence · expires 24h\n');
    expect(text).toContain('\ngate auth   critical · hold · asks platform ×1, security ×1');
    expect(text).not.toContain('would land');
  });

  test('that is allowed ends with 0, and one that is denied with 1 and says first why', async () => {
    const free = branched({ 'README.md': 'two\n' });
    expect((await explained({ range: 'main..feature', repository: free })).exit).toBe(0);
    const rules = branched({ '.proofhouse/notes': 'x\n' });
    const { exit, text } = await explained({ range: 'main..feature', repository: rules });
    expect(exit).toBe(1);
    expect(text).toMatch(/\ndeny {3}critical · forbidden\ndenied {6}Gate policy /);
  });

  test('a head that edits its policy is judged by the one it started from', async () => {
    const folder = branched({ [POLICY]: FULL.replace('surface: forbid', 'surface: hold') });
    const { exit } = await explained({ range: 'main..feature', repository: folder });
    expect(exit).toBe(1);
  });

  test('a policy that is named judges instead', async () => {
    const folder = branched({ 'src/auth/a.ts': 'x\n' });
    const loose = FULL.replace('paths: ["src/auth/"]', 'paths: ["other/"]');
    const cwd = folderWith({ 'loose.yaml': loose });
    const asked = { range: 'main..feature', repository: folder, policies: ['loose.yaml'] };
    expect((await explained(asked, { cwd })).exit).toBe(0);
  });

  test('people of a group file are those of the base', async () => {
    const source = FULL.replace('{ members: [local:pia] }', '{ file: people.txt }');
    const folder = branched(
      { 'src/auth/a.ts': 'x\n', 'people.txt': 'local:eve\n' },
      { [POLICY]: source, 'people.txt': 'local:mo\nlocal:pia\n' },
    );
    const asked = { range: 'main..feature', repository: folder, requester: 'mo' };
    const { text } = await explained(asked);
    expect(text).toContain('platform ×1 (local:pia)');
  });

  test('what would land is shown when it is not what was made', async () => {
    const folder = branched({ 'README.md': 'one\ntwo\n', 'a.txt': 'a\n' });
    onMain(folder, { 'a.txt': 'a\n' });
    const { exit, text } = await explained({ range: 'main..feature', repository: folder });
    expect(exit).toBe(0);
    expect(text).toContain('\n\nwhat would land on main is something else:\n1 file, +1 -0');
  });

  test('what would not land says where it conflicts', async () => {
    const folder = branched({ 'README.md': 'two\n' });
    onMain(folder, { 'README.md': 'three\n' });
    const { text } = await explained({ range: 'main..feature', repository: folder });
    expect(text).toContain('\n\nit would not land on main: conflicts\nin          README.md');
  });

  test('an entry that no change may have is a denial', async () => {
    const folder = branched({ 'a\\b': 'x\n' });
    const { exit, text } = await explained({ range: 'main..feature', repository: folder });
    expect(exit).toBe(1);
    expect(text).toMatch(/\ndeny {3}no change like this ever leaves a workspace\nrefused {5}"a/);
  });

  test('is one JSON value for machines', async () => {
    const folder = branched({ 'README.md': 'two\n' });
    const asked = { range: 'main..feature', repository: folder };
    const { text } = await explained(asked, { json: true });
    expect(JSON.parse(text)).toMatchObject({
      range: { from: 'main', to: 'feature', target: 'refs/heads/main' },
      decision: { judgement: { verdict: 'allow' } },
      lands: null,
    });
  });

  test('a base that is a commit is for main, and a branch that is named is taken', async () => {
    const folder = branched({ 'README.md': 'two\n' });
    const range = `${git(folder, 'rev-parse', 'main').trim()}..feature`;
    const asked = { range, repository: folder };
    expect((await explained(asked)).text).toContain(', for refs/heads/main\n');
    const { text } = await explained({ ...asked, branch: 'refs/heads/next' });
    expect(text).toContain(', for refs/heads/next\n');
  });
});

describe('what cannot be answered says why', () => {
  test('a folder that is no repository', async () => {
    const repository = temporaryFolder();
    expect(await refused({ range: 'a..b', repository })).toContain('error[not_a_repository]');
  });

  test('a commit that is not there, and a change of nothing', async () => {
    const repository = branched({ 'README.md': 'two\n' });
    expect(await refused({ range: 'main..gone', repository })).toContain('"gone" is no commit of');
    expect(await refused({ range: 'feature..main', repository })).toContain(
      'main changes nothing since it parted from feature',
    );
  });

  test('a base without a policy is no base to be judged by', async () => {
    const folder = repositoryWith({ 'a.txt': 'a\n' });
    git(folder, 'switch', '--quiet', '--create', 'feature');
    writeAll(folder, { [POLICY]: FULL });
    commitAll(folder);
    expect(await refused({ range: 'main..feature', repository: folder })).toMatch(
      /^2 error\[policy_missing\]: there is no \.proofhouse\/policy\.yaml at the base commit [0-9a-f]{12}\n/,
    );
  });

  test('a base whose policy cannot be read', async () => {
    const folder = branched({ 'README.md': 'two\n' }, { [POLICY]: 'kind: Policy\nzzz: 1\n' });
    expect(await refused({ range: 'main..feature', repository: folder })).toContain(
      'error[policy_invalid]: error[P01',
    );
  });
});

test('nothing that was made to read with stays behind', async () => {
  const repository = branched({ 'README.md': 'two\n' });
  const closed: string[] = [];
  const { context } = desk();
  const local: Context['local'] = async (folder) => {
    const found = await context.local(folder);
    return { ...found, close: () => found.close().then(() => void closed.push(folder)) };
  };
  await explained({ range: 'main..feature', repository }, { local });
  await refused({ range: 'main..gone', repository }, { local });
  expect(closed).toHaveLength(2);
});

describe('what a change reaches', () => {
  const CHARGE = { 'src/auth/charge.ts': "import { round } from '../money.ts';\n" };

  test('without touching it is told under the decision, and changes no verdict', async () => {
    const base = { ...CHARGE, 'src/money.ts': 'export const round = 1;\n' };
    const folder = branched({ 'src/money.ts': 'export const round = 2;\n' }, base);
    const { exit, text } = await explained({ range: 'main..feature', repository: folder });
    expect(exit).toBe(0);
    expect(text).toContain(
      '\nreaches     src/money.ts is imported by src/auth/charge.ts, which gate auth guards',
    );
  });

  test('is nothing where nobody imports it', async () => {
    const free = branched({ 'README.md': 'two\n' }, CHARGE);
    expect((await explained({ range: 'main..feature', repository: free })).text).not.toContain(
      'reaches',
    );
  });
});
