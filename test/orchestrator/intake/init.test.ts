import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Person } from '../../../orchestrator/domain/ids.ts';
import { init } from '../../../orchestrator/intake/init.ts';
import { parseWorkspaceFile } from '../../../orchestrator/intake/workspace-file.ts';
import { lint } from '../../../policies/lint.ts';
import { parsePolicy } from '../../../policies/parse.ts';
import {
  commitAll,
  git,
  repositoryWith,
  SHAPE_NAMES,
  SHAPES,
  type Shape,
  temporaryFolder,
  writeAll,
} from './repositories.ts';

const options = { person: Person.parse('local:pia') };
const BOTH = ['.proofhouse/policy.yaml', '.proofhouse/workspace.yaml'];
const VITEST: Shape = 'TypeScript with vitest and an npm lock';

test.each(SHAPE_NAMES)(
  '%s: both files are written, and lint without an error once committed',
  async (shape) => {
    const folder = repositoryWith(SHAPES[shape]);
    const result = await init(folder, options);
    expect(result).toMatchObject({ root: realpathSync(folder), written: BOTH, kept: [] });
    commitAll(folder);
    const read = (name: string) => readFileSync(join(folder, name), 'utf8');
    const parsed = parsePolicy(read('.proofhouse/policy.yaml'), '.proofhouse/policy.yaml');
    if ('problems' in parsed) throw new Error(JSON.stringify(parsed.problems, null, 2));
    const known = git(folder, 'ls-files', '-z').split('\0').slice(0, -1);
    const now = '2026-03-01T10:00:00Z';
    const problems = lint([parsed.policy], { known, now, requester: null });
    expect(problems.filter(({ severity }) => severity === 'error')).toEqual([]);
    expect(parseWorkspaceFile(read('.proofhouse/workspace.yaml'), 'w').kind).toBe('Workspace');
  },
);

test('what was found is explained in sentences', async () => {
  const said = async (shape: Shape) =>
    (await init(repositoryWith(SHAPES[shape]), options)).explained;
  expect(await said(VITEST)).toEqual([
    'Packages: npm, package-lock.json.',
    'Tests: vitest, by the script `test`.',
    'Looks like payments: /src/payments/.',
    'Looks like infrastructure: /Dockerfile.',
  ]);
  expect(await said('a pnpm monorepo')).toEqual([
    'Packages: pnpm, pnpm-lock.yaml; see workspace.yaml for how to install them.',
    'Tests: to be filled in under validators in policy.yaml (the script `test` is `pnpm -r test`, and that starts no runner known here).',
    'Owners: 3 entries in .github/CODEOWNERS, listed in policy.yaml.',
    'Looks like auth: /packages/web/app/(auth)/login.tsx.',
    'Looks like migrations: /packages/db/prisma/migrations/, /packages/db/prisma/schema.prisma.',
    'Looks like ci: /.github/.',
  ]);
  expect(await said('one empty commit')).toEqual([
    'No package.json at the root: nothing is installed.',
    'Tests: to be filled in under validators in policy.yaml (no script, no dependency and no file looks like a test).',
  ]);
});

test('a file that exists stays as it is, and is named', async () => {
  const folder = repositoryWith(SHAPES.mocha);
  writeAll(folder, { '.proofhouse/policy.yaml': 'mine\n' });
  expect(await init(folder, options)).toMatchObject({
    written: ['.proofhouse/workspace.yaml'],
    kept: ['.proofhouse/policy.yaml'],
  });
  expect(readFileSync(join(folder, '.proofhouse/policy.yaml'), 'utf8')).toBe('mine\n');
  expect(await init(folder, options)).toMatchObject({ written: [], kept: BOTH });
});

test('a subfolder means its repository', async () => {
  const folder = repositoryWith(SHAPES[VITEST]);
  await init(join(folder, 'src'), options);
  expect(existsSync(join(folder, '.proofhouse/policy.yaml'))).toBe(true);
  expect(existsSync(join(folder, 'src/.proofhouse'))).toBe(false);
});

test('the commit is read and not the working tree', async () => {
  const folder = repositoryWith(SHAPES[VITEST]);
  rmSync(join(folder, 'package.json'));
  writeAll(folder, { 'src/auth/new.ts': '' });
  const { survey } = await init(folder, options);
  expect(survey.packages.manager).toBe('npm');
  expect(survey.sensitive.auth).toEqual([]);
});

test('the default branch is the one of the remote, else the one checked out, else unknown', async () => {
  const branchOf = async (folder: string) => (await init(folder, options)).survey.defaultBranch;
  const folder = repositoryWith({}, 'trunk');
  expect(await branchOf(folder)).toBe('trunk');
  const copy = join(temporaryFolder(), 'copy');
  execFileSync('git', ['clone', '--quiet', folder, copy]);
  git(copy, 'checkout', '--quiet', '-b', 'topic');
  expect(await branchOf(copy)).toBe('trunk');
  git(folder, 'checkout', '--quiet', '--detach');
  expect(await branchOf(folder)).toBeNull();
  expect((await init(folder, { ...options, base: 'next' })).survey.defaultBranch).toBe('next');
});

test('names of files are taken as they are, with quotes, umlauts and line ends', async () => {
  const path = 'ä "b"\nc/x.ts';
  const folder = repositoryWith({ [path]: '' });
  expect((await init(folder, options)).survey.paths).toEqual([path]);
});

test('a manifest too large to be one is not read', async () => {
  const folder = repositoryWith({ 'package.json': `{"a":"${'x'.repeat(1_100_000)}"}` });
  expect((await init(folder, options)).survey.packages.problem).not.toBeNull();
});

const refused = (code: string, message: RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) });

test('a folder that is no repository is refused, and nothing is written', async () => {
  const folder = temporaryFolder();
  await expect(init(folder, options)).rejects.toEqual(
    refused('not_a_repository', /not a git repository/),
  );
  expect(existsSync(join(folder, '.proofhouse'))).toBe(false);
  await expect(init(join(folder, 'gone'), options)).rejects.toEqual(
    refused('not_a_repository', /gone/),
  );
});

test('a repository without a commit is refused, and so is a bare one', async () => {
  const folder = temporaryFolder();
  git(folder, 'init', '--quiet');
  await expect(init(folder, options)).rejects.toEqual(
    refused('not_a_repository', /has no commit yet/),
  );
  const bare = temporaryFolder();
  git(bare, 'init', '--quiet', '--bare');
  await expect(init(bare, options)).rejects.toEqual(refused('not_a_repository', /work tree/));
});

test('nothing is written through a link', async () => {
  const folder = repositoryWith({});
  const outside = temporaryFolder();
  symlinkSync(outside, join(folder, '.proofhouse'));
  await expect(init(folder, options)).rejects.toEqual(refused('usage', /is a link/));
  expect(existsSync(join(outside, 'policy.yaml'))).toBe(false);

  rmSync(join(folder, '.proofhouse'));
  mkdirSync(join(folder, '.proofhouse'));
  symlinkSync(join(outside, 'policy.yaml'), join(folder, '.proofhouse/policy.yaml'));
  expect((await init(folder, options)).kept).toEqual(['.proofhouse/policy.yaml']);
  expect(existsSync(join(outside, 'policy.yaml'))).toBe(false);
});

test('a file in the place of the folder is a machinery error that names it', async () => {
  const folder = repositoryWith({});
  writeFileSync(join(folder, '.proofhouse'), '');
  await expect(init(folder, options)).rejects.toThrow(/EEXIST.*\.proofhouse/);
});
