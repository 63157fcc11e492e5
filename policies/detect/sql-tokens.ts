/**
 * SQL cut into statements of tokens. Comments are gone, and what is quoted is one token, so that
 * neither can pass for a statement nor hide one: `DROP/**\/TABLE` is two words, `DR/**\/OP` is too.
 *
 * Databases differ in where a comment or a string ends, and a text can be written so that one of
 * them runs what another skips. So a text is read as each family would read it.
 */

export type Token = {
  readonly kind: 'word' | 'name' | 'string' | 'number' | 'mark';
  readonly text: string;
  /** Counted from 1 in the text that was cut. */
  readonly line: number;
};

export type Statement = readonly Token[];

export type Dialect = {
  /** Whether a comment within a comment counts. */
  readonly nests: boolean;
  /** MySQL: `\'` in strings, `#` comments, `--` only before a blank, and comments that run. */
  readonly mysql: boolean;
  /** SQL Server and SQLite quote names by brackets; Oracle has strings such as `q'[it's]'`. */
  readonly brackets: boolean;
};

export const DIALECTS: readonly Dialect[] = [
  { nests: true, mysql: false, brackets: false },
  { nests: false, mysql: true, brackets: false },
  { nests: false, mysql: false, brackets: true },
];

export type Cut = {
  readonly statements: readonly Statement[];
  /** False when a comment or a string never ends: what came before it is there all the same. */
  readonly isWhole: boolean;
};

/** Where a piece ends, and what it is; no kind for what says nothing; null when it never ends. */
type Piece = { readonly end: number; readonly kind?: Token['kind'] } | null;

const WORD = /[\p{L}_][\p{L}\p{N}\p{M}_$#]*/uy;
const PLAIN_WORD = /[\p{L}_][\p{L}\p{N}\p{M}_$]*/uy;
const NUMBER = /\d[\w.]*/y;
const BLANK = /\s+/y;
const DOLLAR_TAG = /\$(?:[\p{L}_][\p{L}\p{N}_]*)?\$/uy;
const ESCAPED = /e'/iy;
const ORACLE = /n?q'\S/iy;
const CLOSING = new Map(['[]', '{}', '()', '<>'].map(([opener, closer]) => [opener, closer]));

export function cutSql(text: string, dialect: Dialect): Cut {
  const statements: Token[][] = [];
  // The command that gives another end to statements uses what would be a dollar quote elsewhere.
  const hasDollars = !(dialect.mysql && /^\s*delimiter\s/im.test(text));
  let current: Token[] = [];
  let line = 1;
  for (let at = 0; at < text.length; ) {
    const piece = pieceAt(text, at, { dialect, hasDollars, isFirst: current.length === 0 });
    const end = piece?.end ?? text.length;
    const raw = text.slice(at, end);
    if (piece?.kind === 'mark' && raw === ';') {
      if (current.length > 0) statements.push(current);
      current = [];
    } else if (piece?.kind) current.push({ kind: piece.kind, text: raw, line });
    if (!piece) return { statements: [...statements, current], isWhole: false };
    line += newlines(raw);
    at = end;
  }
  return { statements: current.length > 0 ? [...statements, current] : statements, isWhole: true };
}

type Where = {
  readonly dialect: Dialect;
  readonly hasDollars: boolean;
  readonly isFirst: boolean;
};

function pieceAt(text: string, at: number, where: Where): Piece {
  const { dialect } = where;
  const blank = match(BLANK, text, at);
  if (blank) return { end: at + blank.length };
  if (isLineComment(text, at, where)) return { end: endOfLine(text, at) };
  if (text.startsWith('/*', at)) return comment(text, at, dialect);
  // The end of a comment that MySQL runs.
  if (dialect.mysql && text.startsWith('*/', at)) return { end: at + 2 };
  const piece = quoted(text, at, where);
  return piece === undefined ? plain(text, at, dialect) : piece;
}

function isLineComment(text: string, at: number, { dialect, isFirst }: Where): boolean {
  if (dialect.mysql && text[at] === '#') return true;
  if (!text.startsWith('--', at)) return false;
  // `1--1` is a sum there. At the start of a statement it could only be an error.
  return !dialect.mysql || isFirst || /^\s?$/.test(text.charAt(at + 2));
}

function comment(text: string, at: number, { nests, mysql }: Dialect): Piece {
  if (mysql) {
    const runs = match(/\/\*M?!\d*/y, text, at);
    if (runs) return { end: at + runs.length };
  }
  if (!nests) return until(text, '*/', at + 2);
  let depth = 1;
  for (const found of text.slice(at + 2).matchAll(/\/\*|\*\//g)) {
    depth += found[0] === '/*' ? 1 : -1;
    if (depth === 0) return { end: at + 2 + found.index + 2 };
  }
  return null;
}

/** Undefined when nothing quoted begins here. */
function quoted(text: string, at: number, { dialect, hasDollars }: Where): Piece | undefined {
  const { mysql, brackets } = dialect;
  const character = text[at] ?? '';
  if (character === "'") return string(text, at, mysql);
  if (character === '"') return mysql ? string(text, at, true) : name(closing(text, at, false));
  if (character === '`' && (mysql || brackets)) return name(closing(text, at, false));
  if (character === '[' && brackets) return name(until(text, ']', at + 1));
  const dollars = hasDollars ? match(DOLLAR_TAG, text, at) : null;
  if (dollars) return asString(until(text, dollars, at + dollars.length));
  return prefixed(text, at, brackets);
}

/** Strings that a letter before the quote gives other rules. */
function prefixed(text: string, at: number, isOracle: boolean): Piece | undefined {
  if (match(ESCAPED, text, at)) return string(text, at + 1, true);
  const opening = isOracle ? match(ORACLE, text, at) : null;
  if (!opening) return undefined;
  const opener = opening.at(-1) ?? '';
  return asString(until(text, `${CLOSING.get(opener) ?? opener}'`, at + opening.length));
}

function plain(text: string, at: number, { mysql }: Dialect): Piece {
  const word = match(mysql ? PLAIN_WORD : WORD, text, at);
  if (word) return { end: at + word.length, kind: 'word' };
  const number = match(NUMBER, text, at);
  return number ? { end: at + number.length, kind: 'number' } : { end: at + 1, kind: 'mark' };
}

function string(text: string, at: number, escapes: boolean): Piece {
  return asString(closing(text, at, escapes));
}

/** To the quote that ends what begins at `at`; a doubled one stands for itself. */
function closing(text: string, at: number, escapes: boolean): Piece {
  const quote = text[at];
  for (let next = at + 1; next < text.length; next++) {
    if (escapes && text[next] === '\\') next++;
    else if (text[next] === quote) {
      if (text[next + 1] !== quote) return { end: next + 1 };
      next++;
    }
  }
  return null;
}

function until(text: string, end: string, from: number): Piece {
  const found = text.indexOf(end, from);
  return found < 0 ? null : { end: found + end.length };
}

function asString(piece: Piece): Piece {
  return piece && { end: piece.end, kind: 'string' };
}

function name(piece: Piece): Piece {
  return piece && { end: piece.end, kind: 'name' };
}

function match(pattern: RegExp, text: string, at: number): string | null {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? null;
}

function endOfLine(text: string, at: number): number {
  const found = text.indexOf('\n', at);
  return found < 0 ? text.length : found;
}

function newlines(text: string): number {
  let count = 0;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) count++;
  return count;
}
