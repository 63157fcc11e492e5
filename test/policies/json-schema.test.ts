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

/** Every key there is, as `gates[].id`. */
function keysOf(schema: JsonSchema, at = ''): string[] {
  const named = schema.additionalProperties;
  const below = [
    ...Object.entries(schema.properties ?? {}).map(([name, of]) => [of, `${at}.${name}`] as const),
    [schema.items, `${at}[]`] as const,
    [named, `${at}.*`] as const,
  ].filter(
    (pair): pair is [JsonSchema, string] => typeof pair[0] === 'object' && !Array.isArray(pair[0]),
  );
  const choices = [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])] as JsonSchema[];
  const here = below.flatMap(([of, path]) => [path, ...keysOf(of, path)]);
  return [...new Set([...here, ...choices.flatMap((one) => keysOf(one, at))])];
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
    expect(keysOf(jsonSchema(kind)).map((key) => key.replace(/^\./, ''))).toMatchSnapshot();
  });
});

test.each(['policy', 'facts', 'pack'] as const)('every key of a %s says what it means', (kind) => {
  const silent: string[] = [];
  const walk = (schema: JsonSchema, at: string): void => {
    for (const [name, of] of Object.entries(schema.properties ?? {}) as [string, JsonSchema][]) {
      if (!of.description) silent.push(`${at}.${name}`);
      walk(of, `${at}.${name}`);
    }
    for (const of of [
      schema.items,
      schema.additionalProperties,
      ...(schema.anyOf ?? []),
      ...(schema.oneOf ?? []),
    ]) {
      if (of !== null && typeof of === 'object') walk(of as JsonSchema, at);
    }
  };
  walk(jsonSchema(kind), '');
  expect(silent).toEqual([]);
});

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
