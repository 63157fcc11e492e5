import { describe, expect, test } from 'vitest';
import { testsWeakened } from '../../../policies/detect/tests-weakened.ts';
import { cpuMs, MEBIBYTE_MS } from './cpu-time.ts';
import { fileChange, firingsOf, keysOf } from './file-change.ts';

const kinds = (path: string, before: string | null, after: string | null) =>
  keysOf(testsWeakened, path, before, after).map((key) => key.replace(/:[0-9a-f]{12}$/, ''));

const VITEST = `import { configDefaults, defineConfig } from 'vitest/config';
export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    exclude: [...configDefaults.exclude, 'test/slow/**'],
    allowOnly: false,
    retry: 0,
    coverage: { thresholds: { lines: 90, branches: 80.5 } },
  },
});
`;
const vitest = (from: string | RegExp, to: string) =>
  kinds('vitest.config.ts', VITEST, VITEST.replace(from, to));

describe('a runner in JavaScript looks at less', () => {
  test.each([
    ['a threshold is lowered', 'lines: 90', 'lines: 85', ['lowered:lines:90>85']],
    ['by less than one', '80.5', '80.4', ['lowered:branches:80.5>80.4']],
    ['a threshold is removed', 'lines: 90, ', '', ['lowered:lines:90>nothing']],
    [
      'a threshold is commented out',
      'lines: 90,',
      '/* lines: 90, */',
      ['lowered:lines:90>nothing'],
    ],
    ['an item of include is gone', "'src/**/*.test.ts', ", '', ['narrowed:include']],
    ['an item of include is another', 'src/**/*.test.ts', 'src/a.test.ts', ['narrowed:include']],
    [
      'include is computed',
      "['src/**/*.test.ts', 'test/**/*.test.ts']",
      'mine()',
      ['narrowed:include'],
    ],
    [
      'an item of exclude is new',
      "'test/slow/**'",
      "'test/slow/**', 'src/auth/**'",
      ['left-out:exclude'],
    ],
    ['exclude is spread', "'test/slow/**'", "'test/slow/**', ...more", ['left-out:exclude']],
    [
      'tests are filtered',
      'retry: 0',
      'retry: 0, testNamePattern: /fast/',
      ['left-out:testNamePattern'],
    ],
    ['failures are tried again', 'retry: 0', 'retry: 3', ['raised:retry:0>3']],
    [
      'failures are tried again somewhere',
      'retry: 0',
      'retry: process.env.CI ? 2 : 0',
      ['raised:retry:0>2'],
    ],
    ['no test is enough', 'retry: 0', 'retry: 0, passWithNoTests: true', ['switch:no-tests:0>1']],
    [
      'one test is enough',
      'allowOnly: false',
      'allowOnly: true',
      ['switch:allows-only:0>1', 'switch:forbid-only:1>0'],
    ],
    [
      'errors are ignored',
      'retry: 0',
      'dangerouslyIgnoreUnhandledErrors: true, retry: 0',
      ['switch:ignores-errors:0>1'],
    ],
  ])('%s', (_, from, to, keys) => {
    expect(vitest(from, to)).toEqual(keys);
    const crlf = VITEST.replaceAll('\n', '\r\n');
    expect(kinds('vitest.config.ts', crlf, `\uFEFF${crlf.replace(from, to)}`)).toEqual(keys);
  });

  test.each([
    ['a threshold is raised', 'lines: 90', 'lines: 95'],
    ['include is wider', "'src/**/*.test.ts', ", "'src/**/*.test.ts', 'lib/**/*.test.ts', "],
    ['exclude is shorter', ", 'test/slow/**'", ''],
    [
      'folders without tests are left out',
      "'test/slow/**'",
      "'test/slow/**', '**/node_modules/**', 'dist', '.cache/**'",
    ],
    [
      'lists in another order',
      /include: .*\n( *exclude: .*\n)/,
      "$1    include: ['test/**/*.test.ts', 'src/**/*.test.ts'],\n",
    ],
    ['a comment', 'retry: 0', 'retry: 0 // passWithNoTests: true'],
    ['a switch that is off', 'retry: 0', 'retry: 0, passWithNoTests: false'],
  ])('harmless: %s', (_, from, to) => {
    expect(vitest(from, to)).toEqual([]);
  });

  test('a list where the default was in force', () => {
    expect(
      kinds('jest.config.js', 'module.exports = {};', "module.exports = { testMatch: ['a'] };"),
    ).toEqual(['narrowed:testMatch']);
    expect(
      kinds('jest.config.js', "module.exports = { testMatch: ['a'] };", 'module.exports = {};'),
    ).toEqual([]);
  });

  test('a new file is judged by what it leaves out and switches off, not by what it includes', () => {
    expect(kinds('vitest.config.ts', null, VITEST)).toEqual(['left-out:exclude']);
    expect(
      kinds('vitest.config.ts', null, "export default { include: ['a'], exclude: ['dist'] }"),
    ).toEqual([]);
    expect(kinds('vitest.config.ts', null, 'export default { passWithNoTests: true }')).toEqual([
      'switch:no-tests:0>1',
    ]);
  });

  test('the message tells what is left out', () => {
    const after = VITEST.replace("'test/slow/**'", "'test/slow/**', 'src/auth/**'");
    const [firing] = firingsOf(testsWeakened, [fileChange('vitest.config.ts', VITEST, after)]);
    expect(firing?.message).toBe('vitest.config.ts leaves out more with "exclude": "src/auth/**"');
  });
});

describe('other runners', () => {
  test.each([
    [
      'playwright.config.ts',
      'export default { retries: 1, forbidOnly: !!process.env.CI }',
      'export default { retries: 1 }',
      ['switch:forbid-only:1>0'],
    ],
    [
      'playwright.config.ts',
      'export default { grep: /@smoke|@full/ }',
      'export default { grep: /@smoke/ }',
      ['left-out:grep'],
    ],
    [
      '.nycrc',
      '{ "check-coverage": true, "lines": 80, "exclude": ["a"] }',
      '{ "lines": 70, "exclude": ["a", "b"] }',
      ['lowered:lines:80>70', 'switch:check-coverage:1>0', 'left-out:exclude'],
    ],
    ['.mocharc.yml', 'spec:\n  - a\n  - b\n', 'spec:\n  - a\n', ['narrowed:spec']],
    ['.mocharc.yml', 'spec: a\nignore: []\n', "spec: a\nignore:\n- 'b'\n", ['left-out:ignore']],
    [
      'pytest.ini',
      '[pytest]\ntestpaths = unit integration\n',
      '[pytest]\ntestpaths =\n    unit\n',
      ['narrowed:testpaths'],
    ],
    [
      'pytest.ini',
      '[pytest]\naddopts = -q\n',
      '[pytest]\naddopts = -q -m "not slow"\n',
      ['switch:filter:0>1'],
    ],
    [
      'pytest.ini',
      '[pytest]\naddopts = --cov-fail-under=90\n',
      '[pytest]\naddopts = --cov-fail-under=50\n',
      ['lowered:cov-fail-under:90>50'],
    ],
    ['pytest.ini', '[pytest]\nxfail_strict = true\n', '[pytest]\n', ['switch:strict-xfail:1>0']],
    [
      'pyproject.toml',
      '[tool.pytest.ini_options]\ntestpaths = [\n  "a",\n  "b",\n]\n',
      '[tool.pytest.ini_options]\ntestpaths = [\n  "a",\n]\n',
      ['narrowed:testpaths'],
    ],
    [
      'pyproject.toml',
      '[tool.coverage.report]\nfail_under = 90\nomit = []\n',
      '[tool.coverage.report]\nfail_under = 80\nomit = ["src/auth/*"]\n',
      ['lowered:fail_under:90>80', 'left-out:omit'],
    ],
    [
      'setup.cfg',
      '[tool:pytest]\naddopts = -q\n',
      '[tool:pytest]\naddopts = -q --deselect a::b\n',
      ['switch:filter:0>1'],
    ],
    [
      'tox.ini',
      '[testenv]\ncommands = pytest\n',
      '[testenv]\ncommands = pytest --ignore=a\n',
      ['switch:filter:0>1'],
    ],
    ['.coveragerc', '[run]\nomit =\n    a\n', '[run]\nomit =\n    a\n    b\n', ['left-out:omit']],
    [
      'codecov.yml',
      'coverage:\n  status:\n    project:\n      default:\n        target: 80%\n        threshold: 1%\n',
      'coverage:\n  status:\n    project:\n      default:\n        target: auto\n        threshold: 10%\n        informational: true\n',
      ['lowered:target:80>nothing', 'raised:threshold:1>10', 'switch:informational:0>1'],
    ],
  ])('%s: %j', (path, before, after, keys) => {
    expect(kinds(path, before, after)).toEqual(keys);
  });

  test.each([
    ['pyproject.toml', '[tool.ruff]\nexclude = []\n', '[tool.ruff]\nexclude = ["src/auth"]\n'],
    ['setup.cfg', '[flake8]\nignore = E501\n', '[flake8]\nignore = E501,E502\n'],
    ['pyproject.toml', '[project]\nname = "a"\n', '[project]\nname = "b"\n'],
  ])('a section of another tool is not read: %s', (path, before, after) => {
    expect(kinds(path, before, after)).toEqual([]);
  });
});

describe('package.json', () => {
  const manifest = (scripts: Record<string, string>, more: object = {}) =>
    JSON.stringify({ name: 'a', scripts, ...more }, null, 2);
  const before = manifest({ test: 'npm run lint && vitest run', build: 'tsc' });

  test.each([
    ['echo ok', ['script-no-op']],
    ['exit 0', ['script-no-op']],
    ['true', ['script-no-op']],
    ['', ['script-no-op']],
    ['node -e ""', ['script-no-op']],
    ['npm run lint && vitest run || true', ['script-hides-failure']],
    ['npm run lint && vitest run; exit 0', ['script-hides-failure']],
    ['npm run lint && vitest run || echo failed', ['script-hides-failure']],
    ['npm run lint && vitest run | tee log', ['script-hides-failure']],
    ['npm run lint', ['script-shorter']],
    ['npm run lint && vitest run --passWithNoTests', ['switch:no-tests:0>1']],
    ['npm run lint && vitest run -t "fast"', ['switch:filter:0>1']],
    ['npm run lint && jest --forceExit', ['switch:force-exit:0>1']],
  ])('the test script becomes %j', (script, keys) => {
    expect(kinds('package.json', before, manifest({ test: script, build: 'tsc' }))).toEqual(keys);
  });

  test('the test script is gone', () => {
    expect(kinds('a/package.json', before, manifest({ build: 'tsc' }))).toEqual(['script-removed']);
    expect(kinds('a/package.json', manifest({ 'test:e2e': 'x' }), manifest({ test: 'x' }))).toEqual(
      ['script-removed'],
    );
  });

  test.each([
    ['another runner', manifest({ test: 'npm run lint && node --test', build: 'tsc' })],
    ['another script', manifest({ test: 'npm run lint && vitest run', build: 'true' })],
    [
      'a new test script that does nothing',
      manifest({ test: 'npm run lint && vitest run', 'test:a': 'true' }),
    ],
    [
      'a dependency',
      manifest(
        { test: 'npm run lint && vitest run' },
        { dependencies: { a: '1' }, exclude: ['x'] },
      ),
    ],
  ])('harmless: %s', (_, after) => {
    expect(kinds('package.json', before, after)).toEqual([]);
  });

  test.each([
    [
      'jest',
      { coverageThreshold: { global: { lines: 80 } } },
      { coverageThreshold: { global: { lines: 10 } } },
      ['lowered:lines:80>10'],
    ],
    [
      'jest',
      {},
      { testPathIgnorePatterns: ['/node_modules/', '/auth/'] },
      ['left-out:testPathIgnorePatterns'],
    ],
    ['c8', { exclude: ['a'] }, { exclude: ['a', 'b'] }, ['left-out:exclude']],
  ])('its block %s', (name, old, now, keys) => {
    expect(
      kinds('package.json', manifest({}, { [name]: old }), manifest({}, { [name]: now })),
    ).toEqual(keys);
  });

  test('that cannot be parsed fires', () => {
    expect(kinds('package.json', before, '{')).toEqual(['unreadable']);
    expect(kinds('package.json', '[]', before)).toEqual(['unreadable']);
    expect(kinds('package.json', null, before)).toEqual([]);
  });

  test('names of the language itself are names', () => {
    const odd = '{"scripts": {"__proto__": "x", "constructor": "y", "test": "z"}}';
    expect(kinds('package.json', odd, odd.replace('z', 'true'))).toEqual(['script-no-op']);
  });
});

test.each([
  ['vitest.config.ts', 'exclude: ['.repeat(100_000)],
  ['vitest.config.ts', `exclude: [${"'a', ".repeat(200_000)}]`],
  ['vitest.config.ts', "include: 'a',\n".repeat(70_000)],
  [
    '.mocharc.yml',
    Array.from({ length: 1_400 }, (_, depth) => `${' '.repeat(depth)}ignore:`).join('\n'),
  ],
  ['.mocharc.yml', `ignore:\n${'  - a\n'.repeat(170_000)}`],
  ['pytest.ini', 'lines = 1\n'.repeat(100_000)],
  ['pytest.ini', `[${'a'.repeat(1_000_000)}`],
  ['package.json', `{"scripts":{"test":${JSON.stringify('a && '.repeat(200_000))}}}`],
])('a mebibyte of %s takes no longer than linear work', (path, text) => {
  const spent = cpuMs(() => {
    kinds(path, text, `${text}\n`);
  });
  expect(spent).toBeLessThan(MEBIBYTE_MS);
});

test('a list that is too long to read is named by its text', () => {
  const long = (item: string) => `export default { exclude: [${`'${item}', `.repeat(9_000)}] };`;
  expect(kinds('vitest.config.ts', long('a'), long('b'))).toEqual(['left-out:exclude']);
  expect(kinds('vitest.config.ts', long('a'), `${long('a')}  `.trim())).toEqual([]);
});
