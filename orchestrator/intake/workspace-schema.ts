/** The JSON schema of `.proofhouse/workspace.yaml`, for editors, other programs and docs/workspace.md. */
import { type JsonSchema, schemaOf } from '../../policies/json-schema.ts';
import { WorkspaceFile } from './workspace-file.ts';

export function workspaceSchema(): JsonSchema {
  return schemaOf('workspace', {
    schema: WorkspaceFile,
    title: 'How Proofhouse prepares a workspace',
    io: 'input',
  });
}
