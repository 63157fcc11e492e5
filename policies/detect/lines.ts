/**
 * Which lines a change adds and removes, with their numbers.
 *
 * A patience diff: what the two ends share is cut off, lines that occur once on both sides become
 * anchors, and each stretch between two anchors is treated the same way. A stretch without anchors
 * counts as removed and added whole. What is left unreported is thus a common subsequence of both
 * texts, so an added line is never missed; a line that was moved, or stands among repetitions of
 * itself, may be reported though it is old. Time is lines × `DEPTH_MAX` × log lines at most.
 *
 * A line ends at LF, CRLF or CR, and its end is no part of it.
 */

export type Line = {
  /** Counts from 1. */
  readonly number: number;
  readonly text: string;
};

export type LineChange = { readonly added: readonly Line[]; readonly removed: readonly Line[] };

/** Stretches within stretches; text made to need more is reported whole. */
const DEPTH_MAX = 24;

export function splitLines(text: string): string[] {
  const lines = text.split(/\r\n|\n|\r/);
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

/** Null is a file that is not there. */
export function changedLines(before: string | null, after: string | null): LineChange {
  const old = splitLines(before ?? '');
  const now = splitLines(after ?? '');
  const numberOf = new Map<string, number>();
  const change: Change = {
    old: old.map((line) => intern(numberOf, line)),
    now: now.map((line) => intern(numberOf, line)),
    removed: [],
    added: [],
  };
  const open: Stretch[] = [{ old: [0, old.length], now: [0, now.length], depth: 0 }];
  for (let stretch = open.pop(); stretch; stretch = open.pop()) {
    for (const smaller of split(change, stretch).reverse()) open.push(smaller);
  }
  return { added: shown(now, change.added), removed: shown(old, change.removed) };
}

type Span = readonly [from: number, to: number];
type Stretch = { readonly old: Span; readonly now: Span; readonly depth: number };
type Pair = { readonly old: number; readonly now: number };
/** Lines as small numbers, and the spans found to be removed and added, in order. */
type Change = {
  readonly old: readonly number[];
  readonly now: readonly number[];
  readonly removed: Span[];
  readonly added: Span[];
};

function intern(numberOf: Map<string, number>, line: string): number {
  const known = numberOf.get(line);
  if (known !== undefined) return known;
  numberOf.set(line, numberOf.size);
  return numberOf.size - 1;
}

function shown(lines: readonly string[], spans: readonly Span[]): Line[] {
  return spans.flatMap(([from, to]) =>
    lines.slice(from, to).map((text, index) => ({ number: from + index + 1, text })),
  );
}

/** The smaller stretches of one, or none when it is settled. */
function split(change: Change, whole: Stretch): Stretch[] {
  const { old, now, depth } = trimmed(change, whole);
  if (old[0] === old[1] || now[0] === now[1] || depth >= DEPTH_MAX) return settle(change, old, now);
  const anchors = ascending(uniquePairs(change, old, now));
  if (anchors.length === 0) return settle(change, old, now);
  const stretches: Stretch[] = [];
  let from: Pair = { old: old[0], now: now[0] };
  for (const anchor of [...anchors, { old: old[1], now: now[1] }]) {
    stretches.push({
      old: [from.old, anchor.old],
      now: [from.now, anchor.now],
      depth: depth + 1,
    });
    from = { old: anchor.old + 1, now: anchor.now + 1 };
  }
  return stretches;
}

function settle(change: Change, old: Span, now: Span): Stretch[] {
  if (old[0] < old[1]) change.removed.push(old);
  if (now[0] < now[1]) change.added.push(now);
  return [];
}

function trimmed({ old, now }: Change, stretch: Stretch): Stretch {
  let [oldFrom, oldTo] = stretch.old;
  let [nowFrom, nowTo] = stretch.now;
  while (oldFrom < oldTo && nowFrom < nowTo && old[oldFrom] === now[nowFrom]) {
    oldFrom++;
    nowFrom++;
  }
  while (oldFrom < oldTo && nowFrom < nowTo && old[oldTo - 1] === now[nowTo - 1]) {
    oldTo--;
    nowTo--;
  }
  return { old: [oldFrom, oldTo], now: [nowFrom, nowTo], depth: stretch.depth };
}

/** Lines that occur once in each span, in the order of the old one. */
function uniquePairs(change: Change, old: Span, now: Span): Pair[] {
  const inNow = once(change.now, now);
  const pairs: Pair[] = [];
  for (const [line, at] of once(change.old, old)) {
    const found = inNow.get(line) ?? TWICE;
    if (at !== TWICE && found !== TWICE) pairs.push({ old: at, now: found });
  }
  return pairs.sort((a, b) => a.old - b.old);
}

const TWICE = -1;

function once(lines: readonly number[], [from, to]: Span): Map<number, number> {
  const places = new Map<number, number>();
  for (let at = from; at < to; at++) {
    const line = lines[at] ?? TWICE;
    places.set(line, places.has(line) ? TWICE : at);
  }
  return places;
}

/** The longest run of pairs that ascends on both sides: piles of cards, as in the game of patience. */
function ascending(pairs: readonly Pair[]): Pair[] {
  type Card = { readonly pair: Pair; readonly below: Card | null };
  const piles: Card[] = [];
  for (const pair of pairs) {
    let low = 0;
    let high = piles.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((piles[middle]?.pair.now ?? 0) < pair.now) low = middle + 1;
      else high = middle;
    }
    piles[low] = { pair, below: piles[low - 1] ?? null };
  }
  const run: Pair[] = [];
  for (let card = piles.at(-1) ?? null; card; card = card.below) run.push(card.pair);
  return run.reverse();
}
