import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { decide } from '../../policies/decide.ts';
import { type JsonSchema, jsonSchema, SCHEMA_KINDS } from '../../policies/json-schema.ts';
import { FULL, factsOf, load } from './sample.ts';

const NOW = '2026-06-01T12:00:00Z';

/** The whole check of another program: dialect, formats left out, our own keyword known. */
function checkerOf(kind: (typeof SCHEMA_KINDS)[number]) {
  const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, validateFormats: false });
  ajv.addKeyword('x-join');
  return ajv.compile(jsonSchema(kind));
}

const isSchema = (value: unknown): value is JsonSchema =>
  value !== null && typeof value === 'object' && !Array.isArray(value);

/** What is below a schema, each with how it is reached from there. */
function below(schema: JsonSchema): [JsonSchema, string][] {
  const found: [unknown, string][] = [
    ...Object.entries(schema.properties ?? {}).map(([name, of]): [unknown, string] => [
      of,
      `.${name}`,
    ]),
    [schema.items, '[]'],
    [schema.additionalProperties, '.*'],
    ...[...(schema.anyOf ?? []), ...(schema.oneOf ?? [])].map((of): [unknown, string] => [of, '']),
  ];
  return found.flatMap(([of, step]) => (isSchema(of) ? [[of, step] as [JsonSchema, string]] : []));
}

/** Every key there is, as `gates[].id`, with its schema. */
function keysOf(schema: JsonSchema, at = ''): [string, JsonSchema][] {
  return below(schema).flatMap(([of, step]) => {
    const here = `${at}${step}`;
    return [...(step === '' ? [] : [[here, of] as [string, JsonSchema]]), ...keysOf(of, here)];
  });
}

describe.each(SCHEMA_KINDS)('the schema of a %s', (kind) => {
  test('is a schema of the 2020-12 dialect, under a name of ours, the same each time', () => {
    expect(jsonSchema(kind)).toMatchObject({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      $id: `urn:proofhouse:schema:${kind}:v1`,
    });
    expect(JSON.stringify(jsonSchema(kind))).toBe(JSON.stringify(jsonSchema(kind)));
    expect(() => checkerOf(kind)).not.toThrow();
  });

  test('has these keys and no others, as people and programs rely on them', () => {
    const keys = keysOf(jsonSchema(kind)).map(([key]) => key.replace(/^\./, ''));
    expect([...new Set(keys)]).toMatchSnapshot();
  });
});

test.each(['policy', 'facts', 'pack', 'test'] as const)(
  'every key of a %s says what it means',
  (kind) => {
    const silent = keysOf(jsonSchema(kind)).filter(([key, { description }]) => {
      return !/(\[\]|\*)$/.test(key) && !description;
    });
    expect(silent.map(([key]) => key)).toEqual([]);
  },
);

test('how layers join a key is in the schema too', () => {
  expect(jsonSchema('policy').properties?.['packs']).toMatchObject({ 'x-join': 'union' });
});

describe('another program checks with it', () => {
  const policy = checkerOf('policy');

  test.each([
    ['the sample with every key', FULL],
    ["the shop's", readFileSync('examples/shop/.proofhouse/policy.yaml', 'utf8')],
  ])('%s is a policy', (_, source) => {
    policy(parse(source));
    expect(policy.errors).toBeNull();
  });

  test.each([
    ['a misspelt key', 'unmatched', 'unmached'],
    ['a class there is not', 'class: critical', 'class: huge'],
    ['a gate without a name', '  - id: auth\n    why', '  - why'],
    ['another version', 'proofhouse/v1', 'proofhouse/v2'],
  ])('%s is refused', (_, from, to) => {
    expect(policy(parse(FULL.replace(from, to)))).toBe(false);
  });

  test('the decision we make is one, and half of it is not', () => {
    const decision = checkerOf('decision');
    const judgement = decide([load(FULL)], factsOf(['src/auth/a.ts', '.proofhouse/x']), NOW);
    decision(JSON.parse(JSON.stringify(judgement)));
    expect(decision.errors).toBeNull();
    const { verdict: _, ...half } = judgement;
    expect(decision(half)).toBe(false);
  });

  test('the facts we read are such facts', () => {
    const facts = checkerOf('facts');
    facts(JSON.parse(JSON.stringify(factsOf(['a']))));
    expect(facts.errors).toBeNull();
    expect(facts({})).toBe(false);
  });

  test.each(['core', 'node', 'github-actions'])('the pack %s is a pack', (name) => {
    const pack = checkerOf('pack');
    pack(parse(readFileSync(`policies/packs/${name}@1.yaml`, 'utf8')));
    expect(pack.errors).toBeNull();
  });
});
