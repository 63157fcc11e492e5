/**
 * A YAML file in one form: its keys in a given order, two blanks a level, short maps on one line.
 *
 * Comments and meaning stay. The order is made on the text, so that a comment above a key goes where
 * its key goes; what is below each key is written by the YAML library. The result is read back
 * before it is handed out, so a file that cannot be written again whole is left alone.
 */
import {
  type Document,
  isCollection,
  isMap,
  isPair,
  isScalar,
  Lexer,
  type Node,
  parseDocument,
  visit,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';
import { canonical } from '../orchestrator/domain/canonical.ts';

/** A map or list that takes more as JSON is written one item a line. */
export const FLOW_MAX_CHARACTERS = 90;
/** Comes before the text of a scalar, which may look like anything. */
const LEXER_SCALAR = '\u001f';

/** The text of a file that is known to parse, or null when it cannot be written without a loss. */
export function formatYaml(source: string, keys: readonly string[]): string | null {
  const lines = source.replace(/^\ufeff/, '').replaceAll('\r\n', '\n');
  const given = read(lines);
  const plain = isAtMargin(given, lines) ? lines : written(given);
  const text = ordered(sectionsOf(plain), keys).map(sectionText).join('');
  const again = read(text);
  const isWhole = again.errors.length === 0 && meaningOf(again) === meaningOf(given);
  return isWhole && remarksIn(text) === remarksIn(lines) ? text : null;
}

function read(text: string): Document.Parsed {
  return parseDocument(text, { prettyErrors: false });
}

/** As the library writes it, in our form. */
function written(document: Document): string {
  arrange(document);
  return document.toString({ indent: 2, lineWidth: 0 });
}

/** A key of the root with what is above it, to the end of what is below it. */
type Section = {
  /** Null for what comes after the last key. */
  readonly key: string | null;
  /** Comments and empty lines above the key. */
  readonly above: readonly string[];
  readonly body: string;
};

/** Whether the root is a map whose keys all begin a line. */
function isAtMargin({ contents }: Document, source: string): boolean {
  return keyStarts(contents).every(({ from }) => from === 0 || source[from - 1] === '\n');
}

function keyStarts(contents: unknown): { key: string; from: number }[] {
  if (!isMap(contents)) return [];
  return contents.items.flatMap(({ key }) =>
    isScalar(key) ? [{ key: String(key.value), from: key.range?.[0] ?? 0 }] : [],
  );
}

function sectionsOf(text: string): Section[] {
  const starts = keyStarts(read(text).contents);
  const ends = [...starts.slice(1).map(({ from }) => from), text.length];
  let lead = text.slice(0, starts[0]?.from ?? 0);
  const sections = starts.map(({ key, from }, index): Section => {
    const above = linesOf(lead);
    const { own, rest } = parted(text.slice(from, ends[index]));
    lead = rest;
    return { key, above, body: own };
  });
  return [...sections, { key: null, above: linesOf(lead), body: '' }];
}

/** What belongs to a key, and the comments at the margin after it, which belong to the next. */
function parted(text: string): { own: string; rest: string } {
  const lines = text.split('\n');
  let end = lines.length;
  while (end > 1 && /^(#.*|\s*)$/.test(lines[end - 1] ?? '')) end--;
  return { own: lines.slice(0, end).join('\n'), rest: lines.slice(end).join('\n') };
}

function linesOf(text: string): string[] {
  const lines = text.split('\n').map((line) => line.trim());
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines;
}

/** The head of a file stays its head, whatever key it stood above. */
function ordered(sections: readonly Section[], keys: readonly string[]): Section[] {
  const [first, ...rest] = sections;
  if (first === undefined) return [];
  const gap = first.above.lastIndexOf('');
  const head = gap < 0 ? first.above : first.above.slice(0, gap + 1);
  const placeOf = ({ key }: Section): number => {
    if (key === null) return keys.length + 1;
    const at = keys.indexOf(key);
    return at < 0 ? keys.length : at;
  };
  const own = { ...first, above: first.above.slice(head.length) };
  const [top, ...others] = [own, ...rest].sort((a, b) => placeOf(a) - placeOf(b));
  return top === undefined ? [] : [{ ...top, above: [...head, ...top.above] }, ...others];
}

/** At most one empty line at a time, and none at either end of the file. */
function sectionText({ key, above, body }: Section, index: number): string {
  const lines = above.filter(
    (line, at) => line !== '' || (at > 0 ? above[at - 1] !== '' : index > 0),
  );
  if (key === null)
    return lines.length === 0 ? '' : `${lines.join('\n').trimEnd()}\n`.replace(/^\n$/, '');
  return `${lines.map((line) => `${line}\n`).join('')}${written(read(body))}`;
}

function arrange(document: Document): void {
  visit(document, {
    Map: (_, map) => padded(map, ' '),
    Seq: (_, list) => padded(list, ''),
  });
  // Of a file that is one map in braces, the keys go to the margin.
  if (isMap(document.contents)) document.contents.flow = false;
  spread(document.contents);
}

/** `{ a: b }` and `[a, b]`: the library would have both alike. */
function padded(node: YAMLMap | YAMLSeq, padding: string): void {
  const write = node.toString.bind(node);
  node.toString = (context, onComment, onChompKeep) =>
    write(context && { ...context, flowCollectionPadding: padding }, onComment, onChompKeep);
}

/** What is long, or holds comments, goes one below the other. */
function spread(node: unknown): void {
  if (!isCollection(node)) return;
  const isLong = JSON.stringify(node).length > FLOW_MAX_CHARACTERS;
  if (node.flow && (isLong || holdsRemarks(node))) unroll(node);
  for (const item of node.items) spread(isPair(item) ? item.value : item);
}

/** What stood behind a closing bracket is said of the whole, so it goes above it. */
function unroll(node: YAMLMap | YAMLSeq): void {
  node.flow = false;
  if (!node.comment) return;
  node.commentBefore = [node.commentBefore, node.comment].filter(Boolean).join('\n');
  node.comment = null;
}

function holdsRemarks(outer: Node): boolean {
  let found = false;
  visit(outer, {
    Node: (_, node) => {
      if (node === outer) return undefined;
      if (!node.commentBefore && !node.comment && !node.spaceBefore) return undefined;
      found = true;
      return visit.BREAK;
    },
  });
  return found;
}

function meaningOf(document: Document): string {
  return canonical(document.toJS({ maxAliasCount: 0 }));
}

/** Every comment, sorted: none is lost and none is added. */
function remarksIn(source: string): string {
  const found: string[] = [];
  let before = '';
  for (const lexeme of new Lexer().lex(source)) {
    if (lexeme.startsWith('#') && before !== LEXER_SCALAR) found.push(lexeme.trim());
    before = lexeme;
  }
  return found.sort().join('\n');
}
