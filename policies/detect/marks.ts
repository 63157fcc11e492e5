/**
 * Words in a text that say "do not look here": skipped tests, switched-off rules. What counts is
 * that a line with such a word occurs more often than before, so that moving one is no news.
 */
import { shortDigest } from './firings.ts';

export type Mark = {
  readonly kind: string;
  /** Global, and linear in the text. */
  readonly pattern: RegExp;
};

/** `searched` may have parts blanked out; `shown` is the original, character for character in the same place. */
export type Marked = { readonly searched: string; readonly shown: string };

export type NewMark = {
  readonly kind: string;
  /** In the new text; of the last of them when the same line was added more than once. */
  readonly line: number;
  readonly key: string;
};

export function newMarks(before: Marked, after: Marked, marks: readonly Mark[]): NewMark[] {
  const old = Map.groupBy(findMarks(before, marks), ({ name }) => name);
  const now = Map.groupBy(findMarks(after, marks), ({ name }) => name);
  const found: NewMark[] = [];
  for (const [name, places] of now) {
    const more = places.length - (old.get(name)?.length ?? 0);
    const last = places.at(-1);
    if (more <= 0 || !last) continue;
    const times = more > 1 ? `×${more}` : '';
    found.push({ kind: last.kind, line: last.line, key: `${name}${times}` });
  }
  return found.sort((a, b) => a.line - b.line);
}

type Found = { readonly kind: string; readonly name: string; readonly line: number };

/** One of a kind in a place, however many patterns of the kind match there. */
function findMarks({ searched, shown }: Marked, marks: readonly Mark[]): Found[] {
  const starts = lineStarts(shown);
  // A line is hashed once, however many words stand in it.
  const digests = new Map<string, string>();
  const found = new Map<string, Found>();
  for (const { kind, pattern } of marks) {
    for (const { index, 0: text } of searched.matchAll(pattern)) {
      const first = lineAt(starts, index);
      const last = lineAt(starts, index + text.length - 1);
      const place = `${first}-${last}`;
      const digest = digests.get(place) ?? nameOf(shown.slice(starts[first], starts[last + 1]));
      digests.set(place, digest);
      found.set(`${kind}:${place}`, { kind, name: `${kind}:${digest}`, line: first + 1 });
    }
  }
  return [...found.values()].sort((a, b) => a.line - b.line);
}

/** Blanks do not count: reformatting is no news. */
function nameOf(lines: string): string {
  return shortDigest(lines.replace(/\s+/g, ''));
}

/** Where each line begins; lines end as in `splitLines`. */
function lineStarts(text: string): number[] {
  const starts = [0];
  for (const { index, 0: end } of text.matchAll(/\r\n|\n|\r/g)) starts.push(index + end.length);
  return starts;
}

function lineAt(starts: readonly number[], place: number): number {
  let low = 0;
  let high = starts.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((starts[middle] ?? 0) <= place) low = middle;
    else high = middle;
  }
  return low;
}
