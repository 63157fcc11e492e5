/**
 * Looks at an engine, each by one sandbox and two folders that bear the process that began it: what a
 * process that was killed left is known by that, and cleared away without touching a look under way.
 */
import { randomBytes } from 'node:crypto';
import { readdir, rm, rmdir } from 'node:fs/promises';
import path from 'node:path';
import { DOCTOR_RUN } from './engine-names.ts';

const ID = /(?:^|-)([0-9a-f]{8})[0-9a-f]{24}$/;

export function lookId(): string {
  return process.pid.toString(16).padStart(8, '0') + randomBytes(12).toString('hex');
}

/** Whether whoever began it is still there; true of a name that does not say. */
export function isUnderWay(name: string): boolean {
  const pid = ID.exec(name)?.[1];
  return pid === undefined || isRunning(Number.parseInt(pid, 16));
}

export const lookFolders = (
  at: { readonly home: string; readonly runtime: string },
  id: string,
) => ({
  folder: path.join(at.home, `doctor-${id}`),
  launch: path.join(at.runtime, DOCTOR_RUN, `0-${id}`),
});

/** Folders of looks that nobody takes any more. */
export async function removeLooks(at: { home: string; runtime: string }): Promise<void> {
  const launches = path.join(at.runtime, DOCTOR_RUN);
  const found = [
    ...(await below(at.home)).filter((name) => path.basename(name).startsWith('doctor-')),
    ...(await below(launches)),
  ];
  for (const folder of found)
    if (!isUnderWay(path.basename(folder))) await rm(folder, { recursive: true, force: true });
  // Another look may be under way in there.
  await rmdir(launches).catch(() => {});
}

async function below(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  return names.map((name) => path.join(folder, name));
}

export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
