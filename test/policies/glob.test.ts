import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileCut, compileGlob, globProblem } from '../../policies/glob.ts';
import { fold } from '../../policies/paths.ts';

type Case = readonly [pattern: string, path: string, expected: boolean];

const covers = (pattern: string, path: string, self = true) => compileGlob(pattern, { self })(path);

/** What both modes agree on. */
const BOTH: Readonly<Record<string, readonly Case[]>> = {
  'only *, ?, ** and \\ are special': [
    ['app/(auth)/**', 'app/(auth)/login.tsx', true],
    ['app/(auth)/**', 'app/auth/login.tsx', false],
    ['app/[id]/page.tsx', 'app/[id]/page.tsx', true],
    ['app/[id]/page.tsx', 'app/i/page.tsx', false],
    ['app/[...all]/', 'app/[...all]/page.tsx', true],
    ['src/{a,b}.ts', 'src/{a,b}.ts', true],
    ['src/{a,b}.ts', 'src/a.ts', false],
    ['!src/', 'src/a.ts', false],
    ['!src/', '!src/a.ts', true],
    ['a+(b)|^$@#', 'a+(b)|^$@#', true],
    ['#a', '#a', true],
    ['a.c', 'abc', false],
  ],
  '* and ? stay within a segment': [
    ['src/*.ts', 'src/deep/a.ts', false],
    ['src/*.ts', 'src/.ts', true],
    ['src/*.ts', 'src/a.ts.bak', false],
    ['f?o', 'f/o', false],
    ['f?o', 'fo', false],
    ['f?o', 'fxxo', false],
    ['a*/b', 'a/b', true],
    ['a*/b', 'ax/y/b', false],
    ['*a*b', 'xaxab', true],
    ['*a*b', 'xaxabx', false],
    ['a**b', 'axxb', true],
    ['a**b', 'a/b', false],
  ],
  '? is one code point': [
    ['f?o', 'f😀o', true],
    ['f??o', 'f😀o', false],
    ['??', '😀😀', true],
    ['???', '😀😀', false],
    ['*?b', '😀b', true],
    ['*??b', '😀b', false],
    ['*???bc', '😀😀bc', false],
    ['f*o', 'f😀o', true],
    ['*\u{1f600}', 'x😀', true],
  ],
  '** is a whole segment and stands for any number of them': [
    ['**', 'anything/at/all', true],
    ['**/migrations/**', 'migrations/1.sql', true],
    ['**/migrations/**', 'a/b/migrations/1.sql', true],
    ['a/**/b', 'a/b', true],
    ['a/**/b', 'a/x/b', true],
    ['a/**/b', 'a/x/y/b', true],
    ['a/**/b', 'a/b/c/b', true],
    ['a/**/b', 'ab', false],
    ['a/**/b', 'a/xb', false],
    ['a/**/b', 'x/a/b', false],
    ['a/**/**/b', 'a/b', true],
    ['a/**/b/**/c', 'a/b/b/x/c', true],
    ['a/**/b/**/c', 'a/x/c', false],
    ['a/**/b/c', 'a/b/b/c', true],
    ['a/**/b/c', 'a/b/x/b/c', true],
    ['a/**/*.ts', 'a/x.ts', true],
    ['a/**/*.ts', 'a/x/y.ts', true],
    ['**/*', 'a', true],
    ['**/*', 'a/b', true],
    ['/**', 'a/b', true],
    ['**/**', 'a', true],
  ],
  '\\ takes the meaning away': [
    ['f\\*o', 'f*o', true],
    ['f\\*o', 'fxo', false],
    ['f\\?o', 'f?o', true],
    ['f\\?o', 'fxo', false],
    ['f\\\\o', 'f\\o', true],
    ['f\\\\*o', 'f\\xo', true],
    ['src/\\*', 'src/*', true],
    ['src/\\*', 'src/a', false],
    // An escaped star is a name like any other, so it covers what is below it too.
    ['src/\\*', 'src/*/below', true],
    ['src/\\**', 'src/*x', true],
    ['src/\\**', 'src/x/y', false],
  ],
  'a leading or an inner slash starts at the root': [
    ['/package.json', 'package.json', true],
    ['/package.json', 'packages/a/package.json', false],
    ['src/auth', 'src/auth/a.ts', true],
    ['src/auth', 'lib/src/auth/a.ts', false],
    ['/migrations/', 'db/migrations/1.sql', false],
  ],
  'without one a pattern matches at any depth': [
    ['package.json', 'package.json', true],
    ['package.json', 'packages/a/package.json', true],
    ['*.md', 'docs/deep/a.md', true],
    ['migrations/', 'db/migrations/1.sql', true],
    ['*', 'anything/at/all', true],
  ],
  'what is named is covered with everything below': [
    ['src/auth', 'src/auth', true],
    ['src/auth', 'src/auth/deep/er.ts', true],
    ['src/auth', 'src/authority/a.ts', false],
    ['src/a*', 'src/ab/c', true],
    ['src/a?', 'src/ab/c', true],
    ['*.ts', 'x.ts/below/readme', true],
    ['/*.ts', 'x.ts/below', true],
    ['a/**/z', 'a/b/c/z/below', true],
    ['src/auth/', 'src/auth/deep/er.ts', true],
    ['src/auth/', 'src/authority/a.ts', false],
  ],
  'dir/* is the direct children only': [
    ['src/*', 'src/a', true],
    ['src/*', 'src/a/b', false],
    ['src/*', 'src', false],
    ['/*', 'a', true],
    ['/*', 'a/b', false],
    ['**/src/*', 'x/src/a', true],
    ['**/src/*', 'x/src/a/b', false],
    ['src/*/*', 'src/a/b', true],
    ['src/*/*', 'src/a/b/c', false],
    ['src/*/', 'src/a/b/c', true],
  ],
  'dotfiles and newlines are ordinary': [
    ['src/auth/**', 'src/auth/.env', true],
    ['*', '.env', true],
    ['?env', '.env', true],
    ['**/x', '.a/.b/x', true],
    ['a/**/b', 'a/.git-hooks/b', true],
    ['src/auth/**', 'src/auth/a\nb.ts', true],
    ['src/auth/*', 'src/auth/a\nb.ts', true],
    ['a?b', 'a\nb', true],
    ['a*b', 'a\n\nb', true],
  ],
  'letter case and Unicode form count': [
    ['src/auth/**', 'src/Auth/a.ts', false],
    ['README.md', 'readme.md', false],
    ['caf\u00e9/', 'caf\u00e9/a', true],
    ['caf\u00e9/', 'cafe\u0301/a', false],
  ],
};

describe.each(Object.entries(BOTH))('%s', (_, cases) => {
  test.each(cases)('%s on %j: %s', (pattern, path, expected) => {
    expect(globProblem(pattern)).toBeNull();
    expect(covers(pattern, path)).toBe(expected);
    expect(covers(pattern, path, false)).toBe(expected);
  });
});

describe('a gate covers a folder itself, so that one that became a symlink is seen', () => {
  test.each([
    ['src/auth/', 'src/auth'],
    ['src/auth/**', 'src/auth'],
    ['src/auth/**/', 'src/auth'],
    ['src/auth/**/**', 'src/auth'],
    ['auth/', 'auth'],
    ['auth/', 'src/auth'],
    ['/auth/', 'auth'],
    ['f*/', 'foo'],
    ['/*/', 'foo'],
    ['src/*/', 'src/a'],
    ['**/auth/', 'src/auth'],
    ['**/auth/**', 'auth'],
    ['app/(auth)/', 'app/(auth)'],
  ])('%s covers %s; in CODEOWNERS it does not', (pattern, path) => {
    expect(covers(pattern, path)).toBe(true);
    expect(covers(pattern, path, false)).toBe(false);
    expect(covers(pattern, `${path}/below`, false)).toBe(true);
  });

  test('gate mode covers all that CODEOWNERS covers', () => {
    const segment = fc.constantFrom('a', 'b', '*', '**', 'a*', '?');
    const pattern = fc
      .tuple(
        fc.constantFrom('', '/'),
        fc.array(segment, { minLength: 1 }),
        fc.constantFrom('', '/'),
      )
      .map(([start, names, end]) => `${start}${names.join('/')}${end}`);
    const path = fc.array(fc.constantFrom('a', 'b', 'ab'), { minLength: 1 });
    fc.assert(
      fc.property(pattern, path, (glob, names) => {
        const text = names.join('/');
        return !covers(glob, text, false) || covers(glob, text);
      }),
    );
  });
});

describe('letter case and Unicode form do not tell two folded names apart', () => {
  test.each([
    ['src/auth/', 'src/AUTH/x'],
    ['Straße/*', 'STRASSE/a'],
    ['caf\u00e9/', 'CAFE\u0301/a'],
  ])('%s and %s', (pattern, path) => {
    expect(covers(pattern, path)).toBe(false);
    expect(covers(fold(pattern), fold(path))).toBe(true);
  });
});

/** In a matcher that tries every way to share the text out, these outlast the sun. */
describe('a pattern made to be slow ends', () => {
  test.each([
    ['many stars', `${'a*'.repeat(199)}b`, 'a'.repeat(400)],
    ['stars that almost match', `${'a*'.repeat(199)}b*`, `${'a'.repeat(399)}c`],
    ['many `**`', `${'**/a/'.repeat(80)}b`, `${'a/'.repeat(199)}c`],
    ['stars between `**`', `${'**/a*a*a/'.repeat(44)}b`, `${'aaaa/'.repeat(80)}c`],
    ['question marks around a star', `${'?'.repeat(200)}*${'?'.repeat(200)}`, 'a'.repeat(399)],
    ['a long wait for the last letter', `*${'a'.repeat(199)}b*`, 'a'.repeat(400)],
    ['the longest there is', 'a*'.repeat(511).concat('b'), 'a'.repeat(4_096)],
  ])('%s', (_, pattern, path) => {
    expect(globProblem(pattern)).toBeNull();
    expect(covers(pattern, path)).toBe(false);
    expect(covers(pattern, path, false)).toBe(false);
  });
});

test('a path that was cut at its slashes by the caller gets the same verdict', () => {
  const path = 'packages/a/src/x.ts';
  for (const pattern of ['*.ts', 'packages/', 'packages/*/src/**', 'src/', '/x.ts']) {
    const cut = compileCut(pattern, { self: true });
    expect(cut(path, path.split('/'))).toBe(covers(pattern, path));
  }
});

describe('a pattern that cannot mean what its author hopes is refused', () => {
  test.each([
    ['', 'empty'],
    ['/', '`**` for everything'],
    ['***', '`***` has no meaning'],
    ['src/***', '`***` has no meaning'],
    ['src/***/a', '`***` has no meaning'],
    ['src\\', 'lone backslash'],
    ['src\\\\\\', 'lone backslash'],
    ['src\\auth', 'folders part with `/`'],
    ['src\\*\\auth', 'folders part with `/`'],
    ['app/\\[id\\]', 'folders part with `/`'],
    ['.', 'leave it out'],
    ['./src', 'leave it out'],
    ['src/./a', 'leave it out'],
    ['src/.', 'leave it out'],
    ['..', '`..`'],
    ['../src', '`..`'],
    ['src/../lib', '`..`'],
    ['src//auth', 'two slashes'],
    ['//src', 'two slashes'],
    ['src//', 'two slashes'],
    ['src/ ', 'blank'],
    [' src/', 'blank'],
    ['src/\u00a0', 'blank'],
    ['a\nb', 'control'],
    ['a\0b', 'control'],
    ['a\ud800b', 'UTF-8'],
    ['a'.repeat(1_025), '1024'],
  ])('%j', (pattern, reason) => {
    expect(globProblem(pattern)).toContain(reason);
  });

  test.each([
    ...['src/', '/a', 'a\\\\', 'a\\*', 'app/[id]/', '**', '*', 'a b', '.env', '..a', 'a..', '**/'],
    // The first star is escaped, so these are no three in a row.
    ...['\\***', '**\\*', '*\\**', '\\*\\*\\*', '!a', '{a,b}', 'a'.repeat(1_024)],
  ])('%j is a pattern', (pattern) => {
    expect(globProblem(pattern)).toBeNull();
  });
});
