/**
 * The JSON schemas of what people and programs write and read here, made from the schemas that we
 * check with. What crosses keys, as "either this or that", only our own check can say.
 */
import { z } from 'zod';
import { Judgement } from '../orchestrator/domain/judgement.ts';
import { FactsFile } from './facts-file.ts';
import { Fixtures } from './fixtures.ts';
import { PackFile, Policy } from './schema.ts';

const FILES = {
  policy: { schema: Policy, title: 'Policy of Proofhouse', io: 'input' },
  facts: { schema: FactsFile, title: 'Facts of a change', io: 'input' },
  decision: { schema: Judgement, title: 'Decision on a change', io: 'output' },
  test: { schema: Fixtures, title: 'Cases that a policy is tested with', io: 'input' },
  pack: { schema: PackFile, title: 'Pack of gates and rules', io: 'input' },
} as const;

const DIALECT = 'https://json-schema.org/draft/2020-12/schema';

export type SchemaKind = keyof typeof FILES;
export const SCHEMA_KINDS = Object.keys(FILES) as SchemaKind[];

export type JsonSchema = z.core.JSONSchema.BaseSchema;

export function jsonSchema(kind: SchemaKind): JsonSchema {
  return schemaOf(kind, FILES[kind]);
}

type File = { readonly schema: z.ZodType; readonly title: string; readonly io: 'input' | 'output' };

export function schemaOf(kind: string, { schema, title, io }: File): JsonSchema {
  const made: JsonSchema = z.toJSONSchema(schema, { io, target: 'draft-2020-12' });
  // Named first, so that a reader sees at once what it is.
  return { $schema: DIALECT, $id: `urn:proofhouse:schema:${kind}:v1`, title, ...made };
}

/** Keys at the top of a file, in the order in which they are explained. */
export const POLICY_KEYS: readonly string[] = Object.keys(Policy.in.shape);
export const CASE_KEYS: readonly string[] = Object.keys(Fixtures.shape);
