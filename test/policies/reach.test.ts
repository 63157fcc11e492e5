import { describe, expect, test } from 'vitest';
import { importsOf } from '../../policies/reach/imports.ts';
import { reachOf, sourcesOf } from '../../policies/reach.ts';
import { factsOf, load, minimal } from './sample.ts';

const POLICY = load(
  minimal(`groups: { security: { members: [local:rita] } }
unmatched: { class: low }
gates:
  - { id: payments, why: Money., class: critical, paths: ["src/payments/"] }
  - { id: docs, class: low, paths: ["docs/"] }
`),
);
const CHARGE = 'src/payments/charge.ts';

type Files = Readonly<Record<string, string>>;

function reach(files: Files, changed: readonly string[]) {
  const texts = new Map(Object.entries(files));
  return reachOf([POLICY], factsOf(changed), { paths: [...texts.keys()], texts });
}

const guarded = (files: Files, ...changed: string[]) => {
  return reach(files, changed).reaches.map((line) => [line.guarded, ...line.via]);
};

describe('the names of modules in a file', () => {
  test.each<[string, string[]]>([
    ["import a from './a.ts';", ['./a.ts']],
    ['import { a, b } from "./a.js"; import \'./b\';', ['./a.js', './b']],
    ["import type { A } from './a.ts'; import * as b from './b.ts'", ['./a.ts', './b.ts']],
    ["export { a } from './a'; export * from './b'", ['./a', './b']],
    ["const a = require('./a'), b = require.resolve( './b' );", ['./a', './b']],
    ["await import('./a'); await import(/* x */ `./b`)", ['./a', './b']],
    ["import /* why */ a /* from './no' */ from\n'./a'", ['./a']],
    ["// import './no'\n/* require('./no') */ x", []],
    ["const from = './no'; f('./no'); Array.from('./no'); a.require('./no')", []],
    ["const s = \"import './no'\"; t(`from './no'`)", []],
    ['import(`./$'.concat('{name}`); require(name)'), []],
  ])('%j: %j', (text, names) => {
    expect(importsOf('a.ts', text)).toEqual(names);
  });
});

describe('a guarded file is reached', () => {
  test('by a changed file that it imports', () => {
    const files = { [CHARGE]: "import { round } from '../../lib/money.ts'", 'lib/money.ts': '' };
    expect(reach(files, ['lib/money.ts'])).toEqual({
      reaches: [{ changed: 'lib/money.ts', guarded: CHARGE, via: [], gates: ['payments'] }],
      ...{ uses: [], more: 0, isWhole: true },
    });
  });

  test('over other files, and the way there is told', () => {
    const files = {
      [CHARGE]: "import '../a'",
      'src/a/index.ts': "export * from './b.js'",
      'src/a/b.ts': "require('../c.json')",
      'src/c.json': '{}',
    };
    expect(guarded(files, 'src/c.json')).toEqual([[CHARGE, 'src/a/index.ts', 'src/a/b.ts']]);
  });

  test('in a circle that does not end', () => {
    const files = { 'a.ts': "import './b'", 'b.ts': "import './a'", [CHARGE]: "import '../../b'" };
    expect(guarded(files, 'a.ts')).toEqual([[CHARGE, 'b.ts']]);
  });

  test.each<[string, Files, string]>([
    [
      'paths of tsconfig.json',
      { 'tsconfig.json': '{"compilerOptions":{"paths":{"@/*":["lib/*"]}}}' },
      '@/m',
    ],
    [
      'its baseUrl, comments and commas',
      {
        'tsconfig.json':
          '{ // x\n"compilerOptions": { "baseUrl": "./lib", "paths": { "m": ["./m",] }, }, }',
      },
      'm',
    ],
    [
      'imports of package.json',
      { 'package.json': '{"imports":{"#m":{"test":"./lib/m.ts"}}}' },
      '#m',
    ],
  ])('over an alias: %s', (_, more, name) => {
    const files = { ...more, [CHARGE]: `import '${name}'`, 'lib/m.ts': '' };
    expect(guarded(files, 'lib/m.ts')).toEqual([[CHARGE]]);
  });

  test('by a file that the change takes away', () => {
    expect(guarded({ [CHARGE]: "import '../rates'" }, 'src/rates.ts')).toEqual([[CHARGE]]);
  });

  test('not by a file that a gate guards itself, and not where the gate asks nobody', () => {
    const files = { [CHARGE]: "import './rate'", 'docs/a.ts': "import '../lib'", 'lib.ts': '' };
    expect(guarded(files, 'src/payments/rate.ts', 'lib.ts')).toEqual([]);
  });

  test('not by a package, nor by what leads out of the tree', () => {
    const files = { [CHARGE]: "import 'lib'; import '../../../lib'", 'lib.ts': '' };
    expect(guarded(files, 'lib.ts')).toEqual([]);
  });
});

test('a changed file that brings a guarded one in is told too: what is registered under a name', () => {
  const files = { 'src/wiring.ts': "import './payments/charge.ts'", [CHARGE]: '' };
  const line = { changed: 'src/wiring.ts', guarded: CHARGE, via: [], gates: ['payments'] };
  expect(reach(files, ['src/wiring.ts'])).toMatchObject({ reaches: [], uses: [line] });
});

describe('the report is bounded, and says so', () => {
  test('three guarded files of each, twenty lines in all', () => {
    const importing = Array.from({ length: 5 }, (_, at) => {
      const imports = Array.from({ length: 10 }, (_, lib) => `import '../../lib/${lib}.ts'`);
      return [`src/payments/${at}.ts`, imports.join(';')];
    });
    const changed = Array.from({ length: 10 }, (_, at) => `lib/${at}.ts`);
    const told = reach(Object.fromEntries(importing), changed);
    expect(told.reaches).toHaveLength(20);
    expect(told.more).toBe(30);
  });

  test('a source that was not read, or too many of them, could hide more', () => {
    const tree = { paths: ['a.ts'], texts: new Map<string, string>() };
    expect(reachOf([POLICY], factsOf(['b.ts']), tree).isWhole).toBe(false);
    const many = Array.from({ length: 5_001 }, (_, at) => `src/${at}.ts`);
    const { wanted, isWhole } = sourcesOf(many);
    expect([wanted.length, isWhole]).toEqual([5_000, false]);
    expect(sourcesOf(['a.md', 'node_modules/a.js', 'b.tsx', 'package.json'])).toEqual({
      ...{ wanted: ['package.json', 'b.tsx'], isWhole: true },
    });
  });

  test.each<[string, Files, string[]]>([
    [
      'a chain of five thousand files, changed at its far end',
      Object.fromEntries(
        Array.from({ length: 5_000 }, (_, at) => [`src/${at}.ts`, `import './${at + 1}'`]),
      ),
      Array.from({ length: 200 }, (_, at) => `src/${4_999 - at}.ts`),
    ],
    ['a file of imports', { 'a.ts': "import'./a';".repeat(80_000) }, ['b.ts']],
    ['blanks between strings', { 'a.ts': `'a'${' '.repeat(900)}`.repeat(1_000) }, ['b.ts']],
    ['commas', { 'tsconfig.json': ','.repeat(1_000_000), 'a.ts': "import 'x'" }, ['b.ts']],
  ])('%s is read in time', (_, files, changed) => {
    const before = process.cpuUsage();
    reach(files, changed);
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1_000).toBeLessThan(10_000);
  });
});
