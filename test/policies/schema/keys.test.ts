/** Every key of the language: what it takes, what it refuses and where, and what its silence means. */
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { Policy } from '../../../policies/schema.ts';
import { EVERY, everyWith, keyName, read } from './every.ts';
import { ROWS } from './rows.ts';

const show = (value: unknown): string => (value === undefined ? 'nothing' : JSON.stringify(value));

test('a policy with every key can be read', () => {
  expect(read(JSON.stringify(EVERY, null, 2))).toHaveProperty('policy');
});

test('every key there is has a row in the table, and occurs in the policy of these tests', () => {
  const keys = keysOf(z.toJSONSchema(Policy, { io: 'input' }));
  expect(keys.size).toBeGreaterThan(200);
  const rows = new Set(ROWS.map(({ at }) => keyName(at)));
  expect([...keys].filter((name) => !rows.has(name))).toEqual([]);
  expect([...rows].filter((name) => !keys.has(name))).toEqual([]);
});

describe.each(ROWS.map((row) => ({ name: row.at.join('.'), ...row })))(
  '$name',
  ({ at, good, bad }) => {
    test.each(good.map((value) => [show(value), value]))('takes %s', (_, value) => {
      expect(read(everyWith(at, value))).toHaveProperty('policy');
    });

    test.each(bad.map(([value, code, sentence]) => [show(value), value, code, sentence] as const))(
      'refuses %s',
      (_, value, code, sentence) => {
        const source = everyWith(at, value);
        const parsed = read(source);
        const problems = 'problems' in parsed ? parsed.problems : [];
        const found = problems.find((one) => one.code === code && one.message.startsWith(sentence));
        expect(
          found,
          JSON.stringify(problems.map(({ code: c, message }) => [c, message])),
        ).toBeDefined();
        // It points into what was written, or at what should have held it.
        const path = found?.path ?? [];
        const shared = at.slice(
          0,
          Math.min(at.length - (value === undefined ? 1 : 0), path.length),
        );
        expect(path.slice(0, shared.length)).toEqual(shared);
        const line = source.split('\n')[(found?.line ?? 0) - 1];
        expect(found?.source).toBe(line);
        if (typeof value !== 'object' && value !== undefined && path.length === at.length) {
          expect(line?.slice((found?.column ?? 0) - 1)).toMatch(
            new RegExp(`^[{[]|^${escaped(show(value))}`),
          );
        }
      },
    );
  },
);

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

type Node = {
  readonly properties?: Record<string, Node>;
  readonly additionalProperties?: Node | boolean;
  readonly items?: Node;
  readonly anyOf?: Node[];
  readonly oneOf?: Node[];
};

/** Every key that the schema for editors has, with `[]` for an item and `*` for a name one chooses. */
function keysOf(schema: unknown): Set<string> {
  const keys = new Set<string>();
  const walk = (node: Node, path: string): void => {
    for (const [key, below] of Object.entries(node.properties ?? {})) {
      const name = path === '' ? key : `${path}.${key}`;
      keys.add(name);
      walk(below, name);
    }
    if (node.items) walk(node.items, `${path}[]`);
    // What a detector takes under `with` is the detector's own.
    if (typeof node.additionalProperties === 'object' && !path.endsWith('.with')) {
      walk(node.additionalProperties, `${path}.*`);
    }
    for (const one of [...(node.anyOf ?? []), ...(node.oneOf ?? [])]) walk(one, path);
  };
  walk(schema as Node, '');
  return keys;
}
