/**
 * The YAML between two `---` lines at the start of a Markdown file, as tools for agents read it. Whoever
 * wrote it may be anybody, so what it says is data.
 */
import { parseYamlData } from './yaml-data.ts';

export type FrontMatter = {
  /** Null when it cannot be read, or is not keys and values. */
  readonly data: Readonly<Record<string, unknown>> | null;
  /** Line of a key, from 1; null when it is not there. */
  line(key: string): number | null;
};

/** As much as anybody writes there, and a little to search for the end of it. */
const CHARACTERS_MAX = 16 * 1_024;

/** Null when the file does not begin with any. */
export function frontMatterOf(text: string): FrontMatter | null {
  const start = text.replace(/^\ufeff/, '').slice(0, CHARACTERS_MAX);
  const lines = start.split(/\r?\n/);
  const end = lines.findIndex((line, index) => index > 0 && /^---[ \t]*$/.test(line));
  if (!/^---[ \t]*$/.test(lines[0] ?? '') || end < 0) return null;
  const inside = lines.slice(1, end);
  const line = (key: string): number | null => {
    const at = inside.findIndex((one) => one.startsWith(`${key}:`));
    return at < 0 ? null : at + 2;
  };
  return { data: dataOf(inside.map(quoted).join('\n')), line };
}

function dataOf(yaml: string): FrontMatter['data'] {
  if (yaml.trim() === '') return {};
  const documents = parseYamlData(yaml);
  const value = documents?.length === 1 ? documents[0]?.value : null;
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return null;
  return value as Readonly<Record<string, unknown>>;
}

/** A star at the front is an alias to YAML and a pattern to everybody who writes one here. */
function quoted(line: string): string {
  const [, key, value] = /^(globs|paths):[ \t]*(\*[^"]*)$/.exec(line) ?? [];
  return value === undefined ? line : `${key}: "${value.trim().replaceAll('\\', '\\\\')}"`;
}

/** Text of a key that holds one pattern, several parted by commas, or a list of them. Null: neither. */
export function patternsOf({ data }: FrontMatter, key: string): string[] | null {
  const value = data !== null && Object.hasOwn(data, key) ? data[key] : undefined;
  if (value === undefined || value === null) return [];
  const all = typeof value === 'string' ? parted(value) : value;
  if (!Array.isArray(all) || !all.every((one) => typeof one === 'string')) return null;
  return all.map((one) => one.trim()).filter((one) => one !== '');
}

/** At commas outside of braces. */
function parted(text: string): string[] {
  const parts: string[] = [''];
  let depth = 0;
  for (const char of text) {
    if (char === '{') depth++;
    if (char === '}') depth--;
    if (char === ',' && depth <= 0) parts.push('');
    else parts.push(`${parts.pop()}${char}`);
  }
  return parts;
}
