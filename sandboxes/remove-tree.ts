/**
 * Removes a folder that a sandbox wrote to, whatever it holds.
 *
 * Names are bytes and may be no text; folders may be nested deeper than a path can be long, and may
 * have lost the right to be looked into. Nothing is followed.
 */
import { chmod, readdir, rename, rm, rmdir, unlink } from 'node:fs/promises';

export async function removeTree(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENAMETOOLONG' && error.code !== 'EACCES') throw error;
    return removeFlat(folder);
  });
}

/** Moves every folder below up beside the first before it is emptied, so that no path grows. */
async function removeFlat(folder: string): Promise<void> {
  const waiting = [folder];
  let moved = 0;
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    await chmod(at, 0o700);
    for (const entry of await readdir(at, { encoding: 'buffer', withFileTypes: true })) {
      const path = Buffer.concat([Buffer.from(`${at}/`), entry.name]);
      if (!entry.isDirectory()) {
        await unlink(path);
        continue;
      }
      const beside = `${folder}.${moved++}`;
      // A folder can be moved only by who may write to it.
      await chmod(path, 0o700);
      await rename(path, beside);
      waiting.push(beside);
    }
    await rmdir(at);
  }
}
