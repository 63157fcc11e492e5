/**
 * Source text with its comments, or its comments and strings, blanked out: same length, same lines,
 * so that what is found in it has a place in the original.
 *
 * It knows a few families of languages and no grammar, so text can be written that it misreads. It
 * is there to keep words in comments and titles from being counted as code, not to be a boundary.
 */

export type Source = {
  readonly text: string;
  /** Without comments. */
  readonly live: string;
  /** Without comments and without what stands between quotes. The quotes stay. */
  readonly code: string;
  readonly strings: readonly Region[];
};

/** From the first character to the one after the last. */
export type Region = { readonly from: number; readonly to: number };

type Family = {
  readonly opener: RegExp;
  readonly isScript: boolean;
};

const SCRIPT: Family = { opener: /['"`/{}]/g, isScript: true };
const BRACES: Family = { opener: /"""|['"`/]/g, isScript: false };
/** A quote before a name is a lifetime in Rust. */
const RUST: Family = { opener: /["/]/g, isScript: false };
const HASH: Family = { opener: /"""|'''|['"#]/g, isScript: false };
/** Here a `#` within a word is part of it. */
const SPACED: Family = { opener: /['"]|(?<=^|\s)#/gm, isScript: false };
const INI: Family = { opener: /#|(?<=^\s{0,20});/gm, isScript: false };

const SCRIPT_NAME = /\.(?:[cm]?[jt]sx?|json[c5]?|vue|svelte|astro)$|(?:^|\/)\.\w+rc$/i;
const HASH_NAME = /\.(?:pyi?|rb|rake|toml|exs?|pl|r|jl|nix)$/i;
const SPACED_NAME = /\.(?:ya?ml|sh|bash|zsh|tf|cmake)$/i;
const INI_NAME = /\.(?:ini|cfg|properties)$|(?:^|\/)\.coveragerc$/i;

export function readSource(path: string, text: string): Source {
  const comments: Region[] = [];
  const strings: Region[] = [];
  const { opener, isScript } = familyOf(path);
  const scan: Scan = { text, opener: new RegExp(opener), isScript, comments, strings, braces: [] };
  let at = 0;
  while (at < text.length) at = step(scan, at);
  const live = blank(text, comments);
  return { text, live, code: blank(live, strings), strings };
}

function familyOf(path: string): Family {
  if (SCRIPT_NAME.test(path)) return SCRIPT;
  if (HASH_NAME.test(path)) return HASH;
  if (SPACED_NAME.test(path)) return SPACED;
  if (INI_NAME.test(path)) return INI;
  return /\.rs$/i.test(path) ? RUST : BRACES;
}

type Scan = Family & {
  readonly text: string;
  readonly comments: Region[];
  readonly strings: Region[];
  /** Open braces; true for one whose end leads back into a template. */
  readonly braces: boolean[];
};

function blank(text: string, regions: readonly Region[]): string {
  const parts: string[] = [];
  let at = 0;
  for (const { from, to } of regions) {
    if (from === to) continue;
    const hidden = text.slice(from, to);
    const isOneLine = !/[\n\r]/.test(hidden);
    parts.push(text.slice(at, from));
    parts.push(isOneLine ? ' '.repeat(hidden.length) : hidden.replace(/[^\n\r]/g, ' '));
    at = to;
  }
  parts.push(text.slice(at));
  return parts.join('');
}

/** Where to look on after the next thing that opens. */
function step(scan: Scan, at: number): number {
  scan.opener.lastIndex = at;
  const found = scan.opener.exec(scan.text);
  if (!found) return scan.text.length;
  const from = found.index;
  const [mark] = found;
  if (mark === '/') return slash(scan, from);
  if (mark === '#' || mark === ';') return comment(scan, from, lineEnd(scan.text, from));
  if (mark === '`') return template(scan, from + 1);
  if (mark === '{' || mark === '}') return brace(scan, mark, from);
  const inner = from + mark.length;
  const end = mark.length === 3 ? ending(scan.text, mark, inner) : closing(scan.text, mark, inner);
  return string(scan, inner, end, mark);
}

function slash(scan: Scan, from: number): number {
  const { text, isScript } = scan;
  if (text[from + 1] === '/') return comment(scan, from, lineEnd(text, from));
  if (text[from + 1] === '*') return comment(scan, from, ending(text, '*/', from + 2) + 2);
  if (!isScript || !opensRegex(text, from)) return from + 1;
  const to = regexEnd(text, from + 1);
  return to === null ? from + 1 : string(scan, from + 1, to, '/');
}

function comment(scan: Scan, from: number, to: number): number {
  scan.comments.push({ from, to });
  return to;
}

/** Strings are told without their quotes; the closing one is stepped over. */
function string(scan: Scan, from: number, to: number, mark: string): number {
  scan.strings.push({ from, to });
  return scan.text.startsWith(mark, to) ? to + mark.length : to;
}

function brace(scan: Scan, mark: string, from: number): number {
  if (mark === '{') scan.braces.push(false);
  else if (scan.braces.pop() === true) return template(scan, from + 1);
  return from + 1;
}

/** To the closing backtick, or to the `${` after which there is code again. */
function template(scan: Scan, from: number): number {
  const { text, isScript } = scan;
  const stop = isScript ? /\\[\s\S]|`|\$\{/g : /`/g;
  stop.lastIndex = from;
  for (let found = stop.exec(text); found; found = stop.exec(text)) {
    if (found[0].startsWith('\\')) continue;
    scan.strings.push({ from, to: found.index });
    if (found[0] !== '`') scan.braces.push(true);
    return found.index + found[0].length;
  }
  scan.strings.push({ from, to: text.length });
  return text.length;
}

/** A quote that is not closed on its line ends there: an apostrophe must not swallow what follows. */
function closing(text: string, quote: string, from: number): number {
  for (let at = from; at < text.length; at++) {
    const char = text[at];
    if (char === '\\' && text[at + 1] !== '\r') at++;
    else if (char === quote || char === '\n' || char === '\r') return at;
  }
  return text.length;
}

/** A slash divides after a value, and opens a pattern everywhere else. */
function opensRegex(text: string, at: number): boolean {
  let last = at - 1;
  while (last >= 0 && (text[last] === ' ' || text[last] === '\t')) last--;
  const before = text.slice(Math.max(0, last - 9), last + 1);
  if (/(?:^|[^\w$.])(?:return|typeof|case|in|of|do|else|void|delete|await|yield)$/.test(before)) {
    return true;
  }
  // After `<` it closes a tag, after `}` it is either; a tag is far more common.
  return !/[\w$)\]}'"`<.]$/.test(before);
}

/** A longer one is no pattern: a line of openings without an end would be read once for each. */
const PATTERN_MAX = 1_000;

/** Where a pattern ends on its own line, or null when it does not. */
function regexEnd(text: string, from: number): number | null {
  let isInClass = false;
  const end = Math.min(text.length, from + PATTERN_MAX);
  for (let at = from; at < end; at++) {
    const char = text[at];
    if (char === '\n' || char === '\r') return null;
    if (char === '\\') at++;
    else if (char === '[') isInClass = true;
    else if (char === ']') isInClass = false;
    else if (char === '/' && !isInClass) return at;
  }
  return null;
}

function ending(text: string, mark: string, from: number): number {
  const at = text.indexOf(mark, from);
  return at < 0 ? text.length : at;
}

function lineEnd(text: string, from: number): number {
  const end = /[\n\r\u2028\u2029]/g;
  end.lastIndex = from;
  return end.exec(text)?.index ?? text.length;
}
