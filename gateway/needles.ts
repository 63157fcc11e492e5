/**
 * Looks for many byte strings at once, in one pass that mostly skips: from two bytes it knows how far the
 * next place is where any of them could end its first part (Wu and Manber 1994). Pure.
 */

/** Calls `found` with each place where a needle begins, until that says true. */
export type Needles = (bytes: Buffer, from: number, found: (at: number) => boolean) => boolean;

const PAIRS = 65_536;

/** Each of them at least two bytes long. */
export function needlesOf(words: readonly string[]): Needles {
  const needles = [...new Set(words)].map((word) => Buffer.from(word));
  if (needles.length === 0) return () => false;
  const least = Math.min(...needles.map(({ length }) => length));
  const { shifts, ends } = tablesOf(needles, least);
  return (bytes, from, found) => {
    let at = from + least - 2;
    while (at + 1 < bytes.length) {
      const pair = pairAt(bytes, at);
      const shift = shifts[pair] ?? 0;
      if (shift > 0) {
        at += shift;
        continue;
      }
      const start = at - least + 2;
      for (const needle of ends.get(pair) ?? []) {
        if (beginsAt(bytes, start, needle) && found(start)) return true;
      }
      at += 1;
    }
    return false;
  };
}

function tablesOf(needles: readonly Buffer[], least: number) {
  const shifts = new Uint8Array(PAIRS).fill(Math.min(255, least - 1));
  const ends = new Map<number, Buffer[]>();
  for (const needle of needles) {
    for (let at = 0; at <= least - 2; at += 1) {
      const pair = pairAt(needle, at);
      shifts[pair] = Math.min(shifts[pair] ?? 0, least - 2 - at);
    }
    const last = pairAt(needle, least - 2);
    ends.set(last, [...(ends.get(last) ?? []), needle]);
  }
  return { shifts, ends };
}

function pairAt(bytes: Buffer, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}

function beginsAt(bytes: Buffer, start: number, needle: Buffer): boolean {
  const end = start + needle.length;
  return end <= bytes.length && bytes.compare(needle, 0, needle.length, start, end) === 0;
}
