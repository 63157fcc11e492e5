/** Of the changes that must always be denied or held, those that only their content gives away. */
import { rmSync } from 'node:fs';
import path from 'node:path';
import { commitAll, git, writeAll } from '../../orchestrator/intake/repositories.ts';
import { load } from '../../policies/sample.ts';
import {
  allows,
  changed,
  inAuth,
  LOCK,
  LOGIN,
  MANIFEST,
  manifest,
  namesPass,
  POLICY,
  type Row,
  RUNNER,
  TESTS,
  without,
  withoutPacks,
  writes,
} from './attack.ts';

const CORE = { weak: 'without the pack core', passes: allows(without('core')) };
const NODE = { weak: 'without the pack node', passes: allows(without('node')) };
const PACKS = { weak: 'without packs', passes: allows(withoutPacks) };

/** Put together here, so that no scanner takes this file for a leak. */
const SECRET = {
  'lib/key.ts': `export const key = "gh${'p_'}${'aZ3kQ9xL2mN7pR4tV8wY'.repeat(2).slice(0, 36)}";\n`,
};
const isKey = (name: string): boolean => name === 'lib/key.ts';

const HISTORY: readonly Row[] = [
  {
    ...{ id: 'DENY', attack: 'a secret that the next commit takes back', ours: 'core.secret' },
    does: (folder) => {
      writeAll(folder, SECRET);
      commitAll(folder);
      rmSync(path.join(folder, 'lib/key.ts'));
      writeAll(folder, { 'src/cart.ts': 'export const cart = [1];\n' });
    },
    ...{ weak: 'only what is there in the end is looked at', passes: namesPass(isKey) },
  },
  {
    ...{ id: 'DENY', attack: 'a secret that came in through the second parent of a merge' },
    does: (folder) => {
      git(folder, 'checkout', '--quiet', '-b', 'side');
      writeAll(folder, SECRET);
      commitAll(folder);
      git(folder, 'checkout', '--quiet', 'head');
      writeAll(folder, { 'src/cart.ts': 'export const cart = [1];\n' });
      commitAll(folder);
      const who = ['-c', 'user.name=Pia', '-c', 'user.email=pia@example.com'];
      git(folder, ...who, 'merge', '--quiet', '--strategy=ours', '--message=Merge', 'side');
    },
    weak: 'first parents are followed',
    passes: ({ folder }) => {
      const log = git(folder, 'log', '--first-parent', '--name-only', '--format=', 'main..head');
      return !log.split('\n').some(isKey);
    },
    ours: 'core.secret',
  },
];

const NAMES: readonly Row[] = [
  {
    ...{ id: 'DENY', attack: 'a folder in look-alike letters', ours: 'core.deceptive-text' },
    does: writes({ 'src/\u0430uth/login.ts': 'export const login = 2;\n' }),
    ...{ weak: 'names are compared letter by letter', passes: namesPass(inAuth) },
  },
];

const SIZE: readonly Row[] = [
  {
    ...{ id: 'DENY', attack: '501 files', ours: 'over_limit' },
    does: writes(
      Object.fromEntries(Array.from({ length: 501 }, (_, at) => [`docs/${at}.md`, 'x'])),
    ),
    weak: 'without an absolute limit of files',
    passes: allows(() => changed('max_files: 500, ', '')),
  },
  {
    ...{ id: 'DENY', attack: '20,001 lines in one file', ours: 'over_limit' },
    does: writes({ 'docs/long.md': 'line\n'.repeat(20_001) }),
    weak: 'without an absolute limit of lines',
    passes: allows(() => changed(', max_changed_lines: 20k', '')),
  },
];

const INSTALLED: readonly Row[] = [
  {
    ...{ id: 'DENY', attack: 'a prepare script', ours: 'node.install-scripts', ...NODE },
    does: writes({
      'package.json': manifest({ scripts: { ...MANIFEST.scripts, prepare: 'node lib/run.ts' } }),
    }),
  },
  {
    ...{ id: 'DENY', attack: 'a lock file that changes alone', ours: 'node.lockfile', ...NODE },
    does: writes({ 'package-lock.json': LOCK('6.6.6') }),
  },
  {
    ...{
      id: 'DENY',
      attack: 'a Git LFS pointer in the place of a file',
      ours: 'core.lfs',
      ...CORE,
    },
    does: writes({
      'data/rates.csv': `version https://git-lfs.github.com/spec/v1\noid sha256:${'0'.repeat(64)}\nsize 9\n`,
    }),
  },
  {
    ...{ id: 'DENY', attack: 'another base image by an ARG', ours: 'core.base-image', ...CORE },
    does: writes({ Dockerfile: `ARG NODE=evil\nFROM node:$\{NODE}\n` }),
  },
];

const isWorkflow = (name: string): boolean => /^\.github\/workflows\/.*\.yml$/.test(name);
const YML = { weak: 'names that end in .yml are guarded', passes: namesPass(isWorkflow) };

const WORKFLOWS: readonly Row[] = [
  {
    ...{ id: 'DENY', attack: 'a workflow whose name ends in .yaml', ...YML },
    does: writes({ '.github/workflows/ci.yaml': 'on: push\njobs: {}\n' }),
    ours: 'github-actions.workflows',
  },
  {
    ...{ id: 'DENY', attack: 'a composite action that a workflow uses', ...YML },
    does: writes({
      '.github/actions/x/action.yml': 'runs:\n  using: composite\n  steps: [{ uses: "a/b@v1" }]\n',
    }),
    ours: 'github-actions.unpinned',
  },
  {
    ...{ id: 'DENY', attack: 'pull_request_target', ours: 'github-actions.trigger', ...PACKS },
    does: writes({
      '.github/workflows/ci.yml': 'on: pull_request_target\npermissions: read-all\njobs: {}\n',
    }),
  },
];

const CHECKS: readonly Row[] = [
  {
    ...{ id: 'DENY', attack: 'a test that is skipped', ours: 'core.tests-weakened', ...CORE },
    does: writes({ 'test/auth.test.ts': TESTS.replace("test('", "test.skip('") }),
  },
  {
    ...{
      id: 'DENY',
      attack: 'tests left out by the runner',
      ours: 'core.tests-weakened',
      ...PACKS,
    },
    does: writes({
      'vitest.config.ts': RUNNER.replace("['test/**']", "['test/**'], exclude: ['test/auth*']"),
    }),
  },
  {
    ...{
      id: 'DENY',
      attack: 'a lower threshold of coverage',
      ours: 'core.tests-weakened',
      ...PACKS,
    },
    does: writes({ 'vitest.config.ts': RUNNER.replace('lines: 90', 'lines: 10') }),
  },
];

const UNGATED = POLICY.replace(/^gates:\n.*\n/m, '').replace(/^packs:.*\n/m, '');

const TOGETHER: readonly Row[] = [
  {
    ...{ id: 'DENY', attack: 'its gate taken out of the policy in the same change', ours: 'auth' },
    does: writes({ '.proofhouse/policy.yaml': UNGATED, [LOGIN]: 'export const login = 2;\n' }),
    weak: "the change's policy judges in the place of the base's",
    passes: allows(() => load(UNGATED)),
  },
];

export const DENIED: readonly Row[] = [
  ...HISTORY,
  ...NAMES,
  ...SIZE,
  ...INSTALLED,
  ...WORKFLOWS,
  ...CHECKS,
  ...TOGETHER,
];
