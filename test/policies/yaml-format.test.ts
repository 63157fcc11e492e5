import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parse, parseDocument } from 'yaml';
import { POLICY_KEYS } from '../../policies/json-schema.ts';
import { formatYaml } from '../../policies/yaml-format.ts';
import { FULL } from './sample.ts';

const format = (source: string): string | null => formatYaml(source, POLICY_KEYS);

test('keys go in the order of the language, and comments above a key go along', () => {
  expect(
    format(`# The head of the file.
# It stays.

# Who.
groups:   # people
  a: { members: [local:x,
     local:y] }  # two
# Where.
gates:
- id: b   # the name
  # in between
  paths: ["a", # one
      'b']

- { id: c, paths:
   [] }


# What this is.
kind: Policy
apiVersion: proofhouse/v1   # the first
metadata: { name: a-name-that-is-quite-long, why: and a reason that makes it longer than a line may be, owner: x } # too long
# The end.
`),
  ).toMatchInlineSnapshot(`
    "# The head of the file.
    # It stays.

    apiVersion: proofhouse/v1 # the first

    # What this is.
    kind: Policy
    metadata:
      # too long
      name: a-name-that-is-quite-long
      why: and a reason that makes it longer than a line may be
      owner: x
    # Who.
    groups:
      # people
      a: { members: [local:x, local:y] } # two
    # Where.
    gates:
      - id: b # the name
        # in between
        paths:
          - "a" # one
          - 'b'

      - { id: c, paths: [] }
    # The end.
    "
  `);
});

test('what is in its form already stays byte for byte', () => {
  const shop = readFileSync('examples/shop/.proofhouse/policy.yaml', 'utf8');
  expect(format(shop)).toBe(shop);
});

test.each([
  [
    'a map in braces as the whole file',
    '{ kind: Policy, apiVersion: x }',
    'apiVersion: x\nkind: Policy\n',
  ],
  [
    'keys that are all indented',
    '  kind: Policy\n  apiVersion: x\n',
    'apiVersion: x\nkind: Policy\n',
  ],
  ['no final line break', 'kind: Policy', 'kind: Policy\n'],
  [
    'Windows line breaks',
    'kind: Policy\r\napiVersion: x # a\r\n',
    'apiVersion: x # a\nkind: Policy\n',
  ],
  ['a byte order mark', '\ufeffkind: Policy\n', 'kind: Policy\n'],
  ['text that looks like a comment', 'kind: "# a"\n', 'kind: "# a"\n'],
  ['a key nobody knows', 'zzz: 1\nkind: Policy\n', 'kind: Policy\nzzz: 1\n'],
])('%s', (_, source, expected) => {
  expect(format(source)).toBe(expected);
});

test('a text block keeps every line', () => {
  const source = 'why: |\n  # not a comment\n\n  last\n\nkind: x\n';
  const text = format(source);
  expect(parse(text ?? '')).toEqual(parse(source));
});

test('what cannot be written again with the same meaning is left alone', () => {
  // The empty lines at the end are part of this text.
  expect(format('why: |+\n  a\n\n\nkind: x\n')).toBeNull();
});

describe('whatever is written', () => {
  /** Sections of the sample in any order, with comments and empty lines in between. */
  const sections = FULL.split(/^(?=[a-zA-Z])/m);
  const gap = fc.constantFrom(
    '',
    '\n',
    '# a remark\n',
    '\n\n# one\n\n# two\n',
    '# x\n\n',
    '\n\n\n',
  );
  const flows = fc.constantFrom(
    (text: string) => text,
    (text: string) => text.replaceAll(' }', '   }').replaceAll('[', '[ '),
    (text: string) => text.replaceAll(/^( *)(\S.*[^:\n])$/gm, '$1$2 # why'),
    (text: string) => text.replaceAll(/^( +)- /gm, '$1# item\n$1- '),
    (text: string) =>
      text.replaceAll(/^( +)\S/gm, (line) => `${' '.repeat(line.length - 1)}${line}`),
  );
  const source = fc
    .tuple(
      fc.shuffledSubarray(sections, { minLength: 1 }),
      fc.array(gap, { minLength: 20, maxLength: 20 }),
      flows,
    )
    .map(
      ([some, gaps, flow]) =>
        some.map((text, at) => `${gaps[at]}${flow(text)}`).join('') + gaps.at(-1),
    );

  test('the meaning stays, and a second time changes nothing', () => {
    fc.assert(
      fc.property(source, (text) => {
        fc.pre(parseDocument(text).errors.length === 0);
        const once = format(text);
        expect(once).not.toBeNull();
        expect(parse(once ?? '')).toEqual(parse(text));
        expect(format(once ?? '')).toBe(once);
        expect((once ?? '').match(/#.*/g)?.sort()).toEqual(text.match(/#.*/g)?.sort());
      }),
      { numRuns: 120 },
    );
  });
});
