/**
 * The quota of whoever may not mount: counts what a folder holds while somebody writes to it.
 *
 * A count ends as soon as it is over. Folders that cannot be looked into are counted as one file; the
 * disk's own room is looked at each time too, so that what hides there fills no machine.
 */
import { lstat, opendir } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as later } from 'node:timers/promises';
import { hasFreeSpace } from './free-space.ts';
import type { Size } from './mounts.ts';

const EVERY_MS = 2000;
/** A count of many files takes a while; the machine has other things to do for so many times longer. */
const REST = 4;
const BLOCK_BYTES = 512;

export type Watched = { readonly folder: string; readonly size: Size };

/** Resolves true once there is too much, false when the signal says that nobody writes any more. */
export async function untilOver({ folder, size }: Watched, signal: AbortSignal): Promise<boolean> {
  for (let pauseMs = EVERY_MS; !signal.aborted; ) {
    const from = performance.now();
    if ((await isOver(folder, size)) || !(await hasFreeSpace(folder))) return true;
    pauseMs = Math.max(EVERY_MS, REST * (performance.now() - from));
    await later(pauseMs, undefined, { signal }).catch(() => {});
  }
  return false;
}

export async function isOver(folder: string, size: Size): Promise<boolean> {
  const waiting = [Buffer.from(folder)];
  let bytes = 0;
  let inodes = 0;
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    const opened = await opendir(at, { encoding: 'latin1' }).catch(() => null);
    if (opened === null) continue;
    for await (const entry of opened) {
      // A name is bytes, and one that is no text must be found all the same.
      const file = Buffer.concat([at, SLASH, Buffer.from(entry.name, 'latin1')]);
      inodes += 1;
      if (entry.isDirectory()) waiting.push(file);
      // A file of holes takes no room: what counts is what it takes on the disk.
      bytes += ((await lstat(file).catch(() => null))?.blocks ?? 0) * BLOCK_BYTES;
      if (inodes > size.inodes || bytes > size.bytes) return true;
    }
  }
  return false;
}

const SLASH = Buffer.from(path.sep);
