/** The lists in a runner's settings that say which files it takes, by the names of their keys. */
import type { Region, Source } from './code-only.ts';
import { shortDigest } from './firings.ts';

export type List = {
  readonly items: readonly string[];
  /** What of the value is no literal: spread lists, names, calls. */
  readonly rest: string;
};

export type Lists = {
  /** Shorter is weaker. */
  readonly kept: ReadonlyMap<string, List>;
  /** Longer is weaker. */
  readonly leftOut: ReadonlyMap<string, List>;
};

const KEPT =
  /(?<![\w$-])["'`]?(include|includes|testMatch|testRegex|testDir|roots|testpaths|python_files|python_classes|python_functions|spec|projects|specPattern|testFiles)["'`]?\s{0,20}[:=](?![=>])/g;
const LEFT_OUT =
  /(?<![\w$-])["'`]?(exclude|excludes|excludeSpecPattern|testPathIgnorePatterns|coveragePathIgnorePatterns|testIgnore|omit|norecursedirs|ignore|exclude_lines|exclude_also|testNamePattern|grep|grepInvert|fgrep)["'`]?\s{0,20}[:=](?![=>])/g;

export function listsOf(path: string, source: Source): Lists {
  const isByLine = /\.(?:ya?ml|ini|cfg|toml)$|\.coveragerc$/i.test(path);
  const read = isByLine ? valueByLine : valueInBraces;
  return { kept: collect(KEPT, source, read), leftOut: collect(LEFT_OUT, source, read) };
}

/** More keys or longer values are not read but named by the whole text: any edit to it counts. */
const KEYS_MAX = 200;
const VALUE_MAX = 20_000;

/** Lists of one name are one: where a list stands is the runner's business. */
function collect(
  keys: RegExp,
  source: Source,
  read: (source: Source, key: Region) => List | null,
): Map<string, List> {
  const lists = new Map<string, List>();
  let count = 0;
  for (const match of source.live.matchAll(keys)) {
    const [whole, name = ''] = match;
    const key = { from: match.index, to: match.index + whole.length };
    const list = ++count > KEYS_MAX ? null : read(source, key);
    if (!list) return lists.set(name, { items: [], rest: shortDigest(source.live) });
    const known = lists.get(name);
    lists.set(name, {
      items: [...(known?.items ?? []), ...list.items],
      rest: (known?.rest ?? '') + list.rest,
    });
  }
  return lists;
}

/** `key: ['a', …]`, `key: 'a'` or `key: expression` in JavaScript and JSON. */
function valueInBraces({ text, code, strings }: Source, key: Region): List | null {
  const start = /\S/g;
  start.lastIndex = key.to;
  const from = start.exec(code)?.index ?? code.length;
  const to = code[from] === '[' ? bracketEnd(code, from) : expressionEnd(code, from);
  if (to === null) return null;
  const within = strings.filter((region) => region.from > from && region.to < to);
  const items = within.map((region) => text.slice(region.from, region.to));
  const rest = code.slice(from, to).replace(/[\s'"`/,[\]]+/g, '');
  // A bare word or number is the whole value; it counts as an item.
  return items.length === 0 && code[from] !== '[' ? { items: [rest], rest: '' } : { items, rest };
}

function bracketEnd(code: string, from: number): number | null {
  let depth = 0;
  for (let at = from; at < from + VALUE_MAX; at++) {
    if (code[at] === '[') depth++;
    if (code[at] === ']' && --depth === 0) return at + 1;
  }
  return null;
}

function expressionEnd(code: string, from: number): number {
  const end = /[,}\n;]/g;
  end.lastIndex = from;
  return end.exec(code)?.index ?? code.length;
}

/** `key = a b`, `key = ["a"]`, `key:` with a list below it, in INI, TOML and YAML. */
function valueByLine({ live }: Source, key: Region): List | null {
  const indent = indentOf(live.slice(live.lastIndexOf('\n', key.from) + 1, key.from + 1));
  const shown = live.slice(key.to, key.to + VALUE_MAX + 1);
  let to = lineEnd(shown, 0);
  let open = openBrackets(shown.slice(0, to));
  while (to < shown.length) {
    const end = lineEnd(shown, to + 1);
    const next = shown.slice(to + 1, end);
    if (open <= 0 && !goesOn(next, indent)) break;
    open += openBrackets(next);
    to = end;
  }
  if (to > VALUE_MAX) return null;
  const words = shown.slice(0, to).split(/[\s,'"[\]]+/);
  return { items: words.filter((word) => word !== '' && word !== '-'), rest: '' };
}

function openBrackets(line: string): number {
  return line.split('[').length - line.split(']').length;
}

function goesOn(next: string, indent: number): boolean {
  if (next.trim() === '') return true;
  const own = indentOf(next);
  return own > indent || (own === indent && next.trimStart().startsWith('- '));
}

function indentOf(line: string): number {
  return /^[ \t]*/.exec(line)?.[0].length ?? 0;
}

function lineEnd(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  return end < 0 ? text.length : end;
}
