/** `policy schema`: the JSON schema of a file, the same bytes each time. */
import { type SchemaKind as JudgedKind, jsonSchema } from '../../policies/json-schema.ts';
import { workspaceSchema } from '../intake/workspace-schema.ts';
import type { Context, Exit } from './context.ts';

/** What policies are about, and the file that lies beside them. */
export type SchemaKind = JudgedKind | 'workspace';

export async function policySchema(context: Context, kind: SchemaKind): Promise<Exit> {
  const schema = kind === 'workspace' ? workspaceSchema() : jsonSchema(kind);
  // It is JSON either way; on one line for machines that read line by line.
  context.out(JSON.stringify(schema, null, context.json ? 0 : 2));
  return 0;
}
