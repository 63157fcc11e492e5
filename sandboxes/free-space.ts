/**
 * Room for one more workspace. Looked at before a run starts to write, because a full disk shows
 * itself anywhere: in git, in the journal, in an agent that blames the task.
 */
import { statfs } from 'node:fs/promises';
import { Fault } from '../orchestrator/domain/faults.ts';

const MIB = 2 ** 20;
const FREE_BYTES_MIN = 256 * MIB;

/** Throws `disk_full` when the file system of this folder is nearly full. */
export async function needFreeSpace(folder: string): Promise<void> {
  const free = await freeBytes(folder);
  if (free >= FREE_BYTES_MIN) return;
  throw new Fault(
    'disk_full',
    `${folder} has ${Math.floor(free / MIB)} MiB free; a run needs at least ${FREE_BYTES_MIN / MIB} MiB to start`,
  );
}

export async function hasFreeSpace(folder: string): Promise<boolean> {
  return (await freeBytes(folder)) >= FREE_BYTES_MIN;
}

async function freeBytes(folder: string): Promise<number> {
  // What root alone may use is no room: the engine may run as somebody else.
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}
