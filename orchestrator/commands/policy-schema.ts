/** `policy schema`: the JSON schema of a file, the same bytes each time. */
import { jsonSchema, type SchemaKind } from '../../policies/json-schema.ts';
import type { Context, Exit } from './context.ts';

export type { SchemaKind };

export async function policySchema(context: Context, kind: SchemaKind): Promise<Exit> {
  // It is JSON either way; on one line for machines that read line by line.
  context.out(JSON.stringify(jsonSchema(kind), null, context.json ? 0 : 2));
  return 0;
}
