/**
 * Patterns of another dialect: `{a,b}`, `[ab]`, `(x|y)`, `!x`. Here all of that is literal, as folders
 * named `(auth)` and `[id]` exist, so such a pattern quietly covers nothing. This says what is literal
 * and which patterns to write instead.
 *
 * It knows no paths: ask it about a pattern that covers no known file. What is a name in every dialect
 * is left alone: `{id}`, `(auth)`, and a whole segment in brackets, which is how routes are named.
 */
import { globProblem } from './glob.ts';

export type Foreign = {
  /** What is literal here, as a clause without a full stop. */
  readonly why: string;
  /** Patterns that say what was meant, under `except` where `why` names it. None: it cannot be said. */
  readonly instead: readonly string[];
};

/** More than this is no advice that anybody follows. */
const INSTEAD_MAX = 20;

export function foreignSyntax(pattern: string): Foreign | null {
  if (!isPattern(pattern)) return null;
  const isNegated = /^!+[^(!]/.test(pattern);
  const { kinds, notes, texts } = expand(
    hide(isNegated ? pattern.replace(/^!+/, '') : pattern, ESCAPES),
  );
  if (kinds.size === 0 && !isNegated) return null;
  const literal = kinds.size === 0 ? [] : [`${[...kinds].join(' and ')} are literal here`];
  const except = isNegated ? ['`!` is literal here and a list has no negation; use `except`'] : [];
  return {
    why: [...except, ...literal, ...notes].join('; '),
    instead: texts.map((text) => anchored(show(text), pattern)).filter(isPattern),
  };
}

/** An option with no slash of its own must not come to match at any depth. */
function anchored(text: string, original: string): string {
  const isAnchored = (one: string): boolean => one.slice(0, -1).includes('/');
  return isAnchored(original) && !isAnchored(text) ? `/${text}` : text;
}

function isPattern(text: string): boolean {
  return globProblem(text) === null;
}

type Expansion = {
  readonly kinds: ReadonlySet<string>;
  readonly notes: ReadonlySet<string>;
  readonly texts: readonly string[];
};

/** One choice of every text a round, so that texts that become the same are one again in time. */
function expand(text: string): Expansion {
  const kinds = new Set<string>();
  const notes = new Set<string>();
  let texts = [text];
  for (;;) {
    const steps = texts.map(expandFirst);
    const choices = steps.flatMap(({ choice }) => choice ?? []);
    for (const { kind, note } of choices) {
      kinds.add(kind);
      if (note !== undefined) notes.add(note);
    }
    texts = [...new Set(steps.flatMap((step) => step.texts))];
    if (choices.length === 0 || texts.length === 0) return { kinds, notes, texts };
    if (texts.length > INSTEAD_MAX) {
      notes.add(`more than ${INSTEAD_MAX} patterns would be needed`);
      return { kinds, notes, texts: [] };
    }
  }
}

type Choice = {
  readonly kind: 'braces' | 'brackets' | 'parentheses';
  readonly options: readonly string[];
  readonly note?: string;
};

/** A group with no other of its kind inside. */
const GROUP =
  /(?<prefix>[@+?*!]?)\((?<parens>[^()]*)\)|\{(?<braces>[^{}]*)\}|\[(?<brackets>\[:[a-z]+:\]|[^[\]/]*)\]/;

/** The text once for every option of its first choice; or itself, when there is none. */
function expandFirst(text: string): { choice: Choice | null; texts: string[] } {
  let rest = text;
  for (;;) {
    const group = GROUP.exec(rest);
    if (group === null) return { choice: null, texts: [rest] };
    const before = rest.slice(0, group.index);
    const after = rest.slice(group.index + group[0].length);
    const choice = choiceOf(group, before, after);
    if (choice) return { choice, texts: choice.options.map((one) => before + one + after) };
    // A name. Out of sight, so that what is around it can be a choice.
    rest = before + hide(group[0], DELIMITERS) + after;
  }
}

function choiceOf({ groups = {} }: RegExpExecArray, before: string, after: string): Choice | null {
  const { prefix = '', parens, braces, brackets = '' } = groups;
  if (parens !== undefined) return parenthesised(prefix, parens);
  if (braces !== undefined) return braced(braces);
  const isSegment = /(^|\/)$/.test(before) && /^(\/|$)/.test(after);
  return isSegment ? null : bracketed(brackets);
}

function parenthesised(prefix: string, inside: string): Choice | null {
  const kind = 'parentheses';
  const options = inside.split('|');
  if (prefix === '!') return { kind, options: [], note: 'leave something out with `except`' };
  const isChoice = options.length > 1;
  if (prefix === '+' || (prefix === '*' && isChoice)) {
    return { kind, options: [], note: 'there is no repetition; use `*` for any text' };
  }
  if (prefix === '?') return { kind, options: ['', ...options] };
  return isChoice ? { kind, options } : null;
}

function braced(inside: string): Choice | null {
  if (inside.includes(',')) return { kind: 'braces', options: inside.split(',') };
  const [, low, high, first, last] =
    /^(?:(0|-?[1-9]\d{0,8})\.\.(0|-?[1-9]\d{0,8})|([a-z])\.\.([a-z]))$/i.exec(inside) ?? [];
  if (low && high)
    return { kind: 'braces', options: between(Number(low), Number(high)).map(String) };
  return first && last ? { kind: 'braces', options: characters(first, last) } : null;
}

function bracketed(inside: string): Choice | null {
  if (inside === '' || inside.startsWith('...')) return null;
  const kind = 'brackets';
  const ranges = inside.match(/.-.|./gu) ?? [];
  const options = ranges.flatMap((range) =>
    range.length > 2 ? characters(range.slice(0, -2), range.slice(-1)) : [range],
  );
  if (/^[!^[]/.test(inside) || options.length > INSTEAD_MAX) {
    return { kind, options: [hide('?', /\?/g)], note: '`?` is any one character' };
  }
  return {
    kind,
    options: options.map((one) => (/[*?]/.test(one) ? hide(`\\${one}`, ESCAPES) : one)),
  };
}

function characters(first: string, last: string): string[] {
  const [from = 0, to = 0] = [first.codePointAt(0), last.codePointAt(0)];
  return between(from, to).map((point) => String.fromCodePoint(point));
}

/** Both ends included, upwards or downwards; one more than are shown is too many already. */
function between(first: number, last: number): number[] {
  const length = Math.min(Math.abs(last - first), INSTEAD_MAX) + 1;
  return Array.from({ length }, (_, at) => first + Math.sign(last - first) * at);
}

const ESCAPES = /\\[*?\\]/g;
const DELIMITERS = /[(){}[\]]/g;
const HIDEABLE = ['\\*', '\\?', '\\\\', '?', '(', ')', '{', '}', '[', ']'];
/** The first of the control characters that no pattern holds, and that `.` of a regex matches. */
const HIDDEN_FROM = 0x80;

function hide(text: string, what: RegExp): string {
  return text.replaceAll(what, (found) =>
    String.fromCharCode(HIDDEN_FROM + HIDEABLE.indexOf(found)),
  );
}

function show(text: string): string {
  return text.replaceAll(
    /\p{Cc}/gu,
    (hidden) => HIDEABLE[hidden.charCodeAt(0) - HIDDEN_FROM] ?? '',
  );
}
