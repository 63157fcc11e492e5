/**
 * Path hygiene: names that are never let out of a workspace, because some tool, file system or
 * reader takes them for another name. Works on the bytes git gives: decoding first would let two
 * names that differ in invalid UTF-8 become one.
 */

/** Stricter than the 4,096 of the policy language: macOS opens no path that is longer. */
const PATH_MAX_BYTES = 1_024;
const SEGMENT_MAX_BYTES = 255;
const DEPTH_MAX = 64;

/** The key under which two names are one on a file system that ignores case or Unicode form. */
export function fold(text: string): string {
  // Nearly every path is plain, and then lower case is all there is to it.
  if (isAscii(text)) return text.toLowerCase();
  // Upper case first: it is what makes `ſ` an `s` and `ß` an `ss`.
  const lower = text.normalize('NFC').toUpperCase().toLowerCase();
  // Whether a sigma ends a word depends on what stands beside it, which a pattern need not have.
  return lower.replaceAll('ς', 'σ').normalize('NFC');
}

export function isAscii(text: string): boolean {
  return !/[\u0080-\uffff]/.test(text);
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

/** Why an entry is refused: a word that never changes, and the rest of a sentence about its path. */
export type Refusal = { readonly code: string; readonly problem: string };

/** Why a path may not leave a workspace, or null. */
export function pathProblem(path: string): string | null {
  return pathRefusal(path)?.problem ?? null;
}

export function pathRefusal(path: string): Refusal | null {
  if (Buffer.byteLength(path) > PATH_MAX_BYTES) {
    return { code: 'too-long', problem: `is longer than ${PATH_MAX_BYTES} bytes` };
  }
  const segments = path.split('/');
  if (segments.length > DEPTH_MAX) {
    return { code: 'too-deep', problem: `is more than ${DEPTH_MAX} folders deep` };
  }
  const hidden = HIDDEN.find(({ pattern }) => pattern.test(path));
  if (hidden) return hidden;
  if (path !== path.normalize('NFC')) {
    return { code: 'not-nfc', problem: 'is not in Unicode form NFC' };
  }
  for (const segment of segments) {
    const refusal = segmentRefusal(segment);
    if (refusal) return refusal;
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

const HIDDEN: readonly (Refusal & { readonly pattern: RegExp })[] = [
  { code: 'control', pattern: /\p{Cc}/u, problem: 'holds a control character' },
  {
    code: 'direction',
    pattern: /\p{Bidi_Control}/u,
    problem: 'holds a character that changes the reading direction',
  },
  {
    code: 'invisible',
    // Braille's empty cell is a symbol to Unicode and a blank to everyone else.
    pattern: /\p{DI}|\p{Zl}|\p{Zp}|\u2800/u,
    problem: 'holds a character that cannot be seen',
  },
  { code: 'backslash', pattern: /\\/, problem: 'holds a backslash' },
  { code: 'colon', pattern: /:/, problem: 'holds a colon, which names a stream on NTFS' },
];

function segmentRefusal(segment: string): Refusal | null {
  if (segment === '') return { code: 'empty-part', problem: 'has an empty part' };
  if (segment === '.' || segment === '..') {
    return { code: 'dot-part', problem: `has the part "${segment}"` };
  }
  if (isDotGit(segment)) return { code: 'git-folder', problem: 'names a git folder' };
  // Blanks of every width: a no-break space at the end is as good a disguise.
  if (/[.\p{Zs}]$/u.test(segment)) {
    return { code: 'trailing', problem: 'has a part that ends in a dot or a blank' };
  }
  if (/^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$) *(\.|$)/i.test(segment)) {
    return { code: 'device', problem: 'has a part that Windows reserves for a device' };
  }
  if (Buffer.byteLength(segment) > SEGMENT_MAX_BYTES) {
    return { code: 'part-too-long', problem: `has a part longer than ${SEGMENT_MAX_BYTES} bytes` };
  }
  if (/^(\.gitmodules|gitmod~[0-9]+|gi7eba~[0-9]+)$/.test(plainName(segment))) {
    return {
      code: 'submodule-file',
      problem: 'is a submodule file, which may name commands and hosts to git',
    };
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
