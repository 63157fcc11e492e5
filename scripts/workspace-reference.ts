/**
 * Writes the reference half of docs/workspace.md from the schema that the file is checked with:
 * `npm run docs:workspace`. A test holds what is between the two marks equal to what this makes.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { workspaceSchema } from '../orchestrator/intake/workspace-schema.ts';
import { between, sections } from './reference-tables.ts';

const PAGE = new URL('../docs/workspace.md', import.meta.url);
const MARKS = [
  '<!-- reference: made by npm run docs:workspace -->',
  '<!-- end of reference -->',
] as const;

/** The page with its reference made anew. */
export function workspacePage(page: string): string {
  const head = ['## Reference', '', 'Every key there is. Any other key is an error.'];
  return between(page, MARKS, [...head, ...sections(workspaceSchema(), false)].join('\n'));
}

if (import.meta.main) writeFileSync(PAGE, workspacePage(readFileSync(PAGE, 'utf8')));
