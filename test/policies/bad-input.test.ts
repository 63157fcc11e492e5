/** Files that do not say plainly what they look like: each is refused with a code, a place and a way out. */
import { describe, expect, test } from 'vitest';
import { parsePolicy, parsePolicyBytes } from '../../policies/parse.ts';
import type { Problem } from '../../policies/problems.ts';
import { FULL, minimal, NAME } from './sample.ts';

function problemsOf(source: string | Uint8Array): readonly Problem[] {
  const parsed =
    typeof source === 'string' ? parsePolicy(source, NAME) : parsePolicyBytes(source, NAME);
  return 'problems' in parsed ? parsed.problems : [];
}

function lines(source: string | Uint8Array): string[] {
  return problemsOf(source).map(
    ({ code, line, column, message }) => `${code} ${line}:${column} ${message}`,
  );
}

const bytes = (...parts: (string | number)[]): Uint8Array =>
  Buffer.concat(parts.map((part) => Buffer.from(typeof part === 'string' ? part : [part])));

const BOMB = [
  'a: &a [x, x, x, x, x, x, x, x, x]',
  ...['b', 'c', 'd', 'e', 'f', 'g', 'h'].map((name, at) => {
    const before = 'abcdefg'.charAt(at);
    return `${name}: &${name} [${Array(9).fill(`*${before}`).join(', ')}]`;
  }),
].join('\n');

describe('text', () => {
  test.each<[string, string, string]>([
    ['an empty file', '', 'P0101 1:1 the file is empty, and an empty file allows nothing'],
    ['a file of comments', '# only a comment\n', 'P0101 1:1 the file is empty'],
    ['plain text', 'just text', 'P0104 1:1 expected keys and values'],
    ['a list that does not end', 'a: [1', 'P0101 1:6 '],
    ['a tab for indentation', 'a:\n\tb: 1', 'P0101 2:1 '],
    ['a key given twice', 'kind: Policy\nkind: Policy', 'P0102 2:1 this key was given before'],
    ['a key given twice, once quoted', 'kind: x\n"kind": y', 'P0102 2:1 this key was given'],
    ['an anchor', 'a: &x 1', 'P0105 1:7 an anchor; write the value out'],
    ['an alias', 'a: &x 1\nb: *x', 'P0105 2:4 an alias; write the value out'],
    ['aliases that multiply', BOMB, 'P0105 2:'],
    ['a merge key', 'a:\n  <<: { b: 1 }', 'P0105 2:3 a merge key; write out'],
    ['a tag nobody knows', 'a: !secret x', 'P0101 1:4 '],
    ['a tag everybody knows', 'a: !!str x', 'P0101 1:10 the tag tag:yaml.org,2002:str; plain'],
    ['a tag that makes a function', 'a: !!js/function "x"', 'P0101 1:4 '],
    ['a tag of binary data', 'a: !!binary aGk=', 'P0101 1:'],
    ['a prototype', '__proto__: { polluted: true }', 'P0103 1:1 the key `__proto__` is never'],
    ['a nested prototype', 'groups: { __proto__: { members: [] } }', 'P0103 1:11 the key'],
    ['a constructor', 'groups: { constructor: { members: [] } }', 'P0103 1:11 the key'],
    ['another YAML version', '%YAML 1.1\n---\na: yes', 'P0101 1:1 a directive changes'],
    ['a tag directive', '%TAG ! tag:x,2000:\n---\na: 1', 'P0101 1:1 a directive changes'],
    ['a second document', 'a: 1\n---\nb: 2', 'P0101 2:1 a second document would go unread'],
    ['an empty second document', `${minimal()}\n---\n`, 'P0101 5:1 a second document'],
    ['a number for a key', '1: x', 'P0104 1:1 a key that is not text; put it in quotes'],
    ['a list for a key', '[a]: x', 'P0104 1:1 a key that is not text'],
    ['no key', ': x', 'P0104 1:1 a key that is not text'],
    ['nesting without end', '['.repeat(50_000), 'P0101 1:'],
    ['deep but whole nesting', `a: ${'['.repeat(700)}${']'.repeat(700)}`, 'P010'],
    ['deep maps', `${'{ a: '.repeat(5_000)}x${' }'.repeat(5_000)}`, 'P010'],
    [
      'a NUL',
      'a: "x\0y"',
      'P0101 1:6 the character U+0000 does not show what it does; take it out',
    ],
    ['an escape character', '# \u001b[2J\na: 1', 'P0101 1:3 the character U+001B'],
    ['text that turns round', 'a: 1 # \u202ehidden', 'P0101 1:8 the character U+202E'],
    ['a line separator', 'a: 1\u2028b: 2', 'P0101 1:5 the character U+2028'],
    ['half a character', 'a: "\ud800"', 'P0101 1:5 the character U+D800'],
    [
      'a byte order mark',
      `\ufeff${FULL}`,
      'P0101 1:1 a byte order mark, which cannot be seen; save',
    ],
    ['a lone carriage return', 'a: 1\n# x\rb: 2', 'P0101 2:4 a carriage return that ends no line'],
  ])('%s', (_, source, expected) => {
    const found = lines(source);
    expect(
      found.some((line) => line.startsWith(expected)),
      found[0],
    ).toBe(true);
  });

  test('another version of the language is never read by guessing', () => {
    expect(lines(FULL.replace('proofhouse/v1', 'proofhouse/v2'))).toEqual([
      'P0104 1:13 expected proofhouse/v1; a policy of another version is never read by guessing',
    ]);
  });

  test('lines that end in CR LF are lines', () => {
    expect(lines(FULL.replaceAll('\n', '\r\n'))).toEqual([]);
    const broken = FULL.replace('kind: Policy', 'kind: Rules').replaceAll('\n', '\r\n');
    const [problem] = problemsOf(broken);
    expect(problem).toMatchObject({ line: 2, column: 7, source: 'kind: Rules' });
  });

  test('nothing of a hostile file reaches what every object has', () => {
    lines('__proto__: { polluted: true }\nconstructor: { prototype: { polluted: true } }');
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
  });
});

describe('values that other readers take for something else', () => {
  const distinct = (word: string) => minimal(`classes: { high: { distinct: ${word} } }`);
  const files = (count: string) => minimal(`limits: { max_files: ${count} }`);

  test.each(['yes', 'no', 'on', 'off', 'y', 'Yes', '"true"', '1', 'null', '~'])(
    '%s is no truth value',
    (word) => {
      expect(lines(distinct(word))[0]).toMatch(/^P0104 4:30 expected true or false, found /);
    },
  );

  test.each(['0x10', '1e9', '.inf', '.nan', '-.INF', '007', '0o17', '+5', '1.', '.5'])(
    '%s is no count, as it is another number, or none, elsewhere',
    (count) => {
      const [problem] = problemsOf(files(count));
      expect(problem).toMatchObject({ line: 4, column: 22 });
      expect(problem?.message).toMatch(/plain digits|whole number/);
    },
  );

  test.each(['1_000', '0', '-1', '1.5', '1000000001', '99999999999999999999', '"1.5"', '[]', '{}'])(
    '%s is no count',
    (count) => {
      expect(lines(files(count))[0]).toMatch(/^P010[46] 4:22 .*whole number|^P0101/);
    },
  );

  test.each(['1', '1500', '250k', '3M', '"7k"'])('%s is a count', (count) => {
    expect(lines(files(count))).toEqual([]);
  });

  test('a word that only looks like text stays text', () => {
    expect(lines(minimal().replace('name: small', 'name: yes'))).toEqual([]);
    expect(lines(minimal().replace('name: small', 'name: 3'))[0]).toBe(
      'P0104 3:19 expected text, found `3`',
    );
  });

  test.each([
    ['an escape code', 'why: "\\e[2Jx"'],
    ['a turned direction', 'why: "\\u202Ex"'],
    ['a second line', 'why: "a\\nb"'],
    ['half a character', 'why: "\\uD800"'],
  ])('%s that is spelt out is refused in a sentence for people', (_, why) => {
    expect(lines(minimal().replace('owner: platform', `owner: platform, ${why}`))[0]).toMatch(
      /^P0104 3:\d+ expected one line of text/,
    );
  });

  test('a pattern with a character that cannot be seen covers nothing, and is refused', () => {
    const source = minimal('gates: [{ id: a, class: low, paths: ["src\\u200b/"] }]');
    expect(lines(source)).toEqual([
      'P0203 4:38 a pattern holds no character that cannot be seen; take it out',
    ]);
  });
});

describe('bytes', () => {
  test.each<[string, Uint8Array, string]>([
    ['a lone continuation byte', bytes('a: 1\nb: x', 0x80), 'P0101 2:5 these bytes are not UTF-8'],
    ['an overlong slash', bytes('a: ', 0xc0, 0xaf), 'P0101 1:4 these bytes are not UTF-8'],
    ['half of a pair', bytes('a: ', 0xed, 0xa0, 0x80), 'P0101 1:4 these bytes'],
    ['a character cut off at the end', bytes('a: 1\n\nb: é', 0xc3), 'P0101 3:5 these bytes'],
    ['a text of another encoding', bytes(0xff, 0xfe, 'a', 0), 'P0101 1:1 these bytes'],
    ['a byte order mark', bytes(0xef, 0xbb, 0xbf, 'a: 1'), 'P0101 1:1 a byte order mark'],
  ])('%s', (_, source, expected) => {
    expect(lines(source)[0]).toMatch(new RegExp(`^${expected}`));
    expect(problemsOf(source)).toHaveLength(1);
  });

  test('what is UTF-8 is read as if it had been text', () => {
    expect(lines(Buffer.from(FULL))).toEqual([]);
    expect(lines(Buffer.from(FULL.replace('kind: Policy', 'kind: é')))).toEqual(
      lines(FULL.replace('kind: Policy', 'kind: é')),
    );
  });
});

describe('size', () => {
  const cpuMs = (work: () => void): number => {
    const before = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1_000;
  };

  test('ten megabytes are refused without being read', () => {
    const text = `a: ${'['.repeat(10_000_000)}`;
    const encoded = Buffer.from(text);
    const all = cpuMs(() => {
      for (const source of [text, encoded]) {
        expect(lines(source)).toEqual([
          'P0101 1:1 the file is longer than 262144 characters; split it into layers, or shorten it',
        ]);
      }
    });
    expect(all).toBeLessThan(100);
  });

  test('a file with thousands of problems tells a hundred of them', () => {
    const source = minimal(Array.from({ length: 3_000 }, (_, at) => `key${at}: 1`).join('\n'));
    expect(problemsOf(source)).toHaveLength(100);
  });
});

test('every refusal has a code, a place within the file and a sentence', () => {
  const hostile = [
    BOMB,
    '[',
    '{',
    '"',
    '*',
    '&',
    '!',
    '%',
    '? ',
    '- - - -',
    '\t',
    ': :',
    '---',
    '...',
  ];
  for (const source of hostile) {
    const all = problemsOf(source);
    expect(all.length, JSON.stringify(source)).toBeGreaterThan(0);
    for (const { code, line, column, width, message } of all) {
      expect(code).toMatch(/^P01\d\d$/);
      expect(line).toBeGreaterThan(0);
      expect(column).toBeGreaterThan(0);
      expect(width).toBeGreaterThan(0);
      expect(message.length).toBeGreaterThan(8);
    }
  }
});

// The library compares each key with all before it: 39 s of processor time, and the test runs out.
test('a file of nothing but distinct keys is read in the time it takes to read it', () => {
  const keys = Array.from({ length: 14_000 }, (_, at) => `  g${at}: { a: 1 }`);
  const source = `${minimal('groups:')}\n${keys.join('\n')}`.slice(0, 250_000);
  expect(parsePolicy(source, 'policy.yaml')).toMatchObject({ problems: expect.anything() });
});
