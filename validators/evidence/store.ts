/**
 * Evidence files by the digest of their bytes: `<folder>/sha256/ab/cdef…`, written once, read-only.
 *
 * Invariant: bytes leave the store only when they still have the digest they are asked for by. A
 * file that was changed on disk counts as missing, and putting the right bytes mends it.
 *
 * Bounded for each file and in whole; what goes again, and when, is in `retention.ts`.
 */
import { randomUUID } from 'node:crypto';
import { lstat, mkdir, open, readdir, readFile, rename, rm, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { sha256 } from '../../orchestrator/domain/canonical.ts';
import { Fault } from '../../orchestrator/domain/faults.ts';
import { Digest } from '../../orchestrator/domain/ids.ts';
import type { EvidenceStore } from '../../orchestrator/ports.ts';

const MIB = 2 ** 20;
export type Bounds = { readonly fileBytes: number; readonly bytes: number };
const BOUNDS: Bounds = { fileBytes: 64 * MIB, bytes: 20 * 1024 * MIB };

export function openEvidenceStore(folder: string, bounds: Bounds = BOUNDS): EvidenceStore {
  const path = (digest: Digest): string => {
    // Parsed here because a digest that came from a file may have been cast: `../` must not get in.
    const hex = Digest.parse(digest).slice('sha256:'.length);
    return join(folder, 'sha256', hex.slice(0, 2), hex.slice(2));
  };
  const get = async (digest: Digest): Promise<Uint8Array | null> => {
    const bytes = await readFile(path(digest)).catch(nullWhenMissing);
    return bytes !== null && sha256(bytes) === digest ? bytes : null;
  };
  const room = roomIn(folder, bounds);
  return {
    path,
    get,
    put: async (bytes) => {
      const digest = sha256(bytes);
      if ((await get(digest)) !== null) {
        const now = new Date();
        await utimes(path(digest), now, now).catch(nullWhenMissing);
        // Gone between the two looks, it is written like any other.
        if ((await lstat(path(digest)).catch(nullWhenMissing)) !== null) return digest;
      }
      await room.take(bytes.length);
      await place(path(digest), bytes);
      return digest;
    },
  };
}

/** Counts what is there once, and again when there seems to be no room: something may have gone. */
function roomIn(folder: string, { fileBytes, bytes: most }: Bounds) {
  let held: number | null = null;
  return {
    take: async (bytes: number): Promise<void> => {
      if (bytes > fileBytes) {
        const why = `a file of ${bytes} bytes; the store takes ${fileBytes}`;
        throw new Fault('evidence_full', `evidence could not be kept: ${why}`);
      }
      if (held === null || held + bytes > most) held = await bytesBelow(folder);
      if (held + bytes > most) {
        const why = `the store holds ${held} bytes and takes ${most}`;
        throw new Fault('evidence_full', `evidence could not be kept in ${folder}: ${why}`);
      }
      held += bytes;
    },
  };
}

async function bytesBelow(folder: string): Promise<number> {
  let bytes = 0;
  for (const part of await names(join(folder, 'sha256')))
    for (const name of await names(join(folder, 'sha256', part)))
      bytes += (await lstat(join(folder, 'sha256', part, name)).catch(nullWhenMissing))?.size ?? 0;
  return bytes;
}

async function names(folder: string): Promise<string[]> {
  return (await readdir(folder).catch(nullWhenMissing)) ?? [];
}
/** Written beside and renamed, so that a reader sees all of the file or none of it. */
async function place(file: string, bytes: Uint8Array): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const beside = `${file}.${randomUUID()}.new`;
  try {
    await inFile(beside, 'wx', async (handle) => {
      await handle.writeFile(bytes);
      await handle.chmod(0o400);
      await handle.sync();
    });
    await rename(beside, file);
  } finally {
    await rm(beside, { force: true });
  }
  await inFile(dirname(file), 'r', (handle) => handle.sync());
}

type Handle = Awaited<ReturnType<typeof open>>;

async function inFile(
  file: string,
  flags: string,
  work: (handle: Handle) => Promise<void>,
): Promise<void> {
  const handle = await open(file, flags, 0o600);
  try {
    await work(handle);
  } finally {
    await handle.close();
  }
}

function nullWhenMissing(thrown: unknown): null {
  if ((thrown as { code?: unknown }).code === 'ENOENT') return null;
  throw thrown;
}
