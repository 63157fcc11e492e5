import { expect, test } from 'vitest';
import type { Repo } from '../../../orchestrator/intake/repo.ts';
import { filesToRead, survey } from '../../../orchestrator/intake/survey.ts';
import { ownersFrom } from '../../../policies/codeowners.ts';
import { type Files, SHAPES } from './repositories.ts';

/** Fails when anything is read that was not announced. */
function repo(files: Files): Repo {
  const paths = Object.keys(files).sort();
  const announced = new Set(filesToRead(paths));
  const read = (path: string): string | null => {
    if (!announced.has(path)) throw new Error(`${path} was read and not announced`);
    return files[path] ?? null;
  };
  return { name: 'shop', defaultBranch: 'main', paths, read };
}

const surveyOf = (files: Files) => survey(repo(files));
const testsOf = (manifest: object, files: Files = {}) =>
  surveyOf({ 'package.json': JSON.stringify(manifest), ...files }).tests;

test('plain JavaScript: npm without a lock, and the test file tells the runner', () => {
  const { packages, tests } = surveyOf(SHAPES['plain JavaScript with node:test and no lock']);
  expect(packages).toMatchObject({ manager: 'npm', locks: [], manifests: ['package.json'] });
  expect(tests).toMatchObject({
    runner: 'node-test',
    because: '`test/cart.test.js`, which uses node:test',
  });
});

test('a pnpm monorepo: its manager, its owners, and the runners of its packages', () => {
  const found = surveyOf(SHAPES['a pnpm monorepo']);
  expect(found.packages).toMatchObject({
    manager: 'pnpm',
    locks: ['pnpm-lock.yaml'],
    hasWorkspaces: true,
    manifests: ['package.json', 'packages/db/package.json', 'packages/web/package.json'],
  });
  expect(found.tests).toMatchObject({ runner: null, below: ['vitest'] });
  expect(found.owners).toEqual({
    path: '.github/CODEOWNERS',
    problems: [],
    entries: [
      { pattern: '*', owners: ['@acme/everyone'], line: 2 },
      { pattern: '/packages/db/', owners: ['@acme/data', 'ana@example.com'], line: 3 },
      { pattern: '/docs/', owners: [], line: 4 },
    ],
  });
});

test('nothing is made up for an empty repository', () => {
  const { packages, tests, browserTests, owners, sensitive, rules } = surveyOf({});
  expect(packages.manager).toBeNull();
  expect(tests.runner).toBeNull();
  expect(browserTests).toBeNull();
  expect(owners).toBeNull();
  expect(rules).toEqual([]);
  expect(Object.values(sensitive).flat()).toEqual([]);
});

test.each([
  ['yarn.lock', {}, 'yarn'],
  ['bun.lock', {}, 'bun'],
  ['npm-shrinkwrap.json', {}, 'npm'],
  ['package-lock.json', { packageManager: 'yarn@4.0.0' }, 'yarn'],
  ['README.md', {}, 'npm'],
])('with %s and %j the manager is told', (file, manifest, manager) => {
  const { packages } = surveyOf({ 'package.json': JSON.stringify(manifest), [file]: '' });
  expect(packages.manager).toBe(manager);
});

test.each(['{ "scripts": ', '[]', 'null'])(
  'a manifest that npm would not read is a fact, not a crash: %s',
  (text) => {
    const { packages, tests } = surveyOf({ 'package.json': text });
    expect(packages.problem).toBe('package.json is not JSON that npm would read.');
    expect(tests.runner).toBeNull();
  },
);

test('a manifest with odd values keeps what can be used', () => {
  const { packages } = surveyOf({
    'package.json': '\ufeff{"scripts": 7, "dependencies": {"pino": "1"}, "packageManager": []}',
  });
  expect(packages).toMatchObject({ problem: null, scripts: {}, dependencies: ['pino'] });
});

test.each([
  ['vitest', 'vitest --run'],
  ['jest', 'node --experimental-vm-modules node_modules/.bin/jest'],
  ['mocha', 'c8 mocha'],
  ['ava', 'xo && ava'],
  ['tape', 'tape test/*.js | tap-spec'],
  ['tap', 'tap run'],
  ['node-test', 'node --import tsx --test'],
  [null, 'react-scripts test'],
  [null, 'java -jar tests.jar'],
  [null, 'make -- --test'],
])('the runner is %s when the script `test` is `%s`', (runner, script) => {
  expect(testsOf({ scripts: { test: script } }).runner).toBe(runner);
});

test('the script `test` counts before others, and a script before a dependency', () => {
  const scripts = { 'test:e2e': 'mocha e2e', test: 'vitest run' };
  expect(testsOf({ scripts, devDependencies: { jest: '1' } })).toMatchObject({
    runner: 'vitest',
    script: 'test',
  });
  expect(testsOf({ devDependencies: { jest: '1' } })).toMatchObject({
    runner: 'jest',
    because: 'the dependency `jest` in package.json',
  });
});

test('what else the script does is remembered', () => {
  const scripts = { pretest: 'npm run lint', test: 'tsc && mocha out' };
  expect(testsOf({ scripts })).toMatchObject({
    command: 'mocha out',
    leftOut: ['npm run lint', 'tsc'],
  });
});

test('a configuration file tells the runner when nothing else does', () => {
  expect(testsOf({}, { '.mocharc.json': '{}' }).runner).toBe('mocha');
  expect(testsOf({}, { 'vendor/vitest.config.ts': '' }).runner).toBeNull();
});

test('files nobody runs are told apart from no files', () => {
  expect(testsOf({}).because).toBe('no script, no dependency and no file looks like a test');
  expect(testsOf({}, { 'test/a.js': '' }).because).toMatch(/^1 files look like tests/);
  expect(testsOf({ scripts: { test: 'make check' } }).because).toContain('`make check`');
});

test('Playwright: folder, app and port come from its configuration', () => {
  const config = `export default {
    testDir: './browser',
    use: { baseURL: 'http://localhost:4173' },
    webServer: { command: 'node server.js --port 4173', port: 4173 } };`;
  const files = { 'playwright.config.ts': config, 'browser/a.spec.ts': '', 'package.json': '{}' };
  expect(surveyOf(files).browserTests).toEqual({
    because: 'the file `playwright.config.ts`',
    folder: 'browser/',
    app: ['node', 'server.js', '--port', '4173'],
    port: 4173,
  });
});

test('Playwright: what its configuration does not say stays unknown', () => {
  const files = {
    'playwright.config.ts': "webServer: { command: 'npm run build && npm start' }",
    'package.json': '{}',
  };
  expect(surveyOf(files).browserTests).toMatchObject({ folder: null, app: null, port: null });
});

test.each([
  ['auth', 'src/auth/login.ts', '/src/auth/'],
  ['auth', 'src/auth/session/store.ts', '/src/auth/'],
  ['auth', 'auth/index.ts', '/auth/'],
  ['auth', 'src/Session.ts', '/src/Session.ts'],
  ['auth', 'app/(shop)/oauth2/page.tsx', '/app/(shop)/oauth2/'],
  ['payments', 'src/billing/a.ts', '/src/billing/'],
  ['migrations', 'db/migrate/1.rb', '/db/migrate/'],
  ['migrations', 'prisma/schema.prisma', '/prisma/schema.prisma'],
  ['infrastructure', 'deploy/a.yaml', '/deploy/'],
  ['infrastructure', 'main.tf', '/main.tf'],
  ['infrastructure', 'docker-compose.dev.yml', '/docker-compose.dev.yml'],
  ['ci', '.github/workflows/ci.yml', '/.github/'],
  ['ci', 'Jenkinsfile', '/Jenkinsfile'],
] as const)('%s: %s is covered by %s', (kind, path, pattern) => {
  expect(surveyOf({ [path]: '' }).sensitive[kind]).toEqual([{ pattern, files: 1 }]);
});

test.each([
  'test/auth/login.ts',
  'docs/payments/a.md',
  'src/author/index.ts',
  'src/auth.test.ts',
  'node_modules/auth/index.js',
  'src/session.png',
  'a\nb/auth/x.ts',
  'a\\b/auth/x.ts',
])('%j looks like nothing that people must see', (path) => {
  expect(Object.values(surveyOf({ [path]: '' }).sensitive).flat()).toEqual([]);
});

test('stars in a folder name mean themselves in its pattern', () => {
  expect(surveyOf({ 'a*b?/auth/x.ts': '' }).sensitive.auth).toEqual([
    { pattern: '/a\\*b\\?/auth/', files: 1 },
  ]);
});

test('CODEOWNERS: blanks in a path, comments and sections', () => {
  const text = '[Docs] @x\n^[Opt]\n/my\\ docs/ @a @b # c\r\n\n#only\n*.js @c\n';
  expect(ownersFrom('CODEOWNERS', text).entries).toEqual([
    { pattern: '/my docs/', owners: ['@a', '@b'], line: 3 },
    { pattern: '*.js', owners: ['@c'], line: 6 },
  ]);
});

test('however large a repository is, few of its files are read', () => {
  const paths = Array.from({ length: 500 }, (_, index) => [
    `packages/p${index}/package.json`,
    `packages/p${index}/a.test.ts`,
  ]).flat();
  expect(filesToRead(paths)).toHaveLength(60);
});
