import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { Facts } from '../../orchestrator/domain/change.ts';
import { entriesDigest } from '../../policies/facts.ts';
import { FactsFile, readFacts } from '../../policies/facts-file.ts';
import { digest, entry, factsOf, person, sha } from './sample.ts';

const NOWHERE = { mode: '000000', oid: sha('0') };

/** An entry as somebody writes it, without its operation. */
function written(path: string, over: Record<string, unknown> = {}) {
  const { operation: _, ...sides } = entry(path);
  return { ...sides, ...over };
}

function file(over: Record<string, unknown> = {}) {
  return { change: { base: sha('a'), tree: sha('b') }, entries: [written('src/a.ts')], ...over };
}

function read(json: unknown): Facts {
  const answer = readFacts(json);
  if ('problems' in answer) throw new Error(JSON.stringify(answer.problems));
  return answer.facts;
}

function problems(json: unknown): string[] {
  const answer = readFacts(json);
  if ('facts' in answer) throw new Error('the facts were taken');
  return answer.problems.map(({ path, message }) => `${path}: ${message}`);
}

describe('facts that people write', () => {
  test('need only name the change and its entries; what follows from them is computed', () => {
    const facts = read(file());
    expect(facts).toEqual({
      change: {
        base: sha('a'),
        tree: sha('b'),
        entries: entriesDigest([entry('src/a.ts')]),
        files: 1,
        addedLines: 0,
        removedLines: 0,
      },
      entries: [entry('src/a.ts')],
      blobBytes: {},
      binary: [],
      target: 'refs/heads/main',
      texts: {},
      roots: [],
      history: [],
      groups: {},
      madeBy: null,
    });
    expect(Facts.parse(facts)).toEqual(facts);
  });

  test('of a run are read as they are', () => {
    const facts = factsOf(['src/a.ts', entry('b', 'delete')], {
      texts: { [sha('2')]: 'text' },
      roots: ['src'],
      history: [entry('c', 'add')],
      groups: { 'file:PEOPLE': [person('rita')], 'github_team:acme/web': [] },
      madeBy: 'coder',
    });
    expect(read(JSON.parse(JSON.stringify(facts)))).toEqual(facts);
  });

  test.each([
    ['add', { oldMode: NOWHERE.mode, oldOid: NOWHERE.oid }],
    ['delete', { newMode: NOWHERE.mode, newOid: NOWHERE.oid }],
    ['modify', {}],
    ['modify', { newMode: '100755' }],
    ['mode', { newMode: '100755', newOid: sha('1') }],
    ['type', { newMode: '120000' }],
    ['type', { newMode: '160000' }],
  ])('say by modes and objects that something is an %s', (operation, over) => {
    expect(read(file({ entries: [written('a', over)] })).entries[0]?.operation).toBe(operation);
  });

  test('may hold names that are never let out, which is for the decision to say', () => {
    const paths = ['.git/config', 'a\nb', '../x', 'e\u0301', ''];
    const entries = paths.map((path) => written(path));
    expect(read(file({ entries })).entries.map(({ path }) => path)).toEqual(paths);
  });

  test('name people in any letter case', () => {
    const groups = { 'file:PEOPLE': ['Local:Rita'] };
    expect(read(file({ groups })).groups).toEqual({ 'file:PEOPLE': ['local:rita'] });
  });
});

describe('facts are refused', () => {
  const mode = { newMode: '100755', newOid: sha('1') };

  test.each<[string, unknown, string]>([
    ['that are no object', [], ': expected keys and values, found a list'],
    ['without a change', { entries: [] }, 'change: the key `change` is missing'],
    ['without entries', { change: file().change }, 'entries: the key `entries` is missing'],
    [
      'with a key that nobody knows',
      file({ text: {} }),
      'text: unknown key `text`; did you mean `texts`?',
    ],
    [
      'with a short object id',
      file({ change: { base: 'abc', tree: sha('b') } }),
      'change.base: an object id is 40 hex digits in lower case',
    ],
    [
      'with a digest that the entries do not have',
      file({ change: { ...file().change, entries: digest('1') } }),
      `change.entries: says ${digest('1')}, but the entries listed give sha256:`,
    ],
    [
      'with a number of files that is not theirs',
      file({ change: { ...file().change, files: 2 } }),
      'change.files: says 2, but the entries listed give 1',
    ],
    [
      'with lines below zero',
      file({ change: { ...file().change, addedLines: -1 } }),
      'change.addedLines: expected at least 0',
    ],
    [
      'with an operation that the modes contradict',
      file({ entries: [written('a', { operation: 'add' })] }),
      'entries[0]: operation is add, but modes and object ids say modify',
    ],
    [
      'with a mode under the name of another',
      file({ entries: [written('a', { ...mode, operation: 'modify' })] }),
      'entries[0]: operation is modify, but modes and object ids say mode',
    ],
    [
      'with an operation that there is not',
      file({ entries: [written('a', { operation: 'rename' })] }),
      'entries[0].operation: expected `add`',
    ],
    [
      'with an entry where nothing changed',
      file({ entries: [written('a', { newOid: sha('1') })] }),
      'entries[0]: the entry changes nothing',
    ],
    [
      'with an entry that is on neither side',
      file({
        entries: [
          written('a', {
            oldMode: NOWHERE.mode,
            oldOid: NOWHERE.oid,
            newMode: NOWHERE.mode,
            newOid: NOWHERE.oid,
          }),
        ],
      }),
      'entries[0]: the entry changes nothing',
    ],
    [
      'with an absent file that has content',
      file({ entries: [written('a', { oldMode: NOWHERE.mode })] }),
      'entries[0]: oldMode is 000000 and oldOid is 111',
    ],
    [
      'with a file that has no content',
      file({ entries: [written('a', { newOid: NOWHERE.oid })] }),
      'entries[0]: newMode is 100644 and newOid is 000',
    ],
    [
      'with a mode that is no mode',
      file({ entries: [written('a', { newMode: '0644' })] }),
      'entries[0].newMode: a mode is six octal digits',
    ],
    [
      'with a mode that git does not write',
      file({ entries: [written('a', { newMode: '100664' })] }),
      'entries[0]: the entry has the file mode 100664',
    ],
    [
      'with a path twice',
      file({ entries: [written('a'), written('b'), written('a')] }),
      'entries[2].path: entries[0] has the same path',
    ],
    [
      'with half a character',
      file({ entries: [written('a\ud800')] }),
      'entries[0].path: half a character',
    ],
    [
      'with a bad entry in the history',
      file({ history: [written('a', { operation: 'add' })] }),
      'history[0]: operation is add',
    ],
    ['with a branch for a ref', file({ target: 'main' }), 'target: a target is a whole ref'],
    [
      'with a group of no kind',
      file({ groups: { security: [] } }),
      'groups.security: a group is named github_team:ORG/TEAM or file:PATH',
    ],
    [
      'with nobody in a group',
      file({ groups: { 'file:a': ['rita'] } }),
      'groups.file:a[0]: a person is written provider:login',
    ],
    [
      'with a size under no object id',
      file({ blobBytes: { a: 1 } }),
      'blobBytes.a: an object id is 40 hex digits',
    ],
    [
      'with half a byte',
      file({ blobBytes: { [sha('1')]: 0.5 } }),
      `blobBytes.${sha('1')}: expected a whole number`,
    ],
    [
      'with a text over 1 MiB',
      file({ texts: { [sha('1')]: 'x'.repeat(2 ** 20 + 1) } }),
      `texts.${sha('1')}: expected at most 1048576 characters`,
    ],
  ])('%s', (_, json, message) => {
    expect(problems(json)).toEqual([expect.stringContaining(message)]);
  });

  test('with few problems told of thousands', () => {
    const entries = Array.from({ length: 2_000 }, (_, at) =>
      written(`f${at}`, { operation: 'add' }),
    );
    expect(problems(file({ entries }))).toHaveLength(50);
  });

  test.each(['__proto__', 'constructor', 'toString'])(
    'when %s is a name in a list of objects',
    (name) => {
      const json: unknown = JSON.parse(`{"x":{"${name}":1}}`);
      const held = (json as { x: object }).x;
      const answer = readFacts(file({ blobBytes: held }));
      const taken = 'facts' in answer ? Object.keys(answer.facts.blobBytes) : [];
      expect(taken).toEqual([]);
      expect(Object.getPrototypeOf('facts' in answer ? answer.facts.blobBytes : {})).toBe(
        Object.prototype,
      );
    },
  );
});

describe('the published schema', () => {
  type Node = {
    description?: string;
    default?: unknown;
    properties?: Record<string, Node>;
    items?: Node;
  };
  const schema = z.toJSONSchema(FactsFile, { io: 'input' }) as Node & { required: string[] };

  test('asks for the change and its entries, and gives the rest its default', () => {
    expect(schema.required).toEqual(['change', 'entries']);
    const { change, entries, ...rest } = schema.properties ?? {};
    expect(Object.keys(change?.properties ?? {})).toHaveLength(6);
    expect(Object.values(rest).every((key) => 'default' in key)).toBe(true);
    expect(entries?.items?.properties).toHaveProperty('newOid');
  });

  test('describes every key', () => {
    const undescribed = (node: Node, at: string): string[] =>
      Object.entries(node.items?.properties ?? node.properties ?? {}).flatMap(([key, inner]) => [
        ...(inner.description ? [] : [`${at}.${key}`]),
        ...undescribed(inner, `${at}.${key}`),
      ]);
    expect(undescribed(schema, '')).toEqual([]);
  });
});
