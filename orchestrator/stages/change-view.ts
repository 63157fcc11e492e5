/** A change as a model is shown it: every path first, then the head of what was taken and added. Pure. */
import { changedLines } from '../../policies/detect/lines.ts';
import type { Entry, Facts } from '../domain/change.ts';

const PATHS_MAX = 200;
const LINE_CHARACTERS_MAX = 200;
const VIEW_CHARACTERS_MAX = 24_000;

export function changeView(facts: Facts): string {
  const paths = pathLines(facts);
  const parts = [...paths, ''];
  let size = paths.reduce((sum, line) => sum + line.length + 1, 0);
  for (const entry of facts.entries) {
    for (const line of textLines(entry, facts)) {
      size += line.length + 1;
      if (size > VIEW_CHARACTERS_MAX) return [...parts, '… cut here'].join('\n');
      parts.push(line);
    }
  }
  return parts.join('\n');
}

export function pathLines({
  entries,
  blobBytes,
}: Pick<Facts, 'entries' | 'blobBytes'>): readonly string[] {
  const rows = entries.slice(0, PATHS_MAX).map(({ operation, path, newOid }) => {
    const bytes = blobBytes[newOid];
    const size = bytes === undefined ? '' : ` (${bytes} bytes)`;
    return `${operation} ${short(JSON.stringify(path))}${size}`;
  });
  const more = entries.length - rows.length;
  return more > 0 ? [...rows, `and ${more} more`] : rows;
}

function textLines({ path, oldOid, newOid }: Entry, { texts }: Facts): string[] {
  const [before, after] = [texts[oldOid] ?? null, texts[newOid] ?? null];
  if (before === null && after === null) return [];
  const { added, removed } = changedLines(before, after);
  return [
    `=== ${short(JSON.stringify(path))}`,
    ...removed.map(({ text }) => `-${short(text)}`),
    ...added.map(({ text }) => `+${short(text)}`),
  ];
}

function short(text: string): string {
  return text.slice(0, LINE_CHARACTERS_MAX);
}
