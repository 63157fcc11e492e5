/** Tables of every key of a schema, for the pages that are made from the schemas that files are checked with. */
import type { JsonSchema } from '../policies/json-schema.ts';

/** The page with what stands between two marks made anew. */
export function between(page: string, marks: readonly [string, string], text: string): string {
  const [begin, end] = marks;
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`the page lacks the marks ${begin} and ${end}`);
  return `${page.slice(0, from + begin.length)}\n${text}\n${page.slice(to)}`;
}

/** A section for each key at the top; `joined` where layers of the file come together. */
export function sections(schema: JsonSchema, hasLayers: boolean): string[] {
  return propertiesOf(schema).flatMap(([name, of]) => [
    '',
    ...section(name, of, { isRequired: isNeeded(schema, name), hasLayers }),
  ]);
}

type Told = { readonly isRequired: boolean; readonly hasLayers: boolean };

function section(name: string, schema: JsonSchema, { isRequired, hasLayers }: Told): string[] {
  const rows = rowsOf(schema, '');
  const own = row(`\`${name}\``, schema, isRequired);
  const all = [
    ['key', 'type', 'default', 'joined', 'meaning'],
    own,
    ...rows.map(({ key, of, isRequired: is }) => row(`\`${name}${key}\``, of, is)),
  ];
  const [head = [], ...cells] = hasLayers ? all : all.map((line) => line.toSpliced(3, 1));
  return [`### ${name}`, '', ...table(head, cells)];
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
  null: 'null',
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

export function code(text: string): string {
  return `\`${text}\``;
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)];
}
