import { describe, expect, test } from 'vitest';
import type { Detector } from '../../../policies/detect/detector.ts';
import {
  newDependencies,
  npmDependencyAdded,
  npmDependencyChanged,
  npmDependencyRemoved,
  npmLifecycleScriptChanged,
} from '../../../policies/detect/npm.ts';
import { change, keysOf, QUICK_MS, unread } from './change.ts';

const json = (value: unknown) => JSON.stringify(value, null, 2);
const base = {
  name: 'shop',
  dependencies: { express: '^5.0.0' },
  devDependencies: { vitest: '5' },
};

function keys<T>(detector: Detector<T>, before: unknown, after: unknown, options = {}) {
  const text = (side: unknown) => (side === null ? null : json(side));
  return keysOf(detector, [change('package.json', text(before), text(after))], options);
}

describe('a dependency that is new', () => {
  test.each([
    ['dependencies', { dependencies: { express: '^5.0.0', left: '1' } }, 'dependencies/left: 1'],
    ['devDependencies', { devDependencies: { vitest: '5', b: '*' } }, 'devDependencies/b: *'],
    ['optionalDependencies', { optionalDependencies: { c: '1' } }, 'optionalDependencies/c: 1'],
    ['peerDependencies', { peerDependencies: { c: '>=1' } }, 'peerDependencies/c: >=1'],
    ['overrides, nested', { overrides: { a: { b: '1' } } }, 'overrides/a>b: 1'],
    ['resolutions', { resolutions: { '**/a': '1' } }, 'resolutions/**/a: 1'],
    ['overrides of pnpm', { pnpm: { overrides: { 'a>b': '1' } } }, 'pnpm.overrides/a>b: 1'],
    ['what is bundled', { bundleDependencies: ['a'] }, 'bundleDependencies/a: bundled'],
    ['everything bundled', { bundledDependencies: true }, 'bundledDependencies/*: bundled'],
    ['a version that is no text', { peerDependencies: { a: 1 } }, 'peerDependencies/a: json:1'],
  ])('%s', (_, more, key) => {
    expect(keys(npmDependencyAdded, base, { ...base, ...more })).toEqual([key]);
  });

  test('everything in a new package.json is', () => {
    expect(keys(npmDependencyAdded, null, base)).toEqual([
      'dependencies/express: ^5.0.0',
      'devDependencies/vitest: 5',
    ]);
  });

  test('what moves to the dependencies that ship is', () => {
    const after = { dependencies: { express: '^5.0.0', vitest: '5' } };
    expect(keys(npmDependencyAdded, base, after)).toEqual(['dependencies/vitest: 5']);
  });

  test('another version of what was there is not, and neither is another order', () => {
    expect(keys(npmDependencyAdded, base, { ...base, dependencies: { express: '6' } })).toEqual([]);
    const { name, ...rest } = base;
    expect(keys(npmDependencyAdded, base, { ...rest, name })).toEqual([]);
  });

  test('an allowed scope may bring what its registry has, under exactly that scope', () => {
    const after = {
      ...base,
      dependencies: {
        ...base.dependencies,
        '@acme/fine': '^1.0.0',
        '@acme/local': 'workspace:*',
        '@acmee/other': '1',
        '@acme/fork': 'github:someone/fork',
      },
      overrides: { '@acme/a': { evil: '1' } },
      resolutions: { '@acme/a/evil': '1' },
      pnpm: { overrides: { '@acme/a>evil': '1' } },
    };
    expect(keys(npmDependencyAdded, base, after, { allow_scopes: ['@acme/'] })).toEqual([
      'dependencies/@acme/fork: github:someone/fork',
      'dependencies/@acmee/other: 1',
      'overrides/@acme/a>evil: 1',
      'pnpm.overrides/@acme/a>evil: 1',
      'resolutions/@acme/a/evil: 1',
    ]);
  });

  test.each(['@acme', 'acme/', '@/', '@ac*/', '@acme/ui'])('%s is no scope', (scope) => {
    expect(npmDependencyAdded.options.safeParse({ allow_scopes: [scope] }).success).toBe(false);
  });

  test.each([
    'git+https://a.example/b.git',
    'git@a.example:b.git',
    'https://a.example/b.tgz',
    'http://a.example/b.tgz',
    'file:../b',
    'link:../b',
    'portal:../b',
    'patch:b@1#./p.patch',
    'github:a/b',
    'a/b',
    '../b',
    ' ../b',
    'b.tgz',
    'npm:other@1.0.0',
    'workspace:../b',
  ])('%s is another place, whatever the options and versions', (spec) => {
    const before = { dependencies: { '@acme/a': '1' } };
    const after = { dependencies: { '@acme/a': spec } };
    const options = { allow_scopes: ['@acme/'] };
    const expected = [`dependencies/@acme/a: ${spec.trim()}`];
    expect(keys(npmDependencyAdded, {}, after, options)).toEqual(expected);
    expect(keys(npmDependencyAdded, before, after, options)).toEqual(expected);
    expect(keys(npmDependencyChanged, before, after)).toEqual(expected);
    expect(keys(npmDependencyAdded, after, after, options)).toEqual([]);
  });
});

describe('a dependency that changed or is gone', () => {
  test('another version is a change, under the new one', () => {
    const after = { ...base, dependencies: { express: '^6.0.0', b: '1' } };
    expect(keys(npmDependencyChanged, base, after)).toEqual(['dependencies/express: ^6.0.0']);
    expect(keys(npmDependencyRemoved, base, after)).toEqual([]);
  });

  test('an override that is gone is a removal', () => {
    const before = { ...base, overrides: { a: { '.': '1', b: '2' } } };
    expect(keys(npmDependencyRemoved, before, base)).toEqual([
      'overrides/a>.: 1',
      'overrides/a>b: 2',
    ]);
  });

  test('a deleted package.json is the removal of all, and adds nothing', () => {
    expect(keys(npmDependencyRemoved, base, null)).toHaveLength(2);
    expect(keys(npmDependencyAdded, base, null)).toEqual([]);
  });
});

describe('scripts that run on installation', () => {
  const scripts = (given: Record<string, string>) => ({ scripts: { test: 'vitest', ...given } });

  test.each([
    'preinstall',
    'install',
    'postinstall',
    'prepare',
    'preprepare',
    'prepublish',
    'dependencies',
  ])('%s that is new, differs or is gone', (name) => {
    const [none, one, other] = [scripts({}), scripts({ [name]: 'a' }), scripts({ [name]: 'b' })];
    expect(keys(npmLifecycleScriptChanged, none, one)).toEqual([`${name}: a`]);
    expect(keys(npmLifecycleScriptChanged, one, other)).toEqual([`${name}: b`]);
    expect(keys(npmLifecycleScriptChanged, one, none)).toEqual([`removed ${name}`]);
  });

  test('what such a script starts is part of it', () => {
    const before = scripts({ prepare: 'npm run setup', setup: 'node setup.js' });
    const after = scripts({ prepare: 'npm run setup', setup: 'node evil.js', presetup: 'x' });
    expect(keys(npmLifecycleScriptChanged, before, after)).toEqual([
      'presetup: x',
      'setup: node evil.js',
    ]);
  });

  test('a script that only people start is not', () => {
    expect(
      keys(npmLifecycleScriptChanged, scripts({ build: 'a' }), scripts({ build: 'b' })),
    ).toEqual([]);
  });

  test('who else may run scripts is', () => {
    const after = { trustedDependencies: ['a'], pnpm: { onlyBuiltDependencies: ['b'] } };
    expect(keys(npmLifecycleScriptChanged, {}, after)).toEqual([
      'pnpm.onlyBuiltDependencies/b: b',
      'trustedDependencies/a: a',
    ]);
  });
});

describe('.npmrc', () => {
  const settings = (before: string | null, after: string | null) =>
    keysOf(npmLifecycleScriptChanged, [change('packages/a/.npmrc', before, after)]);

  test.each([
    ['ignore-scripts=false', 'ignore-scripts: false'],
    ['  ignore-scripts = false\r\n', 'ignore-scripts: false'],
    ['"registry"="https://a.example/"', 'registry: https://a.example/'],
    ['\u{feff}registry=https://a.example/', 'registry: https://a.example/'],
    ['@acme:registry=https://a.example/', '@acme:registry: https://a.example/'],
    ['script-shell=/tmp/sh', 'script-shell: /tmp/sh'],
    ['node-options=--require ./a.js', 'node-options: --require ./a.js'],
    ['dangerously-allow-all-builds', 'dangerously-allow-all-builds: true'],
    ['ca[]=one', 'ca'],
    ['//a.example/:_authToken=secret', '//a.example/:_authToken'],
    ['registry=https://name:secret@a.example/', 'registry'],
    [`$\{A}=b`, `$\{A}: b`],
  ])('%s', (line, key) => {
    expect(settings('save-exact=true', `save-exact=true\n${line}`)).toEqual([key]);
    expect(settings(line, '')).toEqual([`removed ${key.split(/: /)[0]}`]);
  });

  test('a token that changes is seen and never said', () => {
    const [before, after] = ['one', 'two'].map((token) => `//a.example/:_authToken=${token}`);
    const file = change('.npmrc', before ?? null, after ?? null);
    const found = npmLifecycleScriptChanged.detect({ files: [file], all: [], roots: [] }, {});
    expect(found.map(({ key }) => key)).toEqual(['//a.example/:_authToken']);
    expect(JSON.stringify(found)).not.toContain('two');
  });

  test('comments and other settings are not', () => {
    expect(settings(null, '# registry=a\n; registry=b\nsave-exact=true\nfund=false\n')).toEqual([]);
  });

  test('the order of settings is not', () => {
    expect(settings('registry=a\nca=b', '\nca=b\n\nregistry = a')).toEqual([]);
  });
});

describe('a package.json that cannot be read', () => {
  test.each([
    ['no JSON', '{'],
    ['with comments', '{ /* a */ }'],
    ['no object', '[]'],
    ['a key twice, of which npm takes the last', '{"dependencies":{"a":"1"},"dependencies":{}}'],
    ['a key twice in another spelling', '{"dependencies":{"a":"1","\\u0061":"2"}}'],
    ['a key twice, deeper', '{"scripts":{"install":"a","install":"b"}}'],
    ['dependencies in a list', '{"dependencies":["a"]}'],
    ['scripts in a list', '{"scripts":["a"]}'],
    ['a name that every object has', '{"dependencies":{"__proto__":"1"}}'],
    ['nested without end', `${'{"a":'.repeat(100)}1${'}'.repeat(100)}`],
  ])('%s fires on either side', (_, text) => {
    for (const file of [change('package.json', '{}', text), change('package.json', text, '{}')]) {
      expect(keysOf(npmDependencyAdded, [file])).toEqual(['unreadable']);
      expect(keysOf(npmDependencyChanged, [file])).toEqual(['unreadable']);
      expect(keysOf(npmDependencyRemoved, [file])).toEqual(['unreadable']);
      expect(keysOf(npmLifecycleScriptChanged, [file])).toEqual(['unreadable']);
    }
  });

  test('what nobody read fires, also where it is gone', () => {
    expect(keysOf(npmDependencyAdded, [change('package.json', null, unread)])).toEqual([
      'unreadable',
    ]);
    expect(keysOf(npmDependencyRemoved, [change('package.json', unread, null)])).toEqual([
      'unreadable',
    ]);
  });

  test('a mark of the byte order is no reason', () => {
    const file = change('package.json', '{}', '\u{feff}{\r\n"dependencies":{"a":"1"}}');
    expect(keysOf(npmDependencyAdded, [file])).toEqual(['dependencies/a: 1']);
    const [firing] = npmDependencyAdded.detect({ files: [file], all: [], roots: [] }, {});
    expect(firing?.line).toBe(2);
  });
});

describe('how many dependencies are new', () => {
  test('names for each package.json, whatever section they are in or move to', () => {
    const before = { dependencies: { a: '1' }, devDependencies: { b: '1' } };
    const after = {
      dependencies: { a: '2', b: '1', c: '1' },
      devDependencies: { d: '1' },
      optionalDependencies: { e: '1' },
      peerDependencies: { f: '1' },
    };
    const files = [
      change('package.json', json(before), json(after)),
      change('packages/x/package.json', null, json({ dependencies: { a: '1' } })),
      change('src/other.json', null, json(after)),
    ];
    expect(newDependencies(files)).toEqual([
      'package.json: c',
      'package.json: d',
      'package.json: e',
      'packages/x/package.json: a',
    ]);
  });

  test('what cannot be read counts as one', () => {
    expect(newDependencies([change('package.json', '{}', '{')])).toEqual([
      'package.json: unreadable',
    ]);
    expect(newDependencies([change('package.json', null, unread)])).toHaveLength(1);
  });
});

test('many brackets, keys or quotes takes no time', () => {
  const many = `{"dependencies":{${Array.from({ length: 10_000 }, (_, i) => `"a${i}":"1"`).join()}}}`;
  const started = performance.now();
  for (const text of ['['.repeat(1 << 20), '"\\"'.repeat(300_000), many]) {
    keysOf(npmDependencyAdded, [change('package.json', '{}', text)]);
  }
  keysOf(npmLifecycleScriptChanged, [change('.npmrc', '', 'ca=a\n'.repeat(50_000))]);
  expect(performance.now() - started).toBeLessThan(QUICK_MS);
});
