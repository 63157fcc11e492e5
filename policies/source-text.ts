/**
 * The bytes of a file that people write, as text that looks like what it says. What an editor does
 * not show, and another reader takes for something else, is refused where it stands.
 */
import type { Place, Problem } from './problems.ts';

/** No policy anyone can review is longer. */
const SOURCE_MAX = 256 * 1_024;
/** UTF-8 takes at most three bytes for each unit of a string. */
const BYTES_MAX = 3 * SOURCE_MAX;
const NEWLINE = 10;

export function decodeSource(
  bytes: Uint8Array,
  file: string,
): { source: string } | { problems: Problem[] } {
  if (bytes.length > BYTES_MAX) return { problems: [tooLong('', file)] };
  try {
    return { source: decode(bytes) };
  } catch {
    return { problems: [notUtf8(bytes, file)] };
  }
}

/** Why a text is not read at all, or null. Takes time for as much of it as is allowed, and no more. */
export function sourceProblem(source: string, file: string): Problem | null {
  if (source.length > SOURCE_MAX) return tooLong(source, file);
  const found = HIDDEN.exec(source);
  return found === null ? null : refused(file, placeAt(source, found.index), hiddenText(found[0]));
}

/** A line break is LF or CR LF; a lone CR is one to some readers and none to others. */
const HIDDEN = /[\p{Bidi_Control}\p{Zl}\p{Zp}\p{Cs}\ufeff]|(?![\t\n\r])\p{Cc}|\r(?!\n)/u;

function hiddenText(character: string): string {
  if (character === '\ufeff') {
    return 'a byte order mark, which cannot be seen; save the file as UTF-8 without one';
  }
  if (character === '\r') return 'a carriage return that ends no line; save with LF or CR LF';
  const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
  return `the character U+${code} does not show what it does; take it out`;
}

function tooLong(source: string, file: string): Problem {
  const message = `the file is longer than ${SOURCE_MAX} characters; split it into layers, or shorten it`;
  return refused(file, { line: 1, column: 1, source: firstLine(source.slice(0, 200)) }, message);
}

/** No byte of a character of several is a newline, so what is wrong is wrong within one line. */
function notUtf8(bytes: Uint8Array, file: string): Problem {
  let line = 1;
  for (let from = 0; from <= bytes.length; line++) {
    const end = bytes.indexOf(NEWLINE, from);
    const part = bytes.subarray(from, end < 0 ? bytes.length : end);
    const broken = brokenLine(part);
    if (broken !== null) {
      const message = 'these bytes are not UTF-8; save the file as UTF-8';
      return refused(file, { line, ...broken }, message);
    }
    from = end < 0 ? bytes.length + 1 : end + 1;
  }
  return refused(file, { line: 1, column: 1, source: '' }, 'the file is not UTF-8');
}

function brokenLine(bytes: Uint8Array): { column: number; source: string } | null {
  try {
    decode(bytes);
    return null;
  } catch {
    const source = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
    return { column: source.indexOf('\ufffd') + 1, source };
  }
}

function decode(bytes: Uint8Array): string {
  // A byte order mark is kept, so that it is seen and refused.
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
}

type Spot = Pick<Place, 'line' | 'column' | 'source'>;

function placeAt(source: string, offset: number): Spot {
  const start = source.lastIndexOf('\n', offset - 1) + 1;
  const line = source.slice(0, offset).split('\n').length;
  return { line, column: offset - start + 1, source: firstLine(source.slice(start)) };
}

function firstLine(text: string): string {
  return text.split(/\r?\n/, 1)[0] ?? '';
}

function refused(file: string, spot: Spot, message: string): Problem {
  return { code: 'P0101', severity: 'error', message, path: [], file, width: 1, ...spot };
}
