/**
 * Writes the reference half of docs/policy.md from the schema that policies are checked with, the
 * detectors and the codes: `npm run docs:policy`. What stands outside the two marks is left alone;
 * a test holds what is between them equal to what this makes.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { codeProse, PROBLEM_CODES } from '../policies/codes.ts';
import { DETECTORS } from '../policies/detect/registry.ts';
import { type JsonSchema, jsonSchema } from '../policies/json-schema.ts';

const PAGE = new URL('../docs/policy.md', import.meta.url);
const BEGIN = '<!-- reference: made by npm run docs:policy -->';
const END = '<!-- end of reference -->';
const NEW_PAGE = `# Policy\n\n${BEGIN}\n${END}\n`;

/** The page with its reference made anew. */
export function policyPage(page: string): string {
  const [from, to] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (from < 0 || to < from) throw new Error(`docs/policy.md lacks the marks ${BEGIN} and ${END}`);
  return `${page.slice(0, from + BEGIN.length)}\n${reference()}\n${page.slice(to)}`;
}

function reference(): string {
  const policy = jsonSchema('policy');
  const sections = propertiesOf(policy);
  return [
    '## Reference',
    '',
    'Every key there is. Any other key is an error. "Joined" says how layers come together, where that',
    'is asked: each layer judges by itself, so a layer can only tighten.',
    ...sections.flatMap(([name, schema]) => ['', ...section(name, schema, isNeeded(policy, name))]),
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

function section(name: string, schema: JsonSchema, isRequired: boolean): string[] {
  const rows = rowsOf(schema, '');
  const own = row(`\`${name}\``, schema, isRequired);
  return [
    `### ${name}`,
    '',
    ...table(
      ['key', 'type', 'default', 'joined', 'meaning'],
      [own, ...rows.map(({ key, of, isRequired: is }) => row(`\`${name}${key}\``, of, is))],
    ),
  ];
}

type Row = { readonly key: string; readonly of: JsonSchema; readonly isRequired: boolean };

/** Every key below, as `.absolute.max_files`, `[].id` and `.<name>.members`. */
function rowsOf(schema: JsonSchema, at: string): Row[] {
  const below = (name: string, of: JsonSchema): Row[] => {
    const key = `${at}.${name}`;
    return [{ key, of, isRequired: isNeeded(schema, name) }, ...rowsOf(of, key)];
  };
  const named = isSchema(schema.additionalProperties) ? schema.additionalProperties : null;
  return [
    ...propertiesOf(schema).flatMap(([name, of]) => below(name, of)),
    ...(named === null ? [] : rowsOf(named, `${at}.<name>`)),
    ...(isSchema(schema.items) ? rowsOf(schema.items, `${at}[]`) : []),
    ...distinct(choicesOf(schema).flatMap((one) => rowsOf(one, at))),
  ];
}

/** Kinds of one thing share most keys; where they differ, both are told. */
function distinct(rows: readonly Row[]): Row[] {
  return [...Map.groupBy(rows, ({ key }) => key)].map(([key, same]) => {
    const [first = {}] = same.map(({ of }) => of);
    const types = new Set(same.map(({ of }) => typeText(of)));
    if (types.size === 1)
      return { key, of: first, isRequired: same.every((one) => one.isRequired) };
    const of = { anyOf: same.map((one) => one.of), description: first.description ?? '' };
    return { key, of, isRequired: same.every((one) => one.isRequired) };
  });
}

function isNeeded({ required = [] }: JsonSchema, name: string): boolean {
  return required.includes(name);
}

function row(key: string, schema: JsonSchema, isRequired: boolean): string[] {
  const join = schema['x-join'];
  const preset = schema.default === undefined ? '' : code(JSON.stringify(schema.default));
  return [
    key,
    typeText(schema),
    isRequired ? 'required' : preset,
    typeof join === 'string' ? join : '',
    schema.description ?? '',
  ];
}

const WORDS: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'number',
  integer: 'whole number',
  boolean: 'true or false',
  object: 'map',
};

function typeText(schema: JsonSchema): string {
  if (schema.const !== undefined) return code(String(schema.const));
  if (schema.enum !== undefined) return schema.enum.map((word) => code(String(word))).join(', ');
  const choices = choicesOf(schema);
  if (choices.length > 0) return [...new Set(choices.map(typeText))].join(' or ');
  if (schema.type === 'array') {
    return isSchema(schema.items) ? `list of ${typeText(schema.items)}` : 'list';
  }
  const types: readonly unknown[] = [schema.type].flat();
  return types.map((type) => WORDS[String(type)] ?? 'any').join(' or ');
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

function propertiesOf(schema: JsonSchema): [string, JsonSchema][] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, of]) => {
    return isSchema(of) ? [[name, of] as [string, JsonSchema]] : [];
  });
}

function choicesOf({ anyOf = [], oneOf = [] }: JsonSchema): JsonSchema[] {
  return [...anyOf, ...oneOf].filter(isSchema);
}

function isSchema(value: unknown): value is JsonSchema {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

function code(text: string): string {
  return `\`${text}\``;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)];
}

if (import.meta.main) {
  const page = existsSync(PAGE) ? readFileSync(PAGE, 'utf8') : NEW_PAGE;
  writeFileSync(PAGE, policyPage(page));
}
