/**
 * What `git diff-tree` and `git log` print with `--raw -z`, cut where it must be cut to know which
 * objects it names. What it means is read elsewhere, from the same bytes.
 */
import { Fault } from '../../orchestrator/domain/faults.ts';
import { Sha } from '../../orchestrator/domain/ids.ts';
import type { Sides } from './blobs.ts';

const NUL = 0;
const COLON = 58;
const LINE_FEED = 10;
const COUNTS = /^(\d+|-)\t(\d+|-)\t/;

/** One entry; `bytes` are all of it, path and both NULs too. As `path` names differ when their bytes do. */
export type Row = Sides & { readonly path: string; readonly bytes: Buffer };

/** One commit of a log, against one of its parents. */
export type LogItem = {
  readonly header: string;
  readonly rows: readonly Row[];
  readonly addedLines: number;
  readonly removedLines: number;
};

export function rowsOf(raw: Buffer): Row[] {
  const rows: Row[] = [];
  for (let at = 0; at < raw.length; ) {
    const row = rowAt(raw, at);
    rows.push(row);
    at += row.bytes.length;
  }
  return rows;
}

/**
 * Reads `log -z --raw --numstat --format=FORMAT`. A format must begin with an object id and a blank: entries
 * begin with a colon and counts with a number and a tab, so that no title passes for either.
 */
export function readLog(log: Buffer): LogItem[] {
  const items: { header: string; rows: Row[]; addedLines: number; removedLines: number }[] = [];
  for (let at = 0; at < log.length; ) {
    // The first entry stands on a line of its own.
    const start = log[at] === LINE_FEED ? at + 1 : at;
    const item = items.at(-1);
    if (log[start] === COLON && item !== undefined) {
      const row = rowAt(log, start);
      item.rows.push(row);
      at = start + row.bytes.length;
      continue;
    }
    at = endOf(log, start) + 1;
    const field = log.toString('utf8', start, at - 1);
    const counts = COUNTS.exec(field);
    if (counts === null) items.push({ header: field, rows: [], addedLines: 0, removedLines: 0 });
    else if (item !== undefined) {
      item.addedLines += Number(counts[1]) || 0;
      item.removedLines += Number(counts[2]) || 0;
    }
  }
  return items;
}

/** `:OLDMODE NEWMODE OLDOID NEWOID STATUS`, each at a fixed place, and the path in a field of its own. */
function rowAt(raw: Buffer, start: number): Row {
  const pathAt = endOf(raw, start) + 1;
  const bytes = raw.subarray(start, endOf(raw, pathAt) + 1);
  const header = raw.toString('latin1', start, pathAt);
  return {
    oldMode: header.slice(1, 7),
    newMode: header.slice(8, 14),
    oldOid: Sha.parse(header.slice(15, 55)),
    newOid: Sha.parse(header.slice(56, 96)),
    path: bytes.toString('latin1', pathAt - start, bytes.length - 1),
    bytes,
  };
}

function endOf(bytes: Buffer, from: number): number {
  const end = bytes.indexOf(NUL, from);
  if (end < 0) throw new Fault('git_failed', `git was cut off at byte ${from}`);
  return end;
}
