import { describe, expect, test } from 'vitest';
import { readSource } from '../../../policies/detect/code-only.ts';
import { cpuMs, MEBIBYTE_MS } from './cpu-time.ts';

/** `#{` in a text of this file stands for `${`, which the linter takes for a mistake in a plain string. */
const spelt = (text: string) => text.replaceAll('#{', '${');
/** Runs of blanks become one, so that expectations can be read. */
const code = (path: string, text: string) =>
  readSource(path, spelt(text)).code.replace(/ {2,}/g, ' ');

describe('code without comments and strings', () => {
  test.each([
    ['a.ts', 'a // b\nc', 'a \nc'],
    ['a.ts', 'a /* b\n c */ d', 'a \n d'],
    ['a.ts', "a('b // c') // d", "a(' ') "],
    ['a.ts', 'a("b \\" c") + d', 'a(" ") + d'],
    ['a.ts', 'a(`b #{c(`d`)} e`) + f', 'a(` #{c(` `)} `) + f'],
    ['a.ts', 'a(`#{{ b: `}` }}`) + c', 'a(`#{{ b: ` ` }}`) + c'],
    ['a.ts', 'x = /[/*"]/; a()', 'x = / /; a()'],
    ['a.ts', 'x = a / b / c; // d', 'x = a / b / c; '],
    ['a.ts', 'return /"/.test(a)', 'return / /.test(a)'],
    ['a.tsx', "<p>don't</p>\nit()", "<p>don'\nit()".replace("don'", "don' ")],
    ['a.ts', "a = 'b\nit()", "a = ' \nit()"],
    ['a.ts', 'a /* b', 'a '],
    ['a.ts', 'a(`b', 'a(` '],
    ['a.go', 'a(`b " c`); d("e")', 'a(` `); d(" ")'],
    ['a.rs', 'fn f<\'a>(x: &\'a str) { "b" }', 'fn f<\'a>(x: &\'a str) { " " }'],
    ['A.java', 'a("""\n b "c"\n""") + d', 'a("""\n \n""") + d'],
    ['a.py', 'a # b\n"""c\nd"""\ne', 'a \n""" \n """\ne'],
    ['a.py', "a = '# b' # c", "a = ' ' "],
    ['a.yml', 'a: http://b/#c # d', 'a: http://b/#c '],
    ['setup.cfg', '; a\nb = c\n# d', ' \nb = c\n '],
  ])('%s: %j', (path, text, expected) => {
    expect(code(path, text)).toBe(spelt(expected));
    expect(readSource(path, spelt(text)).code).toHaveLength(text.length);
  });

  test('what is a string can be asked for', () => {
    const { strings, text } = readSource('a.ts', 'x = [\'a\', "b"]');
    expect(strings.map(({ from, to }) => text.slice(from, to))).toEqual(['a', 'b']);
  });
});

test.each([
  ['a.ts', 'quotes', `'"`.repeat(500_000)],
  ['a.ts', 'backticks', '`${'.repeat(300_000)],
  ['a.ts', 'beginnings of patterns', '=/['.repeat(300_000)],
  ['a.ts', 'slashes', '/ '.repeat(500_000)],
  ['a.ts', 'beginnings of comments', '/*'.repeat(500_000)],
  ['a.ts', 'braces', '{'.repeat(1_000_000)],
  ['a.py', 'triple quotes', '"""'.repeat(330_000)],
])('%s: a mebibyte of %s takes no longer than linear work', (path, _, text) => {
  const spent = cpuMs(() => {
    readSource(path, text);
  });
  expect(spent).toBeLessThan(MEBIBYTE_MS);
});
