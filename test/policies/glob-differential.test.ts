/**
 * Our matcher beside minimatch, which was written apart from it, on generated patterns and paths.
 *
 * What is shared: patterns of 1 to 5 segments, with or without a leading and a trailing slash. A
 * segment is `**`, or up to five pieces: letters, dots, all of `( ) { } ! @ + | ^ $ # ,`, brackets, a
 * blank, `é`, an emoji, `*`, `?`, an escaped `\*` or `\?`. Paths are names of the same pieces, with
 * newlines too, and half of them are made from the pattern so that many match.
 *
 * What is not: patterns that `globProblem` refuses, and names that are `.` or `..`, which no path of a
 * repository has.
 *
 * What differs by design is translated: where a pattern starts (rule 3), what it covers below itself
 * (rule 4), the folder itself (rule 5), and brackets, which minimatch has escaped.
 */
import fc from 'fast-check';
import { Minimatch } from 'minimatch';
import { describe, expect, test } from 'vitest';
import { compileGlob, globProblem } from '../../policies/glob.ts';

/** Dotfiles are ordinary, and nothing is special but stars, question marks and the backslash. */
const SHARED = {
  dot: true,
  noext: true,
  nobrace: true,
  nonegate: true,
  nocomment: true,
  platform: 'linux',
} as const;
const RUNS = 8_000;

const letters = ['a', 'a', 'a', 'b', 'b', '.'];
const marks = [...'(){}!@+|^$#,[] é😀'];
const wild = ['*', '*', '?', '\\*', '\\?'];

const segment = fc.oneof(
  { weight: 1, arbitrary: fc.constant('**') },
  { weight: 1, arbitrary: fc.constant('*') },
  { weight: 4, arbitrary: pieces([...letters, ...letters, ...marks, ...wild]) },
);
const pattern = fc
  .tuple(
    fc.constantFrom('', '', '/'),
    fc.array(segment, { minLength: 1, maxLength: 5 }),
    fc.constantFrom('', '', '/'),
  )
  .map(([start, segments, end]) => `${start}${segments.join('/')}${end}`)
  .filter((text) => globProblem(text) === null);

const name = pieces([...letters, ...letters, ...marks, '*', '?', '\n']).filter(isName);
const anyPath = fc.array(name, { minLength: 1, maxLength: 6 }).map((names) => names.join('/'));
const pair = pattern.chain((text) => fc.tuple(fc.constant(text), fc.oneof(anyPath, near(text))));

describe.each([
  ['a gate', true],
  ['CODEOWNERS', false],
])('%s', (_, self) => {
  test('covers what minimatch matches, and nothing else', () => {
    let matched = 0;
    fc.assert(
      fc.property(pair, ([glob, path]) => {
        const expected = peerMatches(glob, path, self);
        matched += Number(expected);
        expect(compileGlob(glob, { self })(path)).toBe(expected);
      }),
      { numRuns: RUNS },
    );
    // Had nearly all been misses, or matches, there would have been nothing to compare.
    expect(matched).toBeGreaterThan(RUNS / 10);
    expect(matched).toBeLessThan((RUNS * 9) / 10);
  });
});

function pieces(from: readonly string[]): fc.Arbitrary<string> {
  return fc
    .array(fc.constantFrom(...from), { minLength: 1, maxLength: 5 })
    .map((each) => each.join(''));
}

/** Paths made from a pattern: wildcards filled in, then now and then a name too many or too few. */
function near(glob: string): fc.Arbitrary<string> {
  const names = glob.split('/').filter(Boolean).map(filled);
  return fc
    .tuple(
      fc.array(name, { maxLength: 2 }),
      fc.tuple(...names),
      fc.array(name, { maxLength: 2 }),
      fc.boolean(),
    )
    .map(([before, middle, after, isExact]) => {
      const inner = middle.flat();
      return (isExact ? inner : [...before, ...inner, ...after]).join('/');
    })
    .filter((path) => path !== '' && path.split('/').every(isName));
}

function filled(text: string): fc.Arbitrary<string[]> {
  if (text === '**') return fc.array(name, { maxLength: 2 });
  const units = text.match(/\\?./gsu) ?? [];
  return fc
    .tuple(
      ...units.map((unit) => {
        if (unit === '*') return fc.oneof(fc.constant(''), name);
        if (unit === '?') return fc.constantFrom('a', '.', '(', '\n', '😀');
        return fc.constant(unit.replace(/^\\/, ''));
      }),
    )
    .map((each) => [each.join('')]);
}

function isName(text: string): boolean {
  return text !== '' && text !== '.' && text !== '..';
}

function peerMatches(glob: string, path: string, self: boolean): boolean {
  return translated(glob, self).some((one) => new Minimatch(one, SHARED).match(path));
}

/** The rules in another dialect: what is named, and beside it what lies below. */
function translated(glob: string, self: boolean): string[] {
  const bare = glob.replace(/^\//, '').replace(/\/$/, '');
  const isAnywhere = !glob.startsWith('/') && !bare.includes('/');
  const named = `${isAnywhere ? '**/' : ''}${bare.replace(/[[\]]/g, '\\$&')}`;
  const isFolder = glob.endsWith('/') || /(^|\/)\*\*$/.test(named);
  if (isFolder) {
    const folder = named.replace(/((^|\/)\*\*)+$/, '');
    if (folder === '') return ['**'];
    return self ? [folder, `${folder}/**/*`] : [`${folder}/**/*`];
  }
  return /(^|\/)\*$/.test(named) ? [named] : [named, `${named}/**/*`];
}
