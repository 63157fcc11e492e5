/**
 * How findings are named and how many of them are told.
 *
 * A name is made from content, so that it survives moved lines. What is not told still has a name:
 * a digest over all that was left out, so that an approval of twenty findings and "more" does not
 * cover another "more".
 */
import { createHash } from 'node:crypto';
import type { Firing, Side } from './detector.ts';

const PER_FILE_MAX = 20;
const TOTAL_MAX = 100;

/** The first 12 hex digits of the SHA-256 of a text: enough to name it, too little to tell it. */
export function shortDigest(content: string): string {
  return createHash('sha256').update(content).digest('hex').slice(0, 12);
}

/** What a side holds, by its text where there is one and by its object id where there is none. */
export function contentName(side: Side): string {
  return side.text === null ? side.oid.slice(0, 12) : shortDigest(side.text);
}

/** A line without what reformatting changes. */
export function plainLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}

/** At most 20 firings of a file and 100 in all; the last one of each says how many more there are. */
export function capped(firings: readonly Firing[]): Firing[] {
  const byPath = Map.groupBy(firings, ({ path }) => path);
  const perFile = [...byPath.values()].flatMap((found) => cut(found, PER_FILE_MAX, 'in this file'));
  return cut(perFile, TOTAL_MAX, 'in this change');
}

function cut(firings: readonly Firing[], max: number, where: string): Firing[] {
  if (firings.length <= max) return [...firings];
  // Chosen by name: which ones are told does not depend on where lines stand.
  const chosen = new Set([...firings].sort(byName).slice(0, max - 1));
  const rest = firings.filter((firing) => !chosen.has(firing));
  const names = rest.map(({ path, key }) => JSON.stringify([path, key])).sort();
  const more: Firing = {
    path: rest[0]?.path ?? '',
    line: null,
    key: `more:${shortDigest(names.join('\n'))}`,
    message: `${rest.length} more findings of this kind ${where} are not listed`,
  };
  return [...firings.filter((firing) => chosen.has(firing)), more];
}

function byName(a: Firing, b: Firing): number {
  if (a.path !== b.path) return a.path < b.path ? -1 : 1;
  return a.key === b.key ? 0 : a.key < b.key ? -1 : 1;
}
