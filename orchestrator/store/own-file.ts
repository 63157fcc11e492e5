/**
 * Small secrets in files of the data directory. A file that anybody else could have read or written is
 * not used, and one that is there is never rewritten.
 */
import { randomUUID } from 'node:crypto';
import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  fsyncSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  type Stats,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { asFault, Fault } from '../domain/faults.ts';

/** Checked on the open file: another may take its place between a look and a read. */
export function readOwn(file: string): string {
  const handle = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    refuseOthers(file, fstatSync(handle), 'isFile');
    return readFileSync(handle, 'utf8');
  } finally {
    closeSync(handle);
  }
}

export function refuseOthersFolder(folder: string): void {
  refuseOthers(folder, lstatSync(folder), 'isDirectory');
}

/**
 * Written beside and linked, so that the name is either free or holds a whole file. Of processes that
 * write the same name at once the first one's stays.
 */
export function writeOnce(folder: string, name: string, text: string): void {
  const beside = join(folder, `${randomUUID()}.new`);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeDurably(beside, text);
    linkSync(beside, join(folder, name));
    syncFolder(folder);
  } catch (thrown) {
    if ((thrown as { code?: unknown }).code !== 'EEXIST') throw unusable(folder, thrown);
  } finally {
    rmSync(beside, { force: true });
  }
}

export function unusable(path: string, thrown: unknown): Fault {
  const { code, message } = asFault(thrown);
  if (thrown instanceof Fault || code === 'disk_full') return asFault(thrown);
  return new Fault('key_unusable', `${path}: ${message}`, { cause: thrown });
}

function refuseOthers(path: string, stats: Stats, is: 'isFile' | 'isDirectory'): void {
  const own = process.getuid?.() ?? stats.uid;
  if (stats[is]() && stats.uid === own && (stats.mode & 0o077) === 0) return;
  const mode = (stats.mode & 0o777).toString(8);
  throw new Fault('key_unusable', `${path} is not for this user alone (mode ${mode})`);
}

function writeDurably(file: string, text: string): void {
  const handle = openSync(file, 'wx', 0o600);
  try {
    fchmodSync(handle, 0o600);
    writeSync(handle, text);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

function syncFolder(folder: string): void {
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
