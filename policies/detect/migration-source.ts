/**
 * Migrations that are programs: the strings in them, which may hold SQL, and the calls of schema
 * builders by their usual names. Comments are left out. No language is parsed; it is enough to know
 * where its strings and comments end.
 */
import { keyOf, shown } from './compare.ts';
import type { SqlFinding } from './sql-statements.ts';

export type MigrationSource = {
  readonly strings: readonly { readonly text: string; readonly line: number }[];
  readonly calls: readonly SqlFinding[];
};

type Language = {
  /** What begins a comment that ends with its line. */
  readonly comments: readonly string[];
  readonly features: readonly ('block' | 'template' | 'regex' | 'triple' | 'heredoc' | 'lines')[];
};

const SCRIPT: Language = { comments: ['//'], features: ['block', 'template', 'regex'] };
const PYTHON: Language = { comments: ['#'], features: ['triple'] };
const RUBY: Language = { comments: ['#'], features: ['heredoc', 'lines'] };
const PHP: Language = { comments: ['//', '#'], features: ['block', 'heredoc', 'lines'] };
const BRACES: Language = { comments: ['//'], features: ['block', 'triple', 'template'] };

const LANGUAGES = new Map<string, Language>([
  ...'ts mts cts tsx js mjs cjs jsx'.split(' ').map((name) => [name, SCRIPT] as const),
  ...'go java kt kts scala swift cs groovy'.split(' ').map((name) => [name, BRACES] as const),
  ...[['py', PYTHON] as const, ['rb', RUBY] as const, ['php', PHP] as const],
  ...'ex exs'.split(' ').map((name) => [name, PYTHON] as const),
]);

/** Empty for a file that is no program; null when a string or comment never ends. */
export function migrationSource(text: string, path: string): MigrationSource | null {
  const language = LANGUAGES.get(path.slice(path.lastIndexOf('.') + 1).toLowerCase());
  if (!language) return { strings: [], calls: [] };
  const pieces = cut(text, language);
  if (!pieces) return null;
  const code = pieces.map(({ kind, raw }) => {
    return kind === 'comment' ? raw.replace(/[^\n]/g, ' ') : raw;
  });
  return { strings: joined(pieces), calls: callsIn(code.join(''), language === RUBY) };
}

type Kind = 'code' | 'comment' | 'string';
type Piece = { readonly kind: Kind; readonly raw: string; readonly line: number };
/** Where it ends, `NaN` when it never does. */
type Span = { readonly kind: Kind; readonly end: number };

/** Of a word that begins a line all the places where it does. */
type LineStarts = ReadonlyMap<string, readonly number[]>;

function cut(text: string, language: Language): Piece[] | null {
  const pieces: Piece[] = [];
  const starts = language.features.includes('heredoc') ? lineStarts(text) : new Map();
  let start = 0;
  let line = 1;
  const push = (kind: Kind, end: number) => {
    const raw = text.slice(start, end);
    if (raw !== '') pieces.push({ kind, raw, line });
    for (const character of raw) if (character === '\n') line++;
    start = end;
  };
  for (let at = 0; at < text.length; ) {
    const span = spanAt(text, at, language, starts);
    if (!span) {
      // What a backslash takes the meaning from, outside of strings, opens none.
      at += text[at] === '\\' ? 2 : 1;
      continue;
    }
    if (Number.isNaN(span.end)) return null;
    push('code', at);
    push(span.kind, span.end);
    at = span.end;
  }
  push('code', text.length);
  return pieces;
}

function spanAt(
  text: string,
  at: number,
  { comments, features }: Language,
  starts: LineStarts,
): Span | null {
  const has = (feature: Language['features'][number]) => features.includes(feature);
  const character = text[at] ?? '';
  if (comments.some((mark) => text.startsWith(mark, at))) {
    return { kind: 'comment', end: at + lineLength(text, at) };
  }
  if (has('block') && text.startsWith('/*', at)) return to(text, '*/', at + 2, 'comment');
  if (has('heredoc') && text.startsWith('<<', at)) return heredoc(text, at, starts);
  if (has('regex') && character === '/') return regex(text, at);
  if (!/["'`]/.test(character)) return null;
  const triple = character.repeat(3);
  if (has('triple') && text.startsWith(triple, at)) return to(text, triple, at + 3, 'string');
  if (character === '`') return has('template') ? template(text, at) : null;
  return quoted(text, at, has('lines'));
}

function quoted(text: string, at: number, overLines: boolean): Span | null {
  for (let next = at + 1; next < text.length; next++) {
    const character = text[next];
    if (character === '\\') next++;
    else if (character === text[at]) return { kind: 'string', end: next + 1 };
    // An apostrophe in something that is no string.
    else if (character === '\n' && !overLines) return null;
  }
  return overLines ? { kind: 'string', end: Number.NaN } : null;
}

/** A template literal ends at its backtick, and not at one within `${…}`. */
function template(text: string, at: number): Span {
  const marks = /\\[\s\S]|\$\{|[`{}]/g;
  marks.lastIndex = at;
  const open: string[] = [];
  for (let found = marks.exec(text); found; found = marks.exec(text)) {
    const [mark] = found;
    const inText = open.at(-1) === '`';
    if (mark === (inText ? '`' : '}')) open.pop();
    else if (mark === '`' || mark === '${' || (mark === '{' && !inText)) open.push(mark);
    if (open.length === 0) return { kind: 'string', end: marks.lastIndex };
  }
  return { kind: 'string', end: Number.NaN };
}

/** A longer pattern is not looked for, so that a file full of slashes is read in one go. */
const PATTERN_MAX = 1_000;

/** A slash begins a pattern where no value can stand before it; quotes in one begin no string. */
function regex(text: string, at: number): Span | null {
  const before = text.slice(Math.max(0, at - 200), at).trimEnd();
  if (!/(^|[=(,:[!&|?{};+]|\breturn)$/.test(before)) return null;
  let inClass = false;
  const limit = Math.min(text.length, at + PATTERN_MAX);
  for (let next = at + 1; next < limit && text[next] !== '\n'; next++) {
    const character = text[next];
    if (character === '\\') next++;
    else if (character === '[') inClass = true;
    else if (character === ']') inClass = false;
    else if (character === '/' && !inClass) return { kind: 'code', end: next + 1 };
  }
  return null;
}

function heredoc(text: string, at: number, starts: LineStarts): Span | null {
  const head = /<<[<~-]?[ \t]{0,8}["']?([A-Za-z_]\w*)["']?/y;
  head.lastIndex = at;
  const [opening = '', tag = ''] = head.exec(text) ?? [];
  const end = starts.get(tag)?.find((place) => place >= at + opening.length);
  // A shift to the left looks the same, and nothing ends it.
  return end === undefined ? null : { kind: 'string', end: end + tag.length };
}

function lineStarts(text: string): LineStarts {
  const starts = new Map<string, number[]>();
  for (const { 0: line, 1: word = '', index } of text.matchAll(/^[ \t]*(\w+)/gm)) {
    const place = index + line.length - word.length;
    const places = starts.get(word);
    if (places) places.push(place);
    else starts.set(word, [place]);
  }
  return starts;
}

function to(text: string, end: string, from: number, kind: Kind): Span {
  const found = text.indexOf(end, from);
  return { kind, end: found < 0 ? Number.NaN : found + end.length };
}

function lineLength(text: string, at: number): number {
  const found = text.indexOf('\n', at);
  return (found < 0 ? text.length : found) - at;
}

/** The strings without their quotes; those that are only put together count as one. */
function joined(pieces: readonly Piece[]): { text: string; line: number }[] {
  const strings: { text: string; line: number }[] = [];
  let isOpen = false;
  for (const { kind, raw, line } of pieces) {
    if (kind === 'code') isOpen &&= /^[\s+.\\&]*[fbru]{0,2}$/i.test(raw);
    if (kind !== 'string') continue;
    const text = contentOf(raw);
    const last = strings.at(-1);
    if (isOpen && last) last.text += text;
    else strings.push({ text, line });
    isOpen = true;
  }
  return strings;
}

function contentOf(raw: string): string {
  const heredocHead = /^<<[^\n]*\n/.exec(raw)?.[0];
  if (heredocHead) return raw.slice(heredocHead.length, raw.lastIndexOf('\n') + 1);
  const quotes = /^("""|'''|["'`])/.exec(raw)?.[0].length ?? 0;
  return raw
    .slice(quotes, -quotes)
    .replace(/\\(["'`])/g, '$1')
    .replace(/\\[nrt]/g, ' ')
    .replace(/\\(?:u([0-9a-f]{4})|u\{([0-9a-f]{1,5})\}|x([0-9a-f]{2}))/gi, (_, ...codes) => {
      return String.fromCodePoint(Number.parseInt(String(codes.slice(0, 3).join('')), 16));
    });
}

const NAMES = [
  '(?:drop|rename)(?:_?[a-z]\\w{0,60})?',
  '(?:remove|delete)_?(?:columns?|index|indexes|fields?|constraint|references?|belongs_to|foreign_key|timestamps|model|attribute|table)',
  'truncate(?:_?[a-z]\\w{0,60})?',
  '(?:delete|destroy)_?all',
].join('|');
/** With or without brackets around the name. */
const CALL = new RegExp(
  `\\b(${NAMES})\\b(?:["'\`]\\])?(?:\\?\\.)?(?:<[^<>\\n]{0,80}>)?[ \\t]{0,8}\\([^\\n]{0,120}`,
  'gi',
);
/** Ruby needs no parentheses around a symbol or a string. */
const RUBY_CALL = new RegExp(`\\b(${NAMES})\\b[ \\t]{0,8}[:"'(][^\\n]{0,120}`, 'gi');

function callsIn(code: string, isRuby: boolean): SqlFinding[] {
  let line = 1;
  let at = 0;
  return [...code.matchAll(isRuby ? RUBY_CALL : CALL)].map(({ 0: text, 1: name = '', index }) => {
    for (; at < index; at++) if (code[at] === '\n') line++;
    const message = `\`${shown(text)}\` takes something away from the database or renames it.`;
    return { rule: name, key: keyOf(`call: ${text}`), line, message };
  });
}
