/** HCL cut into tokens, without comments. A name is a whole reference, such as `var.a.b`. */

export type HclToken = {
  readonly kind: 'name' | 'string' | 'number' | 'mark';
  /** Of a string what it stands for, with `${…}` as it is written. */
  readonly text: string;
  readonly line: number;
};

const BLANK = /[ \t\r\u{feff}]+/uy;
const LINE_COMMENT = /(?:#|\/\/)[^\n]*/y;
const NAME = /[\p{L}_][\p{L}\p{N}_-]*(?:\.[\p{L}\p{N}_*-]+)*/uy;
const NUMBER = /\d[\d.]*(?:[eE][+-]?\d+)?/y;
const MARK = /=>|[<>=!]=|&&|\|\||\.\.\.|[\s\S]/y;
const HEREDOC = /<<(-?)([\p{L}_][\p{L}\p{N}_-]*)[ \t]*\r?\n/uy;

/** Null when a string, a comment or a heredoc never ends. */
export function hclTokens(text: string): HclToken[] | null {
  const tokens: HclToken[] = [];
  let line = 1;
  for (let at = 0; at < text.length; ) {
    const piece = pieceAt(text, at);
    if (!piece) return null;
    const { end, token } = piece;
    if (token) tokens.push({ ...token, line });
    for (let next = at; next < end; next++) if (text[next] === '\n') line++;
    at = end;
  }
  return tokens;
}

type Piece = { readonly end: number; readonly token?: Omit<HclToken, 'line'> };

function pieceAt(text: string, at: number): Piece | null {
  const skipped = match(BLANK, text, at) ?? match(LINE_COMMENT, text, at);
  if (skipped) return { end: at + skipped.length };
  if (text.startsWith('/*', at)) {
    const end = text.indexOf('*/', at + 2);
    return end < 0 ? null : { end: end + 2 };
  }
  if (text[at] === '"') return string(text, at);
  const heredoc = heredocAt(text, at);
  if (heredoc !== undefined) return heredoc;
  for (const [kind, pattern] of [['name', NAME] as const, ['number', NUMBER] as const]) {
    const found = match(pattern, text, at);
    if (found) return { end: at + found.length, token: { kind, text: found } };
  }
  const mark = match(MARK, text, at) ?? '';
  return { end: at + mark.length, token: { kind: 'mark', text: mark } };
}

const OPENS = /["{]$/;
const OPENS_IN_TEXT = /^[$%]\{$/;

/** Quotes within `${…}` and `%{…}` begin strings of their own. */
function string(text: string, at: number): Piece | null {
  const marks = /\\[\s\S]|[$%]{2}\{|[$%]\{|["{}\n]/g;
  marks.lastIndex = at + 1;
  const open = ['"'];
  while (open.length > 0) {
    const mark = marks.exec(text)?.[0];
    if (mark === undefined || !follow(open, mark)) return null;
  }
  const end = marks.lastIndex;
  return { end, token: { kind: 'string', text: meaning(text.slice(at + 1, end - 1)) } };
}

/** False when the line ends within a text. */
function follow(open: string[], mark: string): boolean {
  const inText = open.at(-1) === '"';
  if (mark === (inText ? '"' : '}')) open.pop();
  else if ((inText ? OPENS_IN_TEXT : OPENS).test(mark)) open.push(mark);
  return !(inText && mark === '\n');
}

const ESCAPES = new Map([...Object.entries({ n: '\n', r: '\r', t: '\t', '"': '"', '\\': '\\' })]);

function meaning(text: string): string {
  return text.replace(
    /\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([\s\S]))/g,
    (_, short?: string, long?: string, letter = '') => {
      const code = Number.parseInt(short ?? long ?? '', 16);
      if (code <= 0x10_ffff) return String.fromCodePoint(code);
      return ESCAPES.get(letter) ?? letter;
    },
  );
}

/** Undefined when none begins here; its text is taken as it is. */
function heredocAt(text: string, at: number): Piece | null | undefined {
  HEREDOC.lastIndex = at;
  const [opening, , tag] = HEREDOC.exec(text) ?? [];
  if (opening === undefined || tag === undefined) return undefined;
  const start = at + opening.length;
  for (let from = start; from < text.length; ) {
    const next = text.indexOf('\n', from);
    const end = next < 0 ? text.length : next;
    if (text.slice(from, end).trim() === tag) {
      // The line end that follows belongs to what holds the heredoc.
      return { end, token: { kind: 'string', text: text.slice(start, from) } };
    }
    from = end + 1;
  }
  return null;
}

function match(pattern: RegExp, text: string, at: number): string | null {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? null;
}
