/**
 * HCL, the language of Terraform, as plain values of the same form as its JSON: a block is a value
 * under its type and labels. Expressions are not worked out. A literal is itself, `jsonencode` is
 * what it encodes, a reference is its text in `${…}`, and of anything else all values in it are
 * kept as a list, so that nothing literal is lost from sight.
 */
import { type Data, isBounded, isRecord } from '../plain-data.ts';
import { type HclToken, hclTokens } from './hcl-tokens.ts';

const CHARACTERS_MAX = 1_024 * 1_024;
const DEPTH_MAX = 48;

/** Null when it is not HCL or too large. */
export function parseHcl(text: string): Data | null {
  const tokens = text.length > CHARACTERS_MAX ? null : hclTokens(text);
  if (!tokens) return null;
  const reader: Reader = { tokens, at: 0, depth: 0, lines: new Map() };
  const value = body(reader, '', []);
  if (value === null || reader.at < tokens.length || !isBounded(value)) return null;
  return { value, line: (path) => lineOf(reader.lines, path) };
}

type Reader = {
  readonly tokens: readonly HclToken[];
  at: number;
  depth: number;
  /** Of each block by where it ends up. */
  readonly lines: Map<string, number>;
};
type Body = Record<string, unknown>;

/** The line of the innermost block that holds the path. */
function lineOf(lines: ReadonlyMap<string, number>, path: readonly (string | number)[]) {
  for (let length = path.length; length > 0; length--) {
    const line = lines.get(path.slice(0, length).join('.'));
    if (line !== undefined) return line;
  }
  return null;
}

/** Attributes and blocks up to a closing brace, or to the end of the file when there is none. */
function body(reader: Reader, end: '}' | '', path: readonly string[]): Body | null {
  const found = emptyBody();
  for (;;) {
    skipNewlines(reader);
    const token = reader.tokens[reader.at];
    if (!token) return end === '' ? found : null;
    if (token.kind === 'mark' && token.text === end) {
      reader.at++;
      return found;
    }
    if (token.kind !== 'name') return null;
    reader.at++;
    const isRead = isMark(reader, '=')
      ? attribute(reader, found, token.text)
      : block(reader, found, token, path);
    if (!isRead) return null;
  }
}

function attribute(reader: Reader, into: Body, name: string): boolean {
  reader.at++;
  // Terraform refuses a second one, so nobody can mean it.
  if (Object.hasOwn(into, name)) return false;
  const value = expression(reader, ['\n', '}']);
  if (value === undefined) return false;
  into[name] = value;
  return true;
}

function block(reader: Reader, into: Body, type: HclToken, path: readonly string[]): boolean {
  const labels: string[] = [];
  for (let token = reader.tokens[reader.at]; token; token = reader.tokens[++reader.at]) {
    if (token.kind !== 'name' && token.kind !== 'string') break;
    labels.push(token.text);
  }
  if (!isMark(reader, '{') || reader.depth >= DEPTH_MAX) return false;
  reader.at++;
  reader.depth++;
  const place = [...path, type.text, ...labels];
  const value = body(reader, '}', place);
  reader.depth--;
  if (!value) return false;
  if (!reader.lines.has(place.join('.'))) reader.lines.set(place.join('.'), type.line);
  return put(into, [type.text, ...labels], value);
}

/** As in the JSON form: nested by labels, and a list of all blocks that have the same ones. */
function put(into: Body, steps: readonly string[], value: Body): boolean {
  let holder = into;
  for (const step of steps.slice(0, -1)) {
    if (!Object.hasOwn(holder, step)) holder[step] = emptyBody();
    const next = holder[step];
    if (!isRecord(next)) return false;
    holder = next as Body;
  }
  const last = steps.at(-1) ?? '';
  if (!Object.hasOwn(holder, last)) holder[last] = [];
  const blocks = holder[last];
  if (!Array.isArray(blocks)) return false;
  blocks.push(value);
  return true;
}

/** Up to one of the marks, which is left; undefined when a bracket in it is not closed. */
function expression(reader: Reader, ends: readonly string[]): unknown {
  const values: unknown[] = [];
  for (let token = reader.tokens[reader.at]; token; token = reader.tokens[reader.at]) {
    if (token.kind === 'mark' && ends.includes(token.text)) break;
    if (token.kind === 'mark' && CLOSERS.includes(token.text)) return undefined;
    reader.at++;
    const value = primary(reader, token);
    if (value === undefined) return undefined;
    if (value !== OPERATOR) values.push(value);
  }
  return values.length === 1 ? values[0] : values;
}

const CLOSERS = [')', ']', '}'];
const OPERATOR = Symbol('operator');

function primary(reader: Reader, token: HclToken): unknown {
  if (token.kind === 'string') return token.text;
  if (token.kind === 'number') return Number(token.text);
  if (token.kind === 'name') return named(reader, token.text);
  if (token.text === '[') return list(reader, ']');
  if (token.text === '(') return single(list(reader, ')'));
  return token.text === '{' ? object(reader) : OPERATOR;
}

function named(reader: Reader, name: string): unknown {
  if (isMark(reader, '(')) {
    reader.at++;
    const given = list(reader, ')');
    return name === 'jsonencode' ? single(given) : given;
  }
  if (name === 'true' || name === 'false') return name === 'true';
  return name === 'null' ? null : `$\{${name}}`;
}

function single(values: unknown[] | undefined): unknown {
  return values?.length === 1 ? values[0] : values;
}

/** What parts values in brackets, and what parts a key of a `for` from its value. */
const SEPARATORS = [',', '\n', ':', '=>'];

function list(reader: Reader, end: string): unknown[] | undefined {
  return nested(reader, () => {
    const values: unknown[] = [];
    while (reader.at < reader.tokens.length) {
      if (isMark(reader, end)) {
        reader.at++;
        return values;
      }
      if (SEPARATORS.some((mark) => isMark(reader, mark))) {
        reader.at++;
        continue;
      }
      const value = expression(reader, [...SEPARATORS, end]);
      if (value === undefined) return undefined;
      values.push(value);
    }
    return undefined;
  });
}

/** `key = value` or `key: value`; of a `for`, the values in it. */
function object(reader: Reader): unknown {
  skipNewlines(reader);
  if (reader.tokens[reader.at]?.text === 'for') return list(reader, '}');
  return nested(reader, () => {
    const found = emptyBody();
    while (reader.at < reader.tokens.length) {
      skipNewlines(reader);
      if (isMark(reader, '}')) {
        reader.at++;
        return found;
      }
      if (!member(reader, found)) return undefined;
      if (isMark(reader, ',')) reader.at++;
    }
    return undefined;
  });
}

function member(reader: Reader, into: Body): boolean {
  const first = reader.tokens[reader.at];
  const key = expression(reader, ['=', ':', '\n', '}']);
  if (!isMark(reader, '=') && !isMark(reader, ':')) return false;
  reader.at++;
  const isPlain = first?.kind === 'name' && key === `$\{${first.text}}`;
  const name = isPlain ? first.text : typeof key === 'string' ? key : JSON.stringify(key);
  const value = expression(reader, [',', '\n', '}']);
  if (key === undefined || value === undefined || Object.hasOwn(into, name)) return false;
  into[name] = value;
  return true;
}

function nested<T>(reader: Reader, read: () => T | undefined): T | undefined {
  if (reader.depth >= DEPTH_MAX) return undefined;
  reader.depth++;
  const value = read();
  reader.depth--;
  return value;
}

function skipNewlines(reader: Reader) {
  while (isMark(reader, '\n')) reader.at++;
}

function isMark({ tokens, at }: Reader, text: string): boolean {
  const token = tokens[at];
  return token?.kind === 'mark' && token.text === text;
}

/** Without a prototype, so that no name in a file can reach one. */
function emptyBody(): Body {
  return Object.create(null) as Body;
}
