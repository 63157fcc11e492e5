/**
 * path-glob v1: which paths a pattern covers.
 *
 * `*` and `?` stay within a segment, `**` is a whole segment and stands for any number of them, `\`
 * escapes. Everything else is literal, brackets and braces too: `app/(auth)/[id]/` is a folder that
 * exists. A pattern with a leading or an inner `/` starts at the root, any other matches at any depth.
 * What a pattern names it covers with everything below, unless its last segment is a lone `*`:
 * `dir/*` is the direct children of `dir`. A trailing `/` names a folder.
 *
 * Our own, because the matchers that exist miss dotfiles, newlines or brackets, or take exponential
 * time. Here the time is bounded by pattern length × path length. There is no negation: `except`
 * is a key of its own.
 */

export type GlobOptions = {
  /**
   * True for gates: `dir/` and `dir/**` also cover `dir` itself, so that replacing a folder by a
   * symlink or a file is seen. False is exactly what CODEOWNERS does.
   */
  readonly self: boolean;
};

const PATTERN_MAX = 1_024;

export function compileGlob(pattern: string, options: GlobOptions): (path: string) => boolean {
  const matches = compileCut(pattern, options);
  return (path) => matches(path, path.split('/'));
}

/** For callers that try many patterns on one path and so cut it at its slashes once. */
export function compileCut(
  pattern: string,
  options: GlobOptions,
): (path: string, parts: readonly string[]) => boolean {
  const segments = read(pattern, options);
  const tail = segments.at(-1);
  const names = segments.slice(0, -1);
  if (tail === ANY_DEPTH && names.length > 0 && names.every((name) => typeof name === 'string')) {
    const name = names.join('/');
    const below = `${name}/`;
    return (path) => path === name || path.startsWith(below);
  }
  return (_, parts) => walk(segments, parts);
}

/** Something that every path has which a pattern covers; a path without it need not be asked about. */
export type Trait = {
  /** Folders it begins with, a whole segment anywhere in it, or how some segment ends, from a dot on. */
  readonly kind: 'prefix' | 'name' | 'suffix';
  readonly text: string;
};

/** Null when there is nothing plain enough to look for. */
export function traitOf(pattern: string, options: GlobOptions): Trait | null {
  const segments = read(pattern, options);
  const wild = segments.findIndex((segment) => typeof segment !== 'string');
  const prefix = wild < 0 ? segments : segments.slice(0, wild);
  if (prefix.length > 0) return { kind: 'prefix', text: prefix.join('/') };
  const name = segments.findLast((segment) => typeof segment === 'string');
  if (name !== undefined) return { kind: 'name', text: name };
  const tails = segments.flatMap((segment) => (segment === ANY_DEPTH ? [] : [tailOf(segment)]));
  const tail = tails.findLast((text) => text.includes('.'));
  return tail === undefined ? null : { kind: 'suffix', text: tail.slice(tail.indexOf('.')) };
}

function tailOf(segment: string | Wild): string {
  return typeof segment === 'string' ? segment : segment.tail;
}

/** Why a pattern cannot mean what its author hopes, or null. */
export function globProblem(pattern: string): string | null {
  if (pattern === '') return 'an empty pattern covers nothing';
  if (pattern.length > PATTERN_MAX) return `a pattern is at most ${PATTERN_MAX} characters long`;
  if (!pattern.isWellFormed()) return 'a pattern is text that UTF-8 can spell';
  if (/\p{Cc}/u.test(pattern)) return 'a pattern holds no control characters';
  if (pattern !== pattern.trim()) return 'a pattern neither begins nor ends with a blank';
  // What is escaped stands for itself, and so is no part of anything below.
  const plain = pattern.replaceAll(/\\[*?\\]/g, 'x');
  if (plain.includes('***')) return '`***` has no meaning; write `**` as a whole segment';
  if (plain.endsWith('\\')) return 'a pattern cannot end in a lone backslash';
  if (plain.includes('\\')) return 'a backslash escapes `*`, `?` or `\\`; folders part with `/`';
  return segmentProblem(plain);
}

function segmentProblem(plain: string): string | null {
  if (plain === '/') return '`/` alone names no folder; write `**` for everything';
  const segments = segmentsOf(plain);
  if (segments.includes('.')) return '`./` is never part of a path; leave it out';
  if (segments.includes('..')) return '`..` is never part of a path; name the folder from the root';
  if (segments.includes('')) return 'two slashes with nothing between cover nothing';
  return null;
}

/** Without the slash that anchors and the slash that says "folder". */
function segmentsOf(pattern: string): string[] {
  return pattern.replace(/^\//, '').replace(/\/$/, '').split('/');
}

const STAR = -1;
const ANY_ONE = -2;
const ANY_DEPTH = null;
/** Code points with `STAR` and `ANY_ONE` among them, and the text it must end with. */
type Wild = { readonly tokens: readonly number[]; readonly tail: string };
type Segment = string | Wild | typeof ANY_DEPTH;

function read(pattern: string, { self }: GlobOptions): Segment[] {
  const texts = segmentsOf(pattern);
  if (!pattern.startsWith('/') && texts.length === 1) texts.unshift('**');
  let isFolder = pattern.endsWith('/');
  // A final `**` is everything below what comes before it, which is what a final slash means.
  while (texts.at(-1) === '**') {
    texts.pop();
    isFolder = true;
  }
  // What a folder covers lies below it, so one more segment at least; a gate covers itself too.
  if (isFolder && !self && texts.length > 0) texts.push('*');
  const descends = isFolder || texts.at(-1) !== '*';
  return [...texts, ...(descends ? ['**'] : [])].map(segmentOf);
}

function segmentOf(text: string): Segment {
  if (text === '**') return ANY_DEPTH;
  const tokens: number[] = [];
  let plain = '';
  let escaped = false;
  for (const character of text) {
    if (!escaped && character === '\\') {
      escaped = true;
      continue;
    }
    if (!escaped && character === '*') tokens.push(STAR);
    else if (!escaped && character === '?') tokens.push(ANY_ONE);
    else tokens.push(character.codePointAt(0) ?? 0);
    plain += character;
    escaped = false;
  }
  if (tokens.every((token) => token >= 0)) return plain;
  const last = tokens.findLastIndex((token) => token < 0);
  return { tokens, tail: String.fromCodePoint(...tokens.slice(last + 1)) };
}

/** As `covers`, with segments for characters and `**` for the star. */
function walk(segments: readonly Segment[], parts: readonly string[]): boolean {
  let segment = 0;
  let at = 0;
  let depth = -1;
  let resume = 0;
  while (at < parts.length) {
    const wanted = segments[segment];
    if (wanted === ANY_DEPTH) {
      depth = segment++;
      // Nothing after it: whatever is left is covered.
      if (segment === segments.length) return true;
      resume = at;
    } else if (wanted !== undefined && covers(wanted, parts[at] ?? '')) {
      at++;
      segment++;
    } else if (depth >= 0) {
      at = ++resume;
      segment = depth + 1;
    } else return false;
  }
  while (segments[segment] === ANY_DEPTH) segment++;
  return segment === segments.length;
}

function covers(segment: string | Wild, text: string): boolean {
  if (typeof segment === 'string') return segment === text;
  return text.endsWith(segment.tail) && runs(segment.tokens, text);
}

/** Greedy with one point to come back to: never more than text length × tokens steps. */
function runs(tokens: Wild['tokens'], text: string): boolean {
  let token = 0;
  let at = 0;
  let star = -1;
  let resume = 0;
  while (at < text.length) {
    const wanted = tokens[token];
    const found = text.codePointAt(at) ?? 0;
    if (wanted === STAR) {
      star = token++;
      resume = at;
    } else if (wanted === ANY_ONE || wanted === found) {
      at += width(found);
      token++;
    } else if (star >= 0) {
      resume += width(text.codePointAt(resume) ?? 0);
      at = resume;
      token = star + 1;
    } else return false;
  }
  while (tokens[token] === STAR) token++;
  return token === tokens.length;
}

/** Code points beyond 16 bits take two places of a string. */
function width(codePoint: number): number {
  return codePoint > 0xffff ? 2 : 1;
}
