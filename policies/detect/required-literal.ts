/**
 * A piece of text that every line must contain for an RE2 pattern to match it, in lower case; null
 * when none can be told. A plain search for it spares the slow engine nearly all files.
 *
 * It reads patterns that compile and only ever errs towards null: a literal that is not required
 * would hide lines from a rule. ASCII only, because letter case beyond it depends on neighbours.
 */

/** A single character is found in nearly every file. */
const USEFUL_MIN = 2;

export function requiredLiteral(pattern: string): string | null {
  const reading: Reading = { pattern, at: 0, isOdd: false };
  const literal = alternatives(reading);
  const isRead = reading.at === pattern.length && !reading.isOdd;
  return isRead && literal.length >= USEFUL_MIN ? literal : null;
}

/**
 * A text as required literals are sought in: `pattern matches text` implies
 * `foldForSearch(text).includes(literal)`. Of all letters beyond ASCII only `ſ` and the Kelvin sign
 * match an ASCII one when case is ignored; lowering covers the second.
 */
export function foldForSearch(text: string): string {
  return text.toLowerCase().replaceAll('ſ', 's');
}

type Reading = {
  readonly pattern: string;
  at: number;
  /** Something was repeated that stands for nothing: RE2 repeats what came before it instead. */
  isOdd: boolean;
};

/** The longest literal of the only way to match; several ways need share none. */
function alternatives(reading: Reading): string {
  const first = sequence(reading);
  if (reading.pattern[reading.at] !== '|') return first;
  while (reading.pattern[reading.at] === '|') {
    reading.at++;
    sequence(reading);
  }
  return '';
}

function sequence(reading: Reading): string {
  let best = '';
  let run = '';
  while (!/^[|)]?$/.test(reading.pattern[reading.at] ?? '')) {
    const atom = readAtom(reading);
    const times = quantifier(reading);
    if (atom === EMPTY && times !== 'once') reading.isOdd = true;
    const known = atom.kind === 'character' ? run + atom.text : atom.text;
    const goesOn = atom.kind === 'character' && times === 'once';
    if (!goesOn) best = longest(best, run, times === 'any' ? '' : known);
    run = goesOn ? known : '';
  }
  return longest(best, run);
}

function longest(...texts: readonly string[]): string {
  return texts.reduce((best, text) => (text.length > best.length ? text : best), '');
}

/** One character that must be there, or anything else with what it is known to contain. */
type Atom = { readonly kind: 'character' | 'other'; readonly text: string };

const UNKNOWN: Atom = { kind: 'other', text: '' };
/** `(?i)` and `\Q\E`. */
const EMPTY: Atom = { kind: 'other', text: '' };

function readAtom(reading: Reading): Atom {
  const { pattern, at } = reading;
  const char = pattern[at] ?? '';
  reading.at++;
  if (char === '(') return group(reading);
  if (char === '[') return characterClass(reading);
  if (char === '\\') return escapeSequence(reading);
  return /[.^$]/.test(char) ? UNKNOWN : character(char);
}

function character(char: string): Atom {
  const isAscii = /^[\x20-\x7e]$/.test(char);
  return isAscii ? { kind: 'character', text: char.toLowerCase() } : UNKNOWN;
}

/** Flags change which case matches and what a dot is, never that a literal is needed. */
function group(reading: Reading): Atom {
  const opening = /\?(?:P?<\w+>|[a-zA-Z-]*:|[a-zA-Z-]*\))/y;
  opening.lastIndex = reading.at;
  const opened = opening.exec(reading.pattern)?.[0] ?? '';
  reading.at += opened.length;
  if (opened.endsWith(')')) return EMPTY;
  const literal = alternatives(reading);
  if (reading.pattern[reading.at] === ')') reading.at++;
  return { kind: 'other', text: literal };
}

/** `[.]` is one character; every other class is several. */
function characterClass(reading: Reading): Atom {
  const { pattern } = reading;
  const single = /([^\]^\\[])\]/y;
  single.lastIndex = reading.at;
  const found = single.exec(pattern);
  if (found) {
    reading.at = single.lastIndex;
    return character(found[1] ?? '');
  }
  // A bracket that comes first is a member.
  const members = /\^?\]?(?:\[:\^?\w+:\]|\\[\s\S]|[^\]\\])*\]/y;
  members.lastIndex = reading.at;
  const isClosed = members.test(pattern);
  reading.at = isClosed ? members.lastIndex : pattern.length;
  return UNKNOWN;
}

function escapeSequence(reading: Reading): Atom {
  const rest = /(?:Q([\s\S]*?)(?:\\E|$)|x\{[^}]*\}|x..|[pP]\{[^}]*\}|[pP].|[0-7]{1,3}|([\s\S]))/y;
  rest.lastIndex = reading.at;
  const [all = '', quoted, char = ''] = rest.exec(reading.pattern) ?? [];
  reading.at += all.length;
  if (quoted === '') return EMPTY;
  // What follows a quotation may repeat its last character alone, so that one is not counted.
  if (quoted !== undefined) return { kind: 'other', text: asciiOnly(quoted.slice(0, -1)) };
  return /\w/.test(char) ? UNKNOWN : character(char);
}

function asciiOnly(text: string): string {
  return /^[\x20-\x7e]*$/.test(text) ? text.toLowerCase() : '';
}

type Times = 'once' | 'some' | 'any';

function quantifier(reading: Reading): Times {
  const mark = /(?:[*+?]|\{(\d+)(?:,\d*)?\})\??/y;
  mark.lastIndex = reading.at;
  const found = mark.exec(reading.pattern);
  if (!found) return 'once';
  reading.at = mark.lastIndex;
  const [text, least] = found;
  if (least === undefined) return text.startsWith('+') ? 'some' : 'any';
  return Number(least) > 0 ? 'some' : 'any';
}
