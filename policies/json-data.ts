/**
 * JSON that others wrote, as a plain value with the line of everything in it.
 *
 * Null when a key is given twice: every reader takes the last, and a reviewer who saw the first
 * has read another file.
 */
import { type Data, type DataPath, isBounded } from './plain-data.ts';

const CHARACTERS_MAX = 4 * 1_024 * 1_024;
const DEPTH_MAX = 64;

export function parseJsonData(text: string, charactersMax = CHARACTERS_MAX): Data | null {
  const source = text.startsWith('\u{feff}') ? text.slice(1) : text;
  if (source.length > charactersMax) return null;
  const value = parsed(source);
  if (value === undefined) return null;
  const root = placesOf(source);
  return root && isBounded(value) ? { value, line: (path) => lineAt(root, path) } : null;
}

function parsed(source: string): unknown {
  try {
    return JSON.parse(source);
  } catch {
    return undefined;
  }
}

type Place = { readonly line: number; readonly below: Map<string | number, Place> };
/** An open bracket; `isDue` while its next key or item has not been met. */
type Open = { readonly place: Place; readonly isArray: boolean; index: number; isDue: boolean };

function lineAt(root: Place, path: DataPath): number | null {
  let place: Place | undefined = root;
  for (const step of path) place = place?.below.get(step);
  return place?.line ?? null;
}

/** Of text that is known to be JSON; null when it gives a key twice or nests too deep. */
function placesOf(source: string): Place | null {
  const root: Place = { line: 1, below: new Map() };
  const open: Open[] = [];
  let current = root;
  for (const token of tokensOf(source)) {
    const within = open.at(-1);
    if (within?.isDue && /^[^,}\]]/.test(token.text)) {
      const begun = begin(within, token);
      if (!begun) return null;
      current = begun;
    }
    follow(open, token.text, current);
    if (open.length > DEPTH_MAX) return null;
  }
  return root;
}

/** What a token does to the brackets that are open. */
function follow(open: Open[], text: string, place: Place) {
  const within = open.at(-1);
  if (text === '}' || text === ']') open.pop();
  else if (text === ',' && within) within.isDue = true;
  else if (text === '{' || text === '[') {
    open.push({ place, isArray: text === '[', index: 0, isDue: true });
  }
}

type JsonToken = { readonly text: string; readonly line: number };

/** Strings as a whole and every other character alone, without blanks and colons. */
function* tokensOf(source: string): Generator<JsonToken> {
  let line = 1;
  for (let at = 0; at < source.length; at++) {
    const character = source[at] ?? '';
    if (character === '\n') line++;
    if (/[\s:]/.test(character)) continue;
    const end = character === '"' ? endOfString(source, at) : at;
    yield { text: source.slice(at, end + 1), line };
    at = end;
  }
}

/** The place of the key or item that begins here; null for a key that was there before. */
function begin(open: Open, { text, line }: JsonToken): Place | null {
  const key = open.isArray ? open.index++ : String(JSON.parse(text));
  if (open.place.below.has(key)) return null;
  const place: Place = { line, below: new Map() };
  open.place.below.set(key, place);
  open.isDue = false;
  return place;
}

function endOfString(source: string, start: number): number {
  let at = start + 1;
  while (at < source.length && source[at] !== '"') at += source[at] === '\\' ? 2 : 1;
  return at;
}
