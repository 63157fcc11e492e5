/**
 * A folder that somebody handed over, read as a bundle: bounded, and nothing in it is followed. What is
 * no plain file is told as such and not opened.
 */
import { createHash } from 'node:crypto';
import { closeSync, constants, type Dirent, fstatSync, openSync, readSync } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import path from 'node:path';
import type { Found, Kept } from '../../validators/evidence/bundle/found.ts';
import { BUNDLE_MAX } from '../../validators/evidence/bundle/manifest.ts';
import { asFault, Fault } from '../domain/faults.ts';

const DEPTH_MAX = 12;
/** Some more than a bundle holds, so that what does not belong is told as such. */
const ENTRIES_MAX = BUNDLE_MAX.files + 1_000;
/** What is looked into; everything else is only hashed. */
const KEPT_BYTES_MAX = 64 * 2 ** 20;
const ALL_KEPT_BYTES_MAX = 512 * 2 ** 20;
const CHUNK_BYTES = 256 * 1024;
const READ = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

export type BundleFolder = { readonly found: readonly Found[]; readonly kept: Kept };

export async function readBundleFolder(folder: string): Promise<BundleFolder> {
  const is = await lstat(folder).catch(() => null);
  if (is?.isDirectory() !== true)
    throw new Fault('bundle_unreadable', `${folder} is no folder; name one that holds a bundle`);
  const names = await namesBelow(folder);
  const found: Found[] = [];
  const kept = new Map<string, Uint8Array>();
  const left = { all: BUNDLE_MAX.bytes as number, kept: ALL_KEPT_BYTES_MAX };
  for (const { name, problem } of names) {
    const file = problem === null ? readOne(folder, name, left) : { found: refused(name, problem) };
    found.push(file.found);
    if ('bytes' in file && file.bytes !== null) kept.set(name, file.bytes);
  }
  return { found, kept };
}

type Name = { readonly name: string; readonly problem: string | null };

/** In order, so that the same folder gives the same report. */
async function namesBelow(folder: string): Promise<Name[]> {
  const all: Name[] = [];
  const walk = async (below: string, depth: number): Promise<void> => {
    for (const entry of await entriesIn(folder, below)) {
      const name = below === '' ? entry.name : `${below}/${entry.name}`;
      if (entry.isDirectory() && depth < DEPTH_MAX) await walk(name, depth + 1);
      else all.push({ name, problem: problemOf(entry) });
      if (all.length > ENTRIES_MAX) {
        throw new Fault(
          'bundle_unreadable',
          `${folder} holds more than ${ENTRIES_MAX} files; a bundle has at most ${BUNDLE_MAX.files}`,
        );
      }
    }
  };
  await walk('', 0);
  return all.sort((a, b) => (a.name < b.name ? -1 : 1));
}

async function entriesIn(folder: string, below: string): Promise<Dirent[]> {
  try {
    return await readdir(path.join(folder, below), { withFileTypes: true });
  } catch (cause) {
    const { message } = asFault(cause);
    throw new Fault('bundle_unreadable', `${folder}: ${message}`, { cause });
  }
}

function problemOf(entry: Dirent): string | null {
  if (entry.isFile()) return null;
  if (entry.isSymbolicLink()) return 'is a symlink, which is not followed';
  return entry.isDirectory() ? 'is nested too deeply' : 'is no plain file';
}

function refused(name: string, problem: string): Found {
  return { path: name, size: 0, sha256: null, problem };
}

type Left = { all: number; kept: number };

/** Without waiting in between: there is nobody else to serve, and thousands of waits add up. */
function readOne(
  folder: string,
  name: string,
  left: Left,
): { found: Found; bytes?: Uint8Array | null } {
  const file = opened(path.join(folder, name));
  if (file === null) return { found: refused(name, 'cannot be opened') };
  try {
    const { size } = fstatSync(file);
    if (size > Math.min(BUNDLE_MAX.fileBytes, left.all))
      return { found: refused(name, `takes ${size} bytes, which is more than is read`) };
    const isKept = isLookedInto(name) && size <= Math.min(KEPT_BYTES_MAX, left.kept);
    const hash = createHash('sha256');
    const chunks: Buffer[] = [];
    let read = 0;
    for (;;) {
      const buffer = Buffer.alloc(Math.min(CHUNK_BYTES, size + 1));
      const bytesRead = readSync(file, buffer);
      if (bytesRead === 0) break;
      read += bytesRead;
      if (read > size) return { found: refused(name, 'grew while it was read') };
      const chunk = buffer.subarray(0, bytesRead);
      hash.update(chunk);
      if (isKept) chunks.push(chunk);
    }
    left.all -= read;
    if (isKept) left.kept -= read;
    const found = { path: name, size: read, sha256: hash.digest('hex') };
    return { found, bytes: isKept ? Buffer.concat(chunks) : null };
  } finally {
    closeSync(file);
  }
}

function opened(file: string): number | null {
  try {
    return openSync(file, READ);
  } catch {
    return null;
  }
}

/** Of what checks left, only what is read again; a film is not. */
function isLookedInto(name: string): boolean {
  return !/^validators\/[^/]+\/files\//.test(name) || /\.(json|xml)$/.test(name);
}
