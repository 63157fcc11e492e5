/**
 * Writes the reference half of docs/policy.md from the schema that policies are checked with, the
 * detectors and the codes: `npm run docs:policy`. What stands outside the two marks is left alone;
 * a test holds what is between them equal to what this makes.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { codeProse, PROBLEM_CODES } from '../policies/codes.ts';
import { DETECTORS } from '../policies/detect/registry.ts';
import { jsonSchema } from '../policies/json-schema.ts';
import { between, code, sections, table } from './reference-tables.ts';

const PAGE = new URL('../docs/policy.md', import.meta.url);
const BEGIN = '<!-- reference: made by npm run docs:policy -->';
const END = '<!-- end of reference -->';
const NEW_PAGE = `# Policy\n\n${BEGIN}\n${END}\n`;

/** The page with its reference made anew. */
export function policyPage(page: string): string {
  return between(page, [BEGIN, END], reference());
}

function reference(): string {
  return [
    '## Reference',
    '',
    'Every key there is. Any other key is an error. "Joined" says how layers come together, where that',
    'is asked: each layer judges by itself, so a layer can only tighten.',
    ...sections(jsonSchema('policy'), true),
    '',
    '### Detectors',
    '',
    ...detectors(),
    '',
    '### Codes of problems',
    '',
    ...codes(),
  ].join('\n');
}

function detectors(): string[] {
  if (DETECTORS.size === 0) return ['None in this version.'];
  const rows = [...DETECTORS].map(([id, { summary, paths }]) => {
    return [code(id), summary, paths.map(code).join(', ')];
  });
  return table(['detector', 'fires on', 'reads'], rows);
}

function codes(): string[] {
  const rows = PROBLEM_CODES.flatMap((name) => {
    const prose = codeProse(name);
    return prose === null ? [] : [[code(name), prose.title, prose.todo]];
  });
  return table(['code', 'means', 'what to do'], rows);
}

if (import.meta.main) {
  const page = existsSync(PAGE) ? readFileSync(PAGE, 'utf8') : NEW_PAGE;
  writeFileSync(PAGE, policyPage(page));
}
