import { describe, expect, test } from 'vitest';
import { lockfileOrphan } from '../../../policies/detect/lockfile.ts';
import { change, keysOf, link, QUICK_MS, unread } from './change.ts';

const HOST = 'https://packages.example';
const bump = change('package.json', '{"dependencies":{"a":"1"}}', '{"dependencies":{"a":"2"}}');

/** What fires when the manifest changes as well, and so only the sources count. */
function sources(path: string, before: string | null, after: string) {
  const file = change(path, before, after);
  const found = lockfileOrphan.detect({ files: [file], all: [file, bump], roots: [] }, {});
  return found.map(({ key }) => key).sort();
}

type Entry = { version?: string; resolved?: string; integrity?: string; link?: true };
const npm = (packages: Record<string, Entry>) =>
  JSON.stringify({ lockfileVersion: 3, packages: { '': {}, ...packages } }, null, 2);
const a: Entry = { version: '1.0.0', resolved: `${HOST}/a-1.0.0.tgz`, integrity: 'sha512-aaa' };
const lock = npm({ 'node_modules/a': a });
const other = npm({
  'node_modules/a': { ...a, version: '1.0.1', resolved: `${HOST}/a-1.0.1.tgz` },
});

describe('a lockfile without its manifest', () => {
  const orphan = (...all: ReturnType<typeof change>[]) => {
    const files = all.filter(({ path }) => !/package\.json$|\.(ts|yaml|yml)$/.test(path));
    return lockfileOrphan.detect({ files, all, roots: [] }, {}).map(({ key }) => key);
  };

  test('that changes alone is an orphan', () => {
    expect(orphan(change('package-lock.json', lock, other))).toEqual(['orphan']);
    expect(orphan(change('package-lock.json', lock, other), change('a.ts', 'a', 'b'))).toEqual([
      'orphan',
    ]);
  });

  test('that is taken away is one', () => {
    expect(orphan(change('package-lock.json', lock, null))).toEqual(['orphan']);
  });

  test.each([
    ['package-lock.json', 'package.json'],
    ['package-lock.json', 'packages/a/package.json'],
    ['packages/a/package-lock.json', 'packages/a/package.json'],
    ['package-lock.json', 'pnpm-workspace.yaml'],
  ])('%s is none with %s', (path, manifest) => {
    const files = [change(path, lock, other), { ...bump, path: manifest }];
    expect(orphan(...files)).toEqual([]);
  });

  test.each([
    ['packages/a/package-lock.json', 'package.json'],
    ['packages/a/package-lock.json', 'packages/ab/package.json'],
    ['package-lock.json', 'other-package.json'],
  ])('%s is one with %s', (path, manifest) => {
    const files = [change(path, lock, other)];
    const all = [...files, { ...bump, path: manifest }];
    const found = lockfileOrphan.detect({ files, all, roots: [] }, {});
    expect(found.map(({ key }) => key)).toEqual(['orphan']);
  });

  test.each([
    ['blanks', '{"version":"1"}', '{ "version": "1" }'],
    ['a description', '{"version":"1"}', '{"version":"1","description":"a"}'],
    ['scripts', '{"version":"1"}', '{"version":"1","scripts":{"a":"b"}}'],
    ['what cannot be read', '{"version":"1"}', '{'],
  ])('a manifest in which only %s changed is no excuse', (_, before, after) => {
    const files = [change('package-lock.json', lock, other)];
    const all = [...files, change('package.json', before, after)];
    const found = lockfileOrphan.detect({ files, all, roots: [] }, {});
    expect(found.map(({ key }) => key)).toEqual(['orphan']);
  });
});

describe('where packages come from', () => {
  const b = (entry: Entry) => npm({ 'node_modules/a': a, 'node_modules/b': entry });

  test.each<[string, Entry, string[]]>([
    ['the same host', { resolved: `${HOST}/b.tgz`, integrity: 'sha512-b' }, []],
    [
      'another host',
      { resolved: 'https://evil.example/b', integrity: 'c' },
      ['host: evil.example'],
    ],
    [
      'another host in capitals and with a name',
      { resolved: 'HTTPS://packages.example@EVIL.example/b', integrity: 'c' },
      ['host: evil.example'],
    ],
    [
      'another port',
      { resolved: `${HOST}:8443/b`, integrity: 'c' },
      ['host: packages.example:8443'],
    ],
    [
      'no encryption',
      { resolved: 'http://packages.example/b', integrity: 'c' },
      ['insecure: node_modules/b http://packages.example/b'],
    ],
    [
      'git',
      { resolved: 'git+ssh://git@evil.example/b.git#1' },
      ['host: evil.example', 'insecure: node_modules/b git+ssh://git@evil.example/b.git#1'],
    ],
    ['a folder of the repository', { resolved: 'packages/b', link: true }, []],
    ['no hash', { resolved: `${HOST}/b.tgz` }, ['unhashed: node_modules/b']],
    ['neither place nor hash', { version: '1.0.0' }, ['unhashed: node_modules/b']],
  ])('%s', (_, entry, expected) => {
    expect(sources('package-lock.json', lock, b(entry))).toEqual(expected);
    expect(sources('npm-shrinkwrap.json', b(entry), b(entry))).toEqual([]);
  });

  test('another hash for the same version at the same place', () => {
    const after = npm({ 'node_modules/a': { ...a, integrity: 'sha512-bbb' } });
    expect(sources('package-lock.json', lock, after)).toEqual([
      'rehashed: node_modules/a sha512-bbb',
    ]);
    const newer = npm({ 'node_modules/a': { version: '2.0.0', integrity: 'sha512-bbb' } });
    const older = npm({ 'node_modules/a': { version: '1.0.0', integrity: 'sha512-aaa' } });
    expect(sources('package-lock.json', older, newer)).toEqual([]);
  });

  test('a hash that is taken away', () => {
    const after = npm({ 'node_modules/a': { version: '1.0.0', resolved: `${HOST}/a-1.0.0.tgz` } });
    expect(sources('package-lock.json', lock, after)).toEqual(['unhashed: node_modules/a']);
  });

  test('every host of a new lockfile is new', () => {
    expect(sources('package-lock.json', null, lock)).toEqual(['host: packages.example']);
  });

  test('the form of npm 6, at any depth', () => {
    const tree = (resolved: string) =>
      JSON.stringify({
        dependencies: {
          a: {
            ...a,
            dependencies: { b: { version: '1.0.0', resolved, integrity: 'sha512-b' } },
          },
          c: { version: 'file:packages/c' },
        },
      });
    expect(sources('package-lock.json', tree(`${HOST}/b`), tree('https://evil.example/b'))).toEqual(
      ['host: evil.example'],
    );
  });
});

describe('other lockfiles', () => {
  const classic = (resolved: string, integrity = '  integrity sha512-a\n') =>
    `# yarn lockfile v1\n\n\n"a@^1.0.0", a@^1.1.0:\n  version "1.0.0"\n  resolved "${resolved}"\n${integrity}  dependencies:\n    b "^1.0.0"\n`;

  test('yarn, as it was', () => {
    const before = classic(`${HOST}/a#1`);
    expect(sources('yarn.lock', before, classic('https://evil.example/a#1'))).toEqual([
      'host: evil.example',
    ]);
    expect(sources('yarn.lock', before, before.replace('  resolved', '  "resolved"'))).toEqual([]);
    expect(sources('yarn.lock', before, before.replaceAll('\n', '\r\n'))).toEqual([]);
    expect(sources('yarn.lock', before, classic(`${HOST}/a#1`, ''))).toEqual([
      'unhashed: "a@^1.0.0", a@^1.1.0',
    ]);
  });

  test.each([
    ['a field that cannot be understood', '\tresolved "https://evil.example/a"'],
    ['an escape, which yarn never writes', '  resolved "https:\\u002f/evil.example/a"'],
    ['marks of a merge', '<<<<<<< HEAD'],
  ])('yarn with %s fires', (_, line) => {
    const before = classic(`${HOST}/a#1`);
    expect(sources('yarn.lock', before, `${before}${line}\n`)).toEqual(['unreadable']);
  });

  const berry = (resolution: string, rest = '  checksum: 10/aaa\n') =>
    `__metadata:\n  version: 8\n\n"a@npm:^1.0.0":\n  version: 1.0.0\n  resolution: "${resolution}"\n${rest}\n"shop@workspace:.":\n  version: 0.0.0-use.local\n  resolution: "shop@workspace:."\n`;

  test('yarn, as it is', () => {
    const before = berry('a@npm:1.0.0');
    expect(sources('yarn.lock', before, berry('a@https://evil.example/a.tgz'))).toEqual([
      'host: evil.example',
    ]);
    const archive = 'a@npm:1.0.0::__archiveUrl=https%3A%2F%2Fevil.example%2Fa.tgz';
    expect(sources('yarn.lock', before, berry(archive))).toEqual(['host: evil.example']);
    expect(sources('yarn.lock', before, berry('a@npm:1.0.0', ''))).toEqual([
      'unhashed: a@npm:^1.0.0',
    ]);
    expect(sources('yarn.lock', before, berry('a@npm:1.0.0', '  checksum: 10/b\n'))).toEqual([
      'rehashed: a@npm:^1.0.0 10/b',
    ]);
    expect(sources('yarn.lock', before, berry('a@git@evil.example:a/b.git#commit=1'))).toEqual([
      'host: evil.example',
      'insecure: a@npm:^1.0.0 git@evil.example:a/b.git#commit=1',
    ]);
  });

  const pnpm = (resolution: string) =>
    `lockfileVersion: '9.0'\npackages:\n  a@1.0.0:\n    resolution: ${resolution}\n    engines: {node: '>=8'}\n`;

  test('pnpm', () => {
    const before = pnpm('{integrity: sha512-a}');
    expect(sources('pnpm-lock.yaml', before, pnpm('{integrity: sha512-b}'))).toEqual([
      'rehashed: a@1.0.0 sha512-b',
    ]);
    const tarball = '{integrity: sha512-a, tarball: "https\\x3a//evil.example/a.tgz"}';
    expect(sources('pnpm-lock.yaml', before, pnpm(tarball))).toEqual(['host: evil.example']);
    expect(sources('pnpm-lock.yaml', before, pnpm('{}'))).toEqual(['unhashed: a@1.0.0']);
    expect(sources('pnpm-lock.yaml', before, pnpm('{directory: a, type: directory}'))).toEqual([]);
    expect(sources('pnpm-lock.yaml', before, `${before}packages: {}\n`)).toEqual(['unreadable']);
  });

  const bun = (entry: string) =>
    `{\n  "lockfileVersion": 1,\n  "packages": {\n    "a": [${entry}],\n    "b": ["b@workspace:packages/b"],\n  }\n}\n`;

  test('bun', () => {
    const before = bun('"a@1.0.0", "", {}, "sha512-a"');
    expect(sources('bun.lock', before, bun('"a@1.0.0", "", {}, "sha512-b"'))).toEqual([
      'rehashed: a sha512-b',
    ]);
    expect(
      sources('bun.lock', before, bun('"a@1.0.0", "https://evil.example/", {}, "sha512-a"')),
    ).toEqual(['host: evil.example']);
    expect(sources('bun.lock', before, bun('"a@1.0.0", "", {}'))).toEqual(['unhashed: a']);
    expect(sources('bun.lock', before, bun('"a@github:evil/a#1", {}, "evil-a-1"'))).toEqual([
      'host: github',
      'insecure: a github:evil/a#1',
    ]);
    expect(sources('bun.lock', before, '{"packages":{"a":{}}}')).toEqual(['unreadable']);
  });
});

test.each([
  ['package-lock.json', '{'],
  ['package-lock.json', '[]'],
  ['package-lock.json', '{"packages":{},"packages":{}}'],
  ['pnpm-lock.yaml', 'a: &a [*a]'],
  ['pnpm-lock.yaml', 'a: 1\n---\nb: 1'],
  ['pnpm-lock.yaml', ''],
])('%s that holds %j is not looked at, so it fires', (path, text) => {
  expect(sources(path, text, lock)).toEqual(['unreadable']);
});

test('what nobody read fires, and so does a link', () => {
  expect(keysOf(lockfileOrphan, [change('yarn.lock', '', unread)])).toEqual(['unreadable']);
  expect(keysOf(lockfileOrphan, [change('yarn.lock', '', link('/a'))])).toEqual(['unreadable']);
});

test('a large lockfile takes no time', () => {
  const large = (host: string) =>
    npm(
      Object.fromEntries(
        Array.from({ length: 5_000 }, (_, index) => [
          `node_modules/p${index}`,
          { version: '1.0.0', resolved: `${host}/p${index}.tgz`, integrity: `sha512-${index}` },
        ]),
      ),
    );
  const started = performance.now();
  expect(sources('package-lock.json', large(HOST), large('https://evil.example'))).toHaveLength(1);
  expect(sources('yarn.lock', '', '  resolved "'.repeat(90_000))).toEqual(['unreadable']);
  expect(performance.now() - started).toBeLessThan(QUICK_MS);
});
