import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { WorkspaceFile } from '../../../orchestrator/intake/workspace-file.ts';
import { workspaceSchema } from '../../../orchestrator/intake/workspace-schema.ts';
import type { JsonSchema } from '../../../policies/json-schema.ts';
import { workspacePage } from '../../../scripts/workspace-reference.ts';

const PAGE = readFileSync('docs/workspace.md', 'utf8');
const EXAMPLES = [...PAGE.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, source = '']) => source);

function checker() {
  const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, validateFormats: false });
  return ajv.compile(workspaceSchema());
}

const isSchema = (value: unknown): value is JsonSchema =>
  value !== null && typeof value === 'object' && !Array.isArray(value);

/** Keys without a word on what they are for. */
function silent(schema: JsonSchema, at = ''): string[] {
  const own = Object.entries(schema.properties ?? {}).flatMap(([name, of]) => {
    if (!isSchema(of)) return [];
    return [...(of.description ? [] : [`${at}.${name}`]), ...silent(of, `${at}.${name}`)];
  });
  const inner = [schema.items, ...(schema.anyOf ?? []), ...(schema.oneOf ?? [])].filter(isSchema);
  return [...own, ...inner.flatMap((of) => silent(of, at))];
}

test('every key says what it means', () => {
  expect(silent(workspaceSchema())).toEqual([]);
});

test('docs/workspace.md is what the schema says: npm run docs:workspace', () => {
  expect(workspacePage(PAGE)).toBe(PAGE);
});

test('a page without its marks is not overwritten', () => {
  expect(() => workspacePage('# Workspace\n')).toThrow('lacks the marks');
});

describe('what the page shows, and what the examples hold', () => {
  const shop = readFileSync('examples/shop/.proofhouse/workspace.yaml', 'utf8');
  test.each([...EXAMPLES, shop])(
    'is a workspace file to us and to another program: %#',
    (source) => {
      const check = checker();
      check(parse(source));
      expect(check.errors ?? []).toEqual([]);
      expect(WorkspaceFile.safeParse(parse(source)).success).toBe(true);
    },
  );

  test('there is an example with every key', () => {
    const [first = ''] = EXAMPLES;
    const left = Object.keys(WorkspaceFile.shape).filter((key) => !first.includes(`${key}:`));
    expect(left).toEqual(['devcontainer']);
  });
});

test.each([
  ['a misspelt key', 'service: []'],
  ['a service without a ready check', 'services: [{ name: db, image: postgres }]'],
  ['a command in one word', 'dependencies: { run: [npm ci], keyed_by: [package.json] }'],
])('%s is refused by another program too', (_, line) => {
  const file = parse(`apiVersion: proofhouse/v1\nkind: Workspace\n${line}\n`);
  expect(checker()(file)).toBe(false);
  expect(WorkspaceFile.safeParse(file).success).toBe(false);
});
