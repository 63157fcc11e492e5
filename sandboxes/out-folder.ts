/** What a sandbox left for the controller. Whatever ran in there wrote it, so nothing is trusted but its bytes. */
import { constants } from 'node:fs';
import { lstat, open, readdir } from 'node:fs/promises';
import path from 'node:path';
import { Fault } from '../orchestrator/domain/faults.ts';
import type { OutFile } from '../orchestrator/ports.ts';

const MIB = 2 ** 20;
/** Most that is read from an output folder: files, bytes of one, bytes in all. */
const OUT = { files: 400, fileBytes: 32 * MIB, bytes: 128 * MIB } as const;

/** Regular files only, nothing followed, everything bounded: whatever ran in there wrote these. */
export async function readOut(folder: string): Promise<OutFile[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const names = entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .sort()
    .slice(0, OUT.files);
  const files: OutFile[] = [];
  let total = 0;
  for (const name of names) {
    const file = path.join(folder, name);
    const { size } = await lstat(file);
    total += size;
    if (size > OUT.fileBytes || total > OUT.bytes) continue;
    const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW).catch(
      (cause: unknown) => {
        throw new Fault('engine_failed', `${name} in the output folder could not be read`, {
          cause,
        });
      },
    );
    try {
      files.push({ name, bytes: await handle.readFile() });
    } finally {
      await handle.close();
    }
  }
  return files;
}
