import fc from 'fast-check';
import { Minimatch } from 'minimatch';
import { describe, expect, test } from 'vitest';
import { foreignSyntax } from '../../policies/foreign-glob.ts';
import { compileGlob, globProblem } from '../../policies/glob.ts';

describe('a choice of another dialect is offered as one pattern for each', () => {
  test.each([
    ['src/{a,b}.ts', 'braces', ['src/a.ts', 'src/b.ts']],
    ['src/{a,{b,c}}/x', 'braces', ['src/a/x', 'src/b/x', 'src/c/x']],
    ['{a,b}/{c,d}', 'braces', ['a/c', 'a/d', 'b/c', 'b/d']],
    ['src/{a,{id}}', 'braces', ['src/a', 'src/{id}']],
    ['src/{a,b/c}/', 'braces', ['src/a/', 'src/b/c/']],
    ['v{1..3}.sql', 'braces', ['v1.sql', 'v2.sql', 'v3.sql']],
    ['v{1..-1}', 'braces', ['v1', 'v0', 'v-1']],
    ['{A..C}/x', 'braces', ['A/x', 'B/x', 'C/x']],
    ['{a..c}/x', 'braces', ['a/x', 'b/x', 'c/x']],
    ['{a,a}.ts', 'braces', ['a.ts']],
    ['src/[ab].ts', 'brackets', ['src/a.ts', 'src/b.ts']],
    ['*.[jt]s', 'brackets', ['*.js', '*.ts']],
    ['v[1-3_].sql', 'brackets', ['v1.sql', 'v2.sql', 'v3.sql', 'v_.sql']],
    ['x[a-]', 'brackets', ['xa', 'x-']],
    ['x[😀b]', 'brackets', ['x😀', 'xb']],
    // Brackets are how other dialects escape.
    ['x[*]', 'brackets', ['x\\*']],
    ['src/(x|y)/', 'parentheses', ['src/x/', 'src/y/']],
    ['@(x|y).ts', 'parentheses', ['x.ts', 'y.ts']],
    ['a?(.d).ts', 'parentheses', ['a.ts', 'a.d.ts']],
    ['((a|b)|c)', 'parentheses', ['a', 'c', 'b']],
    ['(a|(auth))', 'parentheses', ['a', '(auth)']],
    ['src/{a,b}.[jt]s', 'braces and brackets', ['src/a.js', 'src/a.ts', 'src/b.js', 'src/b.ts']],
    // What is escaped stays escaped, and begins nothing.
    ['\\*{a,b}\\?', 'braces', ['\\*a\\?', '\\*b\\?']],
    ['\\?(a|b)', 'parentheses', ['\\?a', '\\?b']],
  ])('%s', (pattern, kind, instead) => {
    expect(foreignSyntax(pattern)).toEqual({ why: `${kind} are literal here`, instead });
  });

  test.each([
    ['{,a/}b', ['/b', 'a/b']],
    ['{a/b,c}', ['a/b', '/c']],
    ['/{a,b}', ['/a', '/b']],
    ['{a,b}/', ['a/', 'b/']],
  ])('%s: an option without a slash stays where the pattern was', (pattern, instead) => {
    expect(foreignSyntax(pattern)?.instead).toEqual(instead);
  });

  test('an option that no pattern can hold is left out', () => {
    expect(foreignSyntax('{a,..}/x')?.instead).toEqual(['a/x']);
    expect(foreignSyntax('{,}')?.instead).toEqual([]);
  });
});

describe('what cannot be listed gets the nearest pattern, and the reason', () => {
  test.each([
    ['[!a].ts', ['?.ts'], 'any one character'],
    ['[^a-z].ts', ['?.ts'], 'any one character'],
    ['v[a-zA-Z].ts', ['v?.ts'], 'any one character'],
    ['v[[:digit:]].ts', ['v?.ts'], 'any one character'],
    ['[!a](b|c)', ['?b', '?c'], 'any one character'],
    ['+(a|b)', [], 'no repetition'],
    ['+([0-9]).sql', [], 'no repetition'],
    ['*(a|b)', [], 'no repetition'],
    ['!(a|b).ts', [], 'except'],
    ['src/!(a).ts', [], 'except'],
    ['!src/', ['src/'], '`!` is literal here and a list has no negation; use `except`'],
    ['!!src/{a,b}', ['src/a', 'src/b'], 'braces are literal here'],
    ['v{1..21}', [], 'more than 20'],
    ['{a,b}{a,b}{a,b}{a,b}{a,b}', [], 'more than 20'],
  ])('%s', (pattern, instead, reason) => {
    const foreign = foreignSyntax(pattern);
    expect(foreign?.instead).toEqual(instead);
    expect(foreign?.why).toContain(reason);
  });
});

test.each([
  ...['src/', 'app/(auth)/', 'app/[id]/page.tsx', '[id]', 'app/[[...slug]]/', '[...slug].vue'],
  ...[
    '{id}/x',
    '{01..03}',
    '{1..a}',
    '(.)photo',
    '@(auth)',
    '+page@(app).svelte',
    '*(1).txt',
    'a|b',
    '[]x',
  ],
  ...['{a,b', 'a,b}', 'x[a', 'a]', '(a|b', 'a|b)', '!', 'x!', '**/*.ts', '\\*'],
])('%s is a name in every dialect, or whole in this one', (pattern) => {
  expect(foreignSyntax(pattern)).toBeNull();
});

test('a pattern that is refused anyway is not explained', () => {
  expect(foreignSyntax('./{a,b}')).toBeNull();
  expect(foreignSyntax('{a,'.repeat(350_000))).toBeNull();
});

test('what is offered instead is what minimatch expands to', () => {
  const name = fc.constantFrom('a', 'b', 'ab', 'c');
  const { brace } = fc.letrec<{ brace: string; option: string }>((tie) => ({
    option: fc.oneof({ maxDepth: 2 }, name, tie('brace')),
    brace: fc
      .array(tie('option'), { minLength: 2, maxLength: 3 })
      .map((options) => `{${options.join(',')}}`),
  }));
  fc.assert(
    fc.property(brace, name, name, (braces, before, path) => {
      const pattern = `${before}/${braces}`;
      const instead = foreignSyntax(pattern)?.instead ?? [];
      fc.pre(instead.length > 0);
      const peer = new Minimatch(pattern);
      for (const text of [`${before}/${path}`, `x/${path}`]) {
        const isCovered = instead.some((one) => compileGlob(one, { self: true })(text));
        expect(isCovered).toBe(peer.match(text));
      }
    }),
  );
});

describe('a pattern made to be slow, or to give endless advice, gets a short answer', () => {
  test.each([
    ['{a,'.repeat(341)],
    ['x[a]'.repeat(256)],
    ['{a,aa}'.repeat(170)],
    ['{a,{'.repeat(100).concat('}'.repeat(200))],
    ['(a|'.repeat(256).concat(')'.repeat(256))],
    ['({['.repeat(341)],
    ['{1..999999999}'.repeat(73)],
  ])('%s', (pattern) => {
    expect(globProblem(pattern)).toBeNull();
    expect(foreignSyntax(pattern)?.instead.length ?? 0).toBeLessThanOrEqual(20);
  });
});
