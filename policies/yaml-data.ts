/**
 * YAML that others wrote, as plain values, every document of it. Unlike in our own files, anchors,
 * merge keys and foreign tags are read, because what a file means to its reader is what counts.
 *
 * Null for what two readers could take differently or what costs too much to read: a key given
 * twice, a key that is no scalar, another YAML version, a great many aliases, deep nesting.
 */
import { type Document, isAlias, isScalar, LineCounter, parseAllDocuments, visit } from 'yaml';
import { type Data, isBounded } from './plain-data.ts';

const CHARACTERS_MAX = 256 * 1_024;
/** The library looks each alias up from the start of the document. */
const ALIASES_MAX = 500;
/** How often one anchor may be used, times how often those in it are. */
const ALIAS_USES_MAX = 100;

export function parseYamlData(text: string, charactersMax = CHARACTERS_MAX): Data[] | null {
  if (text.length > charactersMax) return null;
  try {
    return parse(text);
  } catch {
    // The stack ran out, or an alias stood for too much.
    return null;
  }
}

function parse(text: string): Data[] | null {
  const lineCounter = new LineCounter();
  // Our own search for keys given twice is linear, the one of the library is not.
  const options = { lineCounter, prettyErrors: false, uniqueKeys: false, merge: true } as const;
  const documents: Document[] = [...parseAllDocuments(text, options)];
  if (!documents.every(isPlain)) return null;
  const found = documents.map((document) => dataOf(document, lineCounter));
  return isBounded(found.map(({ value }) => value)) ? found : null;
}

function isPlain(document: Document): boolean {
  if (document.errors.length > 0) return false;
  // 1.1 reads `on` as true, and which of the two a reader goes by is anyone's guess.
  if (document.directives?.yaml.explicit && document.directives.yaml.version !== '1.2')
    return false;
  let aliases = 0;
  let isFine = true;
  visit(document, {
    Alias: () => {
      aliases++;
      if (aliases <= ALIASES_MAX) return;
      isFine = false;
      return visit.BREAK;
    },
    Map: (_, { items }) => {
      if (hasPlainKeys(items)) return;
      isFine = false;
      return visit.BREAK;
    },
  });
  return isFine;
}

function hasPlainKeys(items: readonly { key: unknown }[]): boolean {
  const names = new Set<string>();
  for (const { key } of items) {
    if (!isScalar(key)) return false;
    names.add(String(key.value));
  }
  return names.size === items.length;
}

function dataOf(document: Document, counter: LineCounter): Data {
  return {
    value: document.toJS({ maxAliasCount: ALIAS_USES_MAX }),
    line: (path) => {
      const node = document.getIn(path, true);
      const range = isScalar(node) || isAlias(node) ? node.range : rangeOf(node);
      return range ? counter.linePos(range[0]).line : null;
    },
  };
}

function rangeOf(node: unknown): readonly [number, number, number] | null {
  const range = node !== null && typeof node === 'object' && 'range' in node ? node.range : null;
  return Array.isArray(range) && typeof range[0] === 'number'
    ? [range[0], range[0], range[0]]
    : null;
}
