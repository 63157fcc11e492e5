import { describe, expect, test } from 'vitest';
import { parseJsonData } from '../../policies/json-data.ts';
import { walk } from '../../policies/plain-data.ts';
import { parseYamlData } from '../../policies/yaml-data.ts';

const values = (text: string) => parseYamlData(text)?.map(({ value }) => value) ?? null;

describe('YAML that others wrote', () => {
  test.each<[string, string, unknown[]]>([
    ['every document', 'a: 1\n---\nb: 2\n', [{ a: 1 }, { b: 2 }]],
    ['no document', '# nothing\n', []],
    ['an alias', 'a: &x [1]\nb: *x', [{ a: [1], b: [1] }]],
    [
      'a merge, with the last word for what is written out',
      'a: &x { b: 1, c: 1 }\nd: { <<: *x, c: 2 }',
      [{ a: { b: 1, c: 1 }, d: { b: 1, c: 2 } }],
    ],
    ['words that only YAML 1.1 takes for true', 'on: yes', [{ on: 'yes' }]],
    ['a tag of others', 'a: !Ref b', [{ a: 'b' }]],
    ['a version that is this one', '%YAML 1.2\n---\na: 1', [{ a: 1 }]],
    ['names of methods', 'toString: 1\nconstructor: 2', [{ toString: 1, constructor: 2 }]],
  ])('%s', (_, text, expected) => {
    expect(values(text)).toEqual(expected);
  });

  test.each([
    ['a syntax error', 'a: ['],
    ['a syntax error in the second document', 'a: 1\n---\nb: ['],
    ['a key twice', 'a: 1\na: 2'],
    ['a key twice in another spelling', 'a: 1\n"\\x61": 2'],
    ['a number and a text that are one key', '1: a\n"1": b'],
    ['a key twice, deep in a list', '- { a: [{ b: 1, b: 2 }] }'],
    ['a merge twice', 'x: &x { a: 1 }\ny: { <<: *x, <<: *x }'],
    ['a key that is an alias', 'a: &x b\n*x : c'],
    ['the prototype', 'a: { __proto__: { b: 1 } }'],
    ['YAML 1.1', '%YAML 1.1\n---\na: yes'],
    ['an alias of nothing', 'a: *x'],
    ['an alias within itself', 'a: &x { b: *x }'],
    ['text that is too long', `a: ${'b'.repeat(256 * 1_024)}`],
    ['a great depth', `${'['.repeat(70)}${']'.repeat(70)}`],
    ['a depth that no stack holds', '['.repeat(200_000)],
    ['many aliases', '- &a b\n- *a\n'.repeat(501)],
    ['many uses of one anchor', `- &a b\n${'- *a\n'.repeat(101)}`],
  ])('%s is null', (_, text) => {
    expect(values(text)).toBeNull();
  });

  test('a long list of keys is searched once', () => {
    const keys = Array.from({ length: 20_000 }, (_, index) => `k${index}:`).join('\n');
    const started = performance.now();
    expect(values(keys)).toHaveLength(1);
    expect(performance.now() - started).toBeLessThan(5_000);
  });

  test('a line is that of the value, and none for what a merge brought', () => {
    const [data] = parseYamlData('a:\n  - b\n  - &x { c: 1 }\nd:\n  <<: *x\n') ?? [];
    expect(data?.line(['a', 1, 'c'])).toBe(3);
    expect(data?.line(['d', 'c'])).toBeNull();
    expect(data?.line(['gone'])).toBeNull();
  });
});

describe('JSON that others wrote', () => {
  test('lines are those of keys and items', () => {
    const data = parseJsonData('{\n "a": [\n  1,\n  {"b": "}{,"}\n ],\n "c":\n 2}');
    expect(data?.value).toEqual({ a: [1, { b: '}{,' }], c: 2 });
    expect(data?.line(['a'])).toBe(2);
    expect(data?.line(['a', 1, 'b'])).toBe(4);
    expect(data?.line(['c'])).toBe(6);
    expect(data?.line(['c', 'gone'])).toBeNull();
  });

  test.each(['', '{"a":1,"a":1}', '[{"a":[{"b":1,"\\u0062":2}]}]', '{"__proto__":1}', '{"a":1,}'])(
    '%j is null',
    (text) => {
      expect(parseJsonData(text)).toBeNull();
    },
  );

  test('the same key in two objects is none twice', () => {
    expect(parseJsonData('[{"a":{"a":1}},{"a":2}]')?.value).toEqual([{ a: { a: 1 } }, { a: 2 }]);
  });
});

test('a walk comes by everything, from the outside in', () => {
  expect([...walk({ a: [{ b: 1 }] })].map(({ path }) => path.join('.'))).toEqual([
    '',
    'a',
    'a.0',
    'a.0.b',
  ]);
});
