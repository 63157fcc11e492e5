/** What a sandbox left for the controller. Whatever ran in there wrote it, so nothing is trusted but its bytes. */
import { constants, type Dirent } from 'node:fs';
import { lstat, open, opendir } from 'node:fs/promises';
import path from 'node:path';
import { Fault } from '../orchestrator/domain/faults.ts';
import type { OutFile } from '../orchestrator/ports.ts';

const MIB = 2 ** 20;
/** Most that is read from an output folder: files, bytes of one, bytes in all. */
export const OUT = { files: 400, fileBytes: 32 * MIB, bytes: 128 * MIB } as const;
/** Most that is looked at. A folder with more in it is not read at all: which half would count? */
export const SEEN = { entries: 10_000, depth: 16 } as const;

/** `left` counts files that were there and too many or too large to read. */
export type OutFolder =
  | { readonly files: OutFile[]; readonly left: number }
  | { readonly tooMuch: string };

/** Regular files only, nothing followed, everything bounded. */
export async function readOut(folder: string): Promise<OutFolder> {
  const found = await fileNames(folder);
  if (found === null) {
    const tooMuch = `the output folder has more than ${SEEN.entries} entries or ${SEEN.depth} levels; nothing in it was read`;
    return { tooMuch };
  }
  const files: OutFile[] = [];
  let total = 0;
  for (const name of found.sort().slice(0, OUT.files)) {
    const file = path.join(folder, name);
    const { size } = await lstat(file);
    total += size;
    if (size > OUT.fileBytes || total > OUT.bytes) continue;
    files.push({ name, bytes: await bytesOf(file) });
  }
  return { files, left: found.length - files.length };
}

async function bytesOf(file: string): Promise<Uint8Array> {
  const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW).catch(
    (cause: unknown) => {
      const name = path.basename(file);
      throw new Fault('engine_failed', `${name} in the output folder could not be read`, { cause });
    },
  );
  try {
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}

/** Names of regular files below, or null when there is too much to look at. */
async function fileNames(folder: string): Promise<string[] | null> {
  const names: string[] = [];
  const waiting = [{ below: '', depth: 1 }];
  let seen = 0;
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    for await (const entry of entriesOf(path.join(folder, at.below))) {
      seen += 1;
      if (seen > SEEN.entries || at.depth > SEEN.depth) return null;
      const name = path.join(at.below, entry.name);
      if (entry.isDirectory()) waiting.push({ below: name, depth: at.depth + 1 });
      // A name that is no text comes back altered and leads nowhere.
      else if (entry.isFile() && !name.includes('\ufffd')) names.push(name);
    }
  }
  return names;
}

async function* entriesOf(folder: string): AsyncGenerator<Dirent> {
  const opened = await opendir(folder).catch((error: NodeJS.ErrnoException) => {
    // Whoever ran in there may have shut a folder, or removed its own right to see it.
    if (error.code === 'EACCES' || error.code === 'ENOENT') return null;
    throw error;
  });
  if (opened !== null) yield* opened;
}
