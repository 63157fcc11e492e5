/**
 * Words and comments of a YAML file we write by hand, because a library would drop the comments.
 * What comes from a repository is untrusted: no word can end its quotes, no comment its line.
 */

/** Plain where every reader of YAML sees plain text, in double quotes otherwise. */
export function word(text: string): string {
  const isPlain =
    /^(-{0,2})[A-Za-z/][A-Za-z0-9_./=-]*$/.test(text) &&
    !/^(true|false|yes|no|on|off|null|y|n)$/i.test(text);
  return isPlain ? text : quoted(text);
}

export function flowList(words: readonly string[]): string {
  return `[${words.map(word).join(', ')}]`;
}

/** Patterns are always quoted: `*` and `!` would mean something else without. */
export function quoted(text: string): string {
  return JSON.stringify(text).replace(
    // Legal in JSON, line ends or invisible in YAML and in an editor.
    /[\u007f-\u009f\p{Cf}\u2028\u2029\p{Cs}]/gu,
    (hidden) => {
      const point = hidden.codePointAt(0) ?? 0;
      return point > 0xffff ? `\\U${hex(point, 8)}` : `\\u${hex(point, 4)}`;
    },
  );
}

function hex(point: number, digits: number): string {
  return point.toString(16).padStart(digits, '0');
}

const QUOTE_MAX = 160;

/** Text of a repository for the inside of a comment: one line, nothing hidden, bounded. */
export function oneLine(text: string, maxCharacters = QUOTE_MAX): string {
  const line = text.replace(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]+/gu, ' ').trim();
  return line.length > maxCharacters ? `${line.slice(0, maxCharacters)}…` : line;
}
