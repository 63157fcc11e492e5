/**
 * Path hygiene: names that are never let out of a workspace, because some tool, file system or
 * reader takes them for another name. Works on the bytes git gives: decoding first would let two
 * names that differ in invalid UTF-8 become one.
 */

const PATH_MAX_BYTES = 1_024;
const SEGMENT_MAX_BYTES = 255;
const DEPTH_MAX = 64;

/** The key under which two names are one on a file system that ignores case or Unicode form. */
export function fold(text: string): string {
  // Upper case first: it is what makes `ſ` an `s` and `ß` an `ss`.
  const lower = text.normalize('NFC').toUpperCase().toLowerCase();
  // Whether a sigma ends a word depends on what stands beside it, which a pattern need not have.
  return lower.replaceAll('ς', 'σ').normalize('NFC');
}

/** The text of a path, or null when its bytes are not UTF-8. */
export function decodePath(bytes: Uint8Array): string | null {
  try {
    // A byte order mark is kept, so that it is seen and refused.
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

/** Why a path may not leave a workspace, or null. */
export function pathProblem(path: string): string | null {
  if (Buffer.byteLength(path) > PATH_MAX_BYTES) return `is longer than ${PATH_MAX_BYTES} bytes`;
  const segments = path.split('/');
  if (segments.length > DEPTH_MAX) return `is more than ${DEPTH_MAX} folders deep`;
  const hidden = hiddenProblem(path);
  if (hidden) return hidden;
  if (path !== path.normalize('NFC')) return 'is not in Unicode form NFC';
  for (const segment of segments) {
    const problem = segmentProblem(segment);
    if (problem) return problem;
  }
  return null;
}

/** True for every spelling that some file system resolves to `.git`. */
export function isDotGit(segment: string): boolean {
  const plain = plainName(segment);
  return plain === '.git' || /^git~[0-9]+$/.test(plain);
}

/** A path as one line that can be shown and copied; what cannot be seen is spelt out. */
export function printablePath(bytes: Uint8Array): string {
  const text = decodePath(bytes);
  const shown =
    text === null
      ? Buffer.from(bytes)
          .toString('latin1')
          .replace(/[^\x21-\x7e]/g, (byte) => `\\x${hex(byte, 2)}`)
      : text.replace(/[^\p{L}\p{M}\p{N}\p{P}\p{S} ]|\p{DI}|\\/gu, (char) => `\\u{${hex(char, 4)}}`);
  return shown.length > 300 ? `${shown.slice(0, 300)}…` : shown;
}

function hiddenProblem(path: string): string | null {
  if (/\p{Cc}/u.test(path)) return 'holds a control character';
  if (/\p{Bidi_Control}/u.test(path)) return 'holds a character that changes the reading direction';
  if (/\p{DI}|\p{Zl}|\p{Zp}/u.test(path)) return 'holds a character that cannot be seen';
  if (path.includes('\\')) return 'holds a backslash';
  if (path.includes(':')) return 'holds a colon, which names a stream on NTFS';
  return null;
}

function segmentProblem(segment: string): string | null {
  if (segment === '') return 'has an empty part';
  if (segment === '.' || segment === '..') return `has the part "${segment}"`;
  if (isDotGit(segment)) return 'names a git folder';
  if (/[. ]$/.test(segment)) return 'has a part that ends in a dot or a blank';
  if (/^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$) *(\.|$)/i.test(segment)) {
    return 'has a part that Windows reserves for a device';
  }
  if (Buffer.byteLength(segment) > SEGMENT_MAX_BYTES) {
    return `has a part longer than ${SEGMENT_MAX_BYTES} bytes`;
  }
  if (/^(\.gitmodules|gitmod~[0-9]+|gi7eba~[0-9]+)$/.test(plainName(segment))) {
    return 'is a submodule file, which may name commands and hosts to git';
  }
  return null;
}

/** As HFS+ and NTFS see it: no ignorable characters, no stream, no trailing dots and blanks. */
function plainName(segment: string): string {
  return fold(segment.replace(/\p{DI}/gu, ''))
    .replace(/:.*$/s, '')
    .replace(/[. ]+$/, '');
}

function hex(character: string, digits: number): string {
  return (character.codePointAt(0) ?? 0).toString(16).padStart(digits, '0');
}
