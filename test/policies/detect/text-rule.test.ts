import fc from 'fast-check';
import { RE2JS } from 're2js';
import { describe, expect, test } from 'vitest';
import type { FileChange } from '../../../policies/detect/detector.ts';
import { foldForSearch, requiredLiteral } from '../../../policies/detect/required-literal.ts';
import { compileTextRule, textFirings } from '../../../policies/detect/text-rule.ts';
import { cpuMs, MEBIBYTE_MS } from './cpu-time.ts';
import { added, deleted, fileChange, UNREADABLE } from './file-change.ts';

type Rule = Parameters<typeof compileTextRule>[0];

function fire(rule: Rule, ...files: readonly FileChange[]) {
  const compiled = compileTextRule(rule);
  if ('problem' in compiled) throw new Error(compiled.problem);
  return textFirings(compiled, files);
}
const lines = (rule: Rule, before: string | null, after: string | null) =>
  fire(rule, fileChange('a.ts', before, after)).map(({ line }) => line);

const ENV = { added_re2: ['process\\.env\\[[^\\]]+\\]'] };

describe('lines that a change adds', () => {
  test.each([
    ['in a new file', null, 'a\nprocess.env[x]\n', [2]],
    ['in an old one', 'a\n', 'a\nprocess.env[x]\n', [2]],
    ['that stood there before', 'process.env[x]\n', 'process.env[x]\nb\n', []],
    ['that was moved', 'process.env[x]\na\nb\n', 'a\nb\nprocess.env[x]\n', [3]],
    ['that was edited', 'process.env[x]\n', 'process.env[y]\n', [1]],
    ['that is removed', 'process.env[x]\n', '', []],
    ['in a file that is gone', 'process.env[x]\n', null, []],
    ['with another line end', 'process.env[x]\n', 'process.env[x]\r\n', []],
    ['in other letter case', '', 'PROCESS.ENV[x]', []],
  ])('a line %s', (_, before, after, expected) => {
    expect(lines(ENV, before, after)).toEqual(expected);
  });

  test('every pattern counts, a line fires once, and it is named by its content', () => {
    const rule = { added_re2: ['foo', 'oba'] };
    const found = fire(rule, fileChange('a.ts', '', 'oba\n foobar \n'));
    expect(found.map(({ line }) => line)).toEqual([1, 2]);
    const again = fire(rule, fileChange('a.ts', '', '\n\nfoobar\noba\n'));
    expect(again.map(({ key }) => key).sort()).toEqual(found.map(({ key }) => key).sort());
    expect(found[1]?.message).toBe('a.ts adds a line that matches foo');
  });

  test('the same line twice is another finding than once', () => {
    const [once] = fire({ added_re2: ['foo'] }, added('a', 'foo\n'));
    const [twice] = fire({ added_re2: ['foo'] }, added('a', 'foo\n foo\n'));
    expect(twice?.key).toBe(`${once?.key}×2`);
  });
});

describe('lines that a change removes', () => {
  const rule = { removed_re2: ['^assertOwner\\('] };
  test.each([
    ['from a file', 'a\nassertOwner(x)\n', 'a\n', [2]],
    ['with its file', 'assertOwner(x)\n', null, [1]],
    ['not at the start of its line', ' assertOwner(x)\n', '', []],
    ['that stays', 'assertOwner(x)\na\n', 'assertOwner(x)\n', []],
    ['that is added', '', 'assertOwner(x)\n', []],
  ])('a line %s', (_, before, after, expected) => {
    expect(lines(rule, before, after)).toEqual(expected);
  });
});

describe('what cannot be searched fires', () => {
  const large = 'x'.repeat(512 * 1_024 + 1);
  test.each<[string, Rule, FileChange, string[]]>([
    ['binary', ENV, added('a', UNREADABLE), ['unreadable']],
    ['a submodule', ENV, added('a', UNREADABLE, '160000'), ['unreadable']],
    ['too large', ENV, added('a', large), ['unreadable']],
    ['large enough', ENV, added('a', large.slice(1)), []],
    ['bytes count, not letters', ENV, added('a', 'ä'.repeat(300_000)), ['unreadable']],
    ['removed, binary', { removed_re2: ['a'] }, deleted('a', UNREADABLE), ['unreadable']],
    ['the side no pattern is about', ENV, deleted('a', UNREADABLE), []],
    [
      'only another mode',
      ENV,
      fileChange(
        'a',
        UNREADABLE,
        { unreadable: true, oid: 'b'.repeat(40) },
        {
          after: '100755',
        },
      ),
      [],
    ],
  ])('%s', (_, rule, file, keys) => {
    expect(fire(rule, file).map(({ key }) => key)).toEqual(keys);
  });

  test('an old side that cannot be read makes every line new', () => {
    expect(fire(ENV, fileChange('a', UNREADABLE, 'process.env[x]'))).toHaveLength(1);
    expect(fire(ENV, fileChange('a', `process.env[x]\n${large}`, 'process.env[x]'))).toHaveLength(
      1,
    );
  });
});

describe('patterns that are refused', () => {
  test.each([
    ['(?<=a)b', 'is not RE2: lookbehind cannot'],
    ['(?<!a)b', 'is not RE2: lookbehind cannot'],
    ['a(?=b)', 'is not RE2: lookahead cannot'],
    ['a(?!b)', 'is not RE2: lookahead cannot'],
    ['(a)\\1', 'is not RE2: a back-reference cannot'],
    ['(?<n>a)\\k<n>', 'is not RE2: a back-reference cannot'],
    ['a++', 'is not RE2: invalid nested repetition operator'],
    ['(', 'is not RE2: missing closing )'],
    ['a{1001}', 'is not RE2: invalid repeat count'],
    ['', 'is empty'],
    ['a'.repeat(1_001), 'is longer than 1000 characters'],
    ['('.repeat(1_000), 'is not RE2'],
  ])('%.20s', (pattern, problem) => {
    expect(compileTextRule({ added_re2: ['ok', pattern] })).toEqual({
      ...{ which: 'added_re2', index: 1 },
      problem: expect.stringContaining(problem),
    });
    expect(compileTextRule({ added_re2: ['ok'], removed_re2: [pattern] })).toMatchObject({
      ...{ which: 'removed_re2', index: 0 },
    });
  });
});

describe('the literal that a pattern needs', () => {
  test.each([
    ['process\\.env\\[[^\\]]+\\]', 'process.env['],
    ['foo|bar', null],
    ['(?:foo|bar)baz', 'baz'],
    ['(foo)?bar', 'bar'],
    ['(foo)+', 'foo'],
    ['(foo){0,3}ab', 'ab'],
    ['(foo){2}ab', 'foo'],
    ['ab+c', 'ab'],
    ['ab?cd', 'cd'],
    ['ab{0}cd', 'cd'],
    ['colou{,3}', 'colou{,3}'],
    ['(?i)DROP\\s+TABLE', 'table'],
    ['^\\s*Later', 'later'],
    ['\\bfoo\\b', 'foo'],
    ['\\Qa.b*c\\E', 'a.b*'],
    ['\\Qabc\\E*de', 'de'],
    ['eval[(]', 'eval('],
    ['[[:alpha:]]ab[]x]cde', 'cde'],
    ['[^]x]ab', 'ab'],
    ['\\x41\\x{42}ab\\pN\\p{Greek}', 'ab'],
    ['(?P<name>secret)', 'secret'],
    ['(?i)secret', 'secret'],
    ['secret(?i)*', null],
    ['secret\\Q\\E?', null],
    ['größe', 'gr'],
    ['[a-z]+', null],
    ['.*', null],
    ['a', null],
    ['', null],
    ['(', null],
    [')ab', null],
  ])('%s: %s', (pattern, literal) => {
    expect(requiredLiteral(pattern)).toBe(literal);
  });

  test.each([['(?i)task', 'TA\u017F\u212A', 'task']])(
    'letters that match across case are folded: %s',
    (pattern, text, literal) => {
      expect(RE2JS.compile(pattern).test(text)).toBe(true);
      expect(requiredLiteral(pattern)).toBe(literal);
      expect(foldForSearch(text)).toContain(literal);
    },
  );

  test('whatever matches contains it', () => {
    const atom = fc.constantFrom(
      ...[
        'a',
        'b',
        'k',
        '\\.',
        '.',
        '[ab]',
        '[^a]',
        '[.]',
        '\\w',
        '\\x41',
        '\\Qab\\E',
        '(?:ab|ba)',
      ],
      ...[
        '(ab)',
        '(?i:kb)',
        '(a|)',
        '[[:alpha:]b]',
        '[]a]',
        '\\pL',
        '^',
        '$',
        'é',
        '(?i)',
        '\\Qé\\E',
      ],
    );
    const times = fc.constantFrom('', '', '', '*', '+', '?', '{0,2}', '{2}', '{1,}', '+?', '{,2}');
    const piece = fc.tuple(atom, times).map(([text, count]) => `${text}${count}`);
    const sequence = fc.array(piece, { minLength: 1, maxLength: 6 }).map((parts) => parts.join(''));
    const pattern = fc
      .array(sequence, { minLength: 1, maxLength: 2 })
      .map((ways) => ways.join('|'));
    const text = fc.array(fc.constantFrom('a', 'b', 'A', 'B', 'k', '\u212A', '.', 'é', '{,2}'), {
      maxLength: 14,
    });
    fc.assert(
      fc.property(pattern, fc.array(text, { minLength: 10, maxLength: 10 }), (source, texts) => {
        const literal = requiredLiteral(source);
        const compiled = compileTextRule({ added_re2: [source] });
        if (literal === null || 'problem' in compiled) return;
        const plain = RE2JS.compile(source);
        for (const parts of texts) {
          const line = parts.join('');
          if (plain.test(line)) expect(foldForSearch(line)).toContain(literal);
        }
      }),
      { numRuns: 1_000 },
    );
  });
});

test.each([
  ['nested repetition', '(a+)+$', `${'a'.repeat(500_000)}b`],
  ['overlapping repetition', '(?:a?){200}a{200}b', 'a'.repeat(100_000)],
  ['word boundaries', '\\b(?:\\w+\\s?)*\\bz', 'a '.repeat(100_000)],
  ['many lines', 'xx+y', 'xxx\n'.repeat(100_000)],
])('a text made to be slow finishes: %s', (_, pattern, text) => {
  const spent = cpuMs(() => {
    expect(fire({ added_re2: [pattern] }, added('a', text))).toEqual([]);
  });
  expect(spent).toBeLessThan(MEBIBYTE_MS);
});
