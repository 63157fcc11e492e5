import { describe, expect, test } from 'vitest';
import { npmResolutionChanged } from '../../../policies/detect/npm-resolution.ts';
import { change, keysOf, QUICK_MS, unread } from './change.ts';

const base = {
  name: 'shop',
  version: '1.0.0',
  type: 'module',
  imports: { '#auth': './src/auth/login.ts' },
  exports: { import: './a.js', default: './b.js' },
  scripts: { start: 'node src/server.ts', test: 'vitest' },
  jest: { moduleNameMapper: { '^x$': './x.ts' }, verbose: true },
};
const text = (value: unknown) => (value === null ? null : JSON.stringify(value, null, 2));
const keys = (before: unknown, after: unknown) =>
  keysOf(npmResolutionChanged, [change('package.json', text(before), text(after))]);

describe('what an import means', () => {
  test.each<[string, object, string[]]>([
    [
      'another target of an import',
      { imports: { '#auth': './src/free.ts' } },
      ['imports: {"#auth":"./src/free.ts"}'],
    ],
    [
      'conditions in another order',
      { exports: { default: './b.js', import: './a.js' } },
      ['exports: {"default":"./b.js","import":"./a.js"}'],
    ],
    ['another kind of module', { type: 'commonjs' }, ['type: "commonjs"']],
    ['another first file', { main: 'evil.js' }, ['main: "evil.js"']],
    ['a command of its own', { bin: { node: './evil.js' } }, ['bin: {"node":"./evil.js"}']],
    ['a stand-in for browsers', { browser: { './a.js': false } }, ['browser: {"./a.js":false}']],
    ['another folder of packages', { workspaces: ['evil/*'] }, ['workspaces: ["evil/*"]']],
    [
      'an alias of a tool',
      { _moduleAliases: { '@auth': 'lib' } },
      ['_moduleAliases: {"@auth":"lib"}'],
    ],
    [
      'a stand-in in tests',
      { jest: { moduleNameMapper: { auth: './fake.ts' } } },
      ['jest.moduleNameMapper: {"auth":"./fake.ts"}'],
    ],
    [
      'code that is loaded first',
      { scripts: { ...base.scripts, start: 'node --import ./evil.mjs src/server.ts' } },
      ['scripts.start: "node --import ./evil.mjs src/server.ts"'],
    ],
    [
      'code that is loaded first, in short',
      { scripts: { ...base.scripts, start: 'node -r ./evil.cjs src/server.ts' } },
      ['scripts.start: "node -r ./evil.cjs src/server.ts"'],
    ],
    [
      'options in a variable',
      { scripts: { ...base.scripts, test: 'NODE_OPTIONS=-C=fake vitest' } },
      ['scripts.test: "NODE_OPTIONS=-C=fake vitest"'],
    ],
  ])('is changed by %s', (_, more, found) => {
    expect(keys(base, { ...base, ...more })).toEqual(found);
  });

  test('is changed by a field that is gone', () => {
    const { type: _, ...rest } = base;
    expect(keys(base, rest)).toEqual(['removed type']);
  });

  test('is not changed by a version, another order of fields, or a script that loads nothing', () => {
    const { name, ...rest } = base;
    const after = {
      ...rest,
      ...{ name, version: '2.0.0', jest: { ...base.jest, verbose: false } },
      scripts: { ...base.scripts, build: 'cp -r a b && tool --important' },
    };
    expect(keys(base, after)).toEqual([]);
  });

  test('goes by the nearest package.json, be it empty', () => {
    expect(keys(null, {})).toEqual(['scope added']);
    expect(keys({}, null)).toEqual(['scope removed']);
  });

  test('of a file that nobody can read is not known to be harmless', () => {
    const files = (after: Parameters<typeof change>[2]) => [change('a/package.json', '{}', after)];
    for (const after of [unread, '{', '{"type":"module","type":"commonjs"}', '[]']) {
      expect(keysOf(npmResolutionChanged, files(after))).toEqual(['unreadable']);
    }
  });

  test('a line is told', () => {
    const files = [change('package.json', '{}', '{\n  "name": "x",\n  "main": "b.js"\n}')];
    const [firing] = npmResolutionChanged.detect({ files, all: files, roots: [] }, {});
    expect(firing).toMatchObject({ line: 3, message: expect.stringContaining('main: "b.js"') });
  });
});

test.each([
  ['options', `node ${'--import'.repeat(100_000)}`],
  ['blanks', `node ${' '.repeat(900_000)}-`],
  ['names of programs', 'node '.repeat(180_000)],
])('a mebibyte of %s takes no long time', (_, command) => {
  const start = performance.now();
  keys({}, { scripts: { start: command } });
  expect(performance.now() - start).toBeLessThan(QUICK_MS);
});
