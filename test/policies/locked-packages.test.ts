import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readLockfile } from '../../policies/detect/lock-entries.ts';
import { type Locked, lockedPackages } from '../../policies/locked-packages.ts';
import { SUPPLY_ROWS as ROWS } from '../red-team/egress/supply-rows.ts';

const HASH = `sha512-${'A'.repeat(86)}==`;
const OTHER = `sha512-${'B'.repeat(86)}==`;
const ZOD = { version: '1.0.0', integrity: HASH };
const from = (resolved: string) => ({ ...ZOD, resolved });
const lock = (packages: object, version = 3): string =>
  JSON.stringify(
    { lockfileVersion: version, packages: { '': { name: 'shop' }, ...packages } },
    null,
    1,
  );
const read = (packages: object): Locked => lockedPackages(lock(packages), 'package-lock.json');
const problems = (locked: Locked): string =>
  'problems' in locked ? locked.problems.map(({ message }) => message).join('\n') : 'none';
/** A reader that believes every entry has something to fetch. */
const believed = (packages: object): number => {
  const entries = readLockfile(lock(packages), 'package-lock.json');
  return Array.isArray(entries) ? entries.length : 0;
};

test('every package is named once, with its tarball and its hash', () => {
  const locked = read({
    'node_modules/zod': from('https://registry.example/npm/zod/-/zod-1.0.0.tgz'),
    'node_modules/a/node_modules/zod': ZOD,
    'node_modules/@s/b': { ...ZOD, resolved: 'https://registry.example/npm/@s%2fb/-/b-1.0.0.tgz' },
    'node_modules/inner': { resolved: 'packages/inner', link: true },
    'packages/inner': { version: '1.0.0' },
    'node_modules/a/node_modules/bundled': { version: '2.0.0', inBundle: true },
  });
  expect(locked).toEqual({
    names: ['@s/b', 'zod'],
    tarballs: [
      { package: 'zod', file: 'zod-1.0.0.tgz', integrity: HASH },
      { package: '@s/b', file: 'b-1.0.0.tgz', integrity: HASH },
    ],
  });
});

test.each([
  'package-lock.json',
  'examples/shop/package-lock.json',
  'sandboxes/images/base/package-lock.json',
  'sandboxes/images/browser/package-lock.json',
])('%s is read whole', (path) => {
  const text = readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
  const locked = lockedPackages(text, path);
  expect(problems(locked)).toBe('none');
  expect('names' in locked && locked.names.length).toBeGreaterThan(0);
});

test('an alias that somebody asks for is the package that it stands for', () => {
  const packages = {
    'node_modules/a': { ...ZOD, dependencies: { 'zod-old': 'npm:zod@^1.0.0' } },
    'node_modules/zod-old': { ...ZOD, name: 'zod' },
  };
  expect(read(packages)).toMatchObject({ names: ['a', 'zod'] });
});

describe(`${ROWS.resolved.id}: ${ROWS.resolved.attack}`, () => {
  test.each([
    ['by http', from('http://registry.example/zod/-/zod-1.0.0.tgz'), 'does not come by https'],
    ['without a hash', { version: '1.0.0' }, 'has no hash'],
    [
      'with a weak hash',
      { ...ZOD, integrity: 'sha1-AAAAAAAAAAAAAAAAAAAAAAAAAAA=' },
      'no single hash',
    ],
    ['with two hashes', { ...ZOD, integrity: `${HASH} ${OTHER}` }, 'no single hash'],
    [
      'with a password',
      from('https://u:p@registry.example/zod/-/zod-1.0.0.tgz'),
      'no plain address',
    ],
    ['with a query', from('https://registry.example/zod/-/zod-1.0.0.tgz?x=1'), 'no plain address'],
  ])('%s', (_, entry, says) => {
    expect(believed({ 'node_modules/zod': entry })).toBe(1);
    expect(problems(read({ 'node_modules/zod': entry }))).toContain(says);
  });

  test('from another host than the rest', () => {
    const packages = {
      'node_modules/zod': from('https://registry.example/zod/-/zod-1.0.0.tgz'),
      'node_modules/b': from('https://evil.test/b/-/b-1.0.0.tgz'),
    };
    expect(believed(packages)).toBe(2);
    expect(problems(read(packages))).toBe(
      'packages come from more than one host: evil.test, registry.example',
    );
  });

  test('under two hashes', () => {
    const packages = {
      'node_modules/zod': ZOD,
      'node_modules/a/node_modules/zod': { ...ZOD, integrity: OTHER },
    };
    expect(problems(read(packages))).toContain('another hash');
  });
});

describe(`${ROWS.alias.id}: ${ROWS.alias.attack}`, () => {
  test.each([
    ['by its name', { ...ZOD, name: 'evil' }, 'which nothing asks for'],
    ['by its tarball', from('https://registry.example/evil/-/evil-1.0.0.tgz'), 'no tarball of it'],
    ['by its version', from('https://registry.example/zod/-/zod-6.6.6.tgz'), 'no tarball of it'],
  ])('%s', (_, entry, says) => {
    expect(believed({ 'node_modules/zod': entry })).toBe(1);
    expect(problems(read({ 'node_modules/zod': entry }))).toContain(says);
  });
});

describe(`${ROWS.outside.id}: ${ROWS.outside.attack}`, () => {
  test.each([
    'git+ssh://git@github.com/a/zod.git#0123',
    'https://github.com/a/zod/archive/main.tar.gz',
    'https://evil.test/zod-1.0.0.tgz',
    'file:../zod-1.0.0.tgz',
  ])('%s', (resolved) => {
    expect(believed({ 'node_modules/zod': from(resolved) })).toBe(1);
    expect(read({ 'node_modules/zod': from(resolved) })).toHaveProperty('problems');
  });

  test.each(['../outside', '/etc', 'a/../../b', 'file:///etc', 'a\\..\\b'])(
    'a link to %s',
    (resolved) => {
      expect(problems(read({ 'node_modules/zod': { resolved, link: true } }))).toContain(
        'out of the repository',
      );
    },
  );
});

test.each([
  ['another version', lock({}, 1), 'package-lock.json', 'neither 2 nor 3'],
  ['no JSON', '{', 'package-lock.json', 'cannot be read'],
  ['a key twice', '{"packages":{},"packages":{}}', 'package-lock.json', 'cannot be read'],
  [
    'a name that is none',
    lock({ 'node_modules/..%2fx': ZOD }),
    'package-lock.json',
    'no name and version',
  ],
  ['pnpm', 'lockfileVersion: 9', 'pnpm-lock.yaml', 'only package-lock.json'],
  ['yarn', '', 'a/yarn.lock', 'only package-lock.json'],
])('%s is refused whole, with the reason', (_, text, path, says) => {
  expect(problems(lockedPackages(text, path))).toContain(says);
});

test('a problem has its line', () => {
  const locked = lockedPackages(
    lock({ 'node_modules/zod': { version: '1.0.0' } }),
    'package-lock.json',
  );
  expect('problems' in locked && locked.problems).toEqual([
    { line: 7, message: '"node_modules/zod" has no hash' },
  ]);
});
