import { describe, expect, test } from 'vitest';
import { compileGlob, globProblem } from '../../policies/glob.ts';

const covers = (pattern: string, path: string, self = true) => compileGlob(pattern, { self })(path);

describe('what a gate pattern covers', () => {
  test.each([
    // Dotfiles are ordinary.
    ['src/auth/**', 'src/auth/.env', true],
    // Brackets, parentheses and braces are literal: they are folder names of web frameworks.
    ['app/(auth)/**', 'app/(auth)/login.tsx', true],
    ['app/(auth)/**', 'app/auth/login.tsx', false],
    ['app/[id]/page.tsx', 'app/[id]/page.tsx', true],
    ['app/[id]/page.tsx', 'app/i/page.tsx', false],
    ['src/{a,b}.ts', 'src/{a,b}.ts', true],
    ['src/{a,b}.ts', 'src/a.ts', false],
    ['!src/', 'src/a.ts', false],
    ['a+(b)|^$@#', 'a+(b)|^$@#', true],
    // Newlines are ordinary.
    ['src/auth/**', 'src/auth/a\nb.ts', true],
    ['src/auth/*', 'src/auth/a\nb.ts', true],
    // A folder that became a symlink or a file is still the folder.
    ['src/auth/**', 'src/auth', true],
    ['src/auth/', 'src/auth', true],
    ['src/auth/', 'src/auth/deep/er.ts', true],
    ['src/auth/', 'src/authority/a.ts', false],
    ['src/auth/', 'lib/src/auth/a.ts', false],
    // Letter case counts here; `path-confusable` is the alarm for the rest.
    ['src/auth/**', 'src/Auth/a.ts', false],
    // Without an inner slash, at any depth.
    ['package.json', 'packages/a/package.json', true],
    ['/package.json', 'packages/a/package.json', false],
    ['*.md', 'docs/deep/a.md', true],
    ['migrations/', 'db/migrations/1.sql', true],
    ['/migrations/', 'db/migrations/1.sql', false],
    // `*` stays within a segment, `?` is one code point.
    ['src/*.ts', 'src/deep/a.ts', false],
    ['src/*', 'src/a/b', false],
    ['src/a*', 'src/ab/c', true],
    ['f?o', 'f/o', false],
    ['f?o', 'f😀o', true],
    ['f?o', 'fo', false],
    ['f*o', 'f😀o', true],
    // `**` is any number of segments, none included.
    ['**/migrations/', 'migrations/1.sql', true],
    ['**/migrations/', 'a/b/migrations/1.sql', true],
    ['a/**/z', 'a/z', true],
    ['a/**/z', 'a/b/c/z/below', true],
    ['a/**/b/**/c', 'a/b/b/x/c', true],
    ['a/**/b/**/c', 'a/x/c', false],
    ['**', 'anything/at/all', true],
    ['*', 'anything/at/all', true],
    // A backslash takes the meaning away.
    ['f\\*o', 'f*o', true],
    ['f\\*o', 'fxo', false],
    ['f\\?o', 'fxo', false],
    ['f\\\\o', 'f\\o', true],
  ])('%s on %j: %s', (pattern, path, expected) => {
    expect(covers(pattern, path)).toBe(expected);
  });
});

describe('CODEOWNERS mode', () => {
  test.each([
    ['foo', 'bar/foo/baz', true],
    ['foo', 'foo.txt', false],
    ['foo/', 'foo', false],
    ['foo/', 'bar/foo/baz', true],
    ['/foo/', 'foo/bar/baz', true],
    ['/foo/', 'bar/foo/baz', false],
    ['f*/', 'foo', false],
    ['f*/', 'bar/foo/baz', true],
    ['/*', 'foo/bar', false],
    ['/*/', 'foo', false],
    ['/*/', 'foo/bar/baz', true],
    ['foo/*', 'foo/bar/baz', false],
    ['foo/*/baz', 'foo/bar/baz/qux', true],
    ['foo/bar/**', 'foo/bar', false],
    ['foo/bar/**', 'foo/bar/baz/qux', true],
    ['foo/**/', 'foo', false],
    ['foo/**/', 'foo/bar', true],
    ['foo/**/bar/b*', 'foo/qux/bar/baz', true],
    ['foo/**/bar/b*', 'foo/qux/bar/qux', false],
  ])('%s on %s: %s', (pattern, path, expected) => {
    expect(covers(pattern, path, false)).toBe(expected);
    // Gate mode only ever covers more.
    if (expected) expect(covers(pattern, path)).toBe(true);
  });
});

test.each([
  ['a*'.repeat(200).concat('b'), 'a'.repeat(5_000)],
  ['**/a/'.repeat(200).concat('b'), 'a/'.repeat(4_000).concat('c')],
])('a pattern made to be slow takes no longer than text × pattern', (pattern, path) => {
  const start = performance.now();
  expect(covers(pattern, path)).toBe(false);
  expect(performance.now() - start).toBeLessThan(1_000);
});

test.each([
  ['', 'empty'],
  ['src/***', '***'],
  ['src\\', 'lone backslash'],
  ['src\\auth', 'folders part with `/`'],
  ['./src', 'leave it out'],
  ['src/../lib', '`..`'],
  ['src//auth', 'two slashes'],
  ['src/ ', 'blank'],
  ['a\nb', 'control'],
  ['/', 'two slashes'],
  ['a'.repeat(1_025), '1024'],
])('the pattern %j is refused', (pattern, reason) => {
  expect(globProblem(pattern)).toContain(reason);
});

test.each(['src/', '/a', 'a\\\\', 'a\\*', 'app/[id]/', '**', 'a b'])(
  '%j is a pattern',
  (pattern) => {
    expect(globProblem(pattern)).toBeNull();
  },
);
