/**
 * Evidence files by the digest of their bytes: `<folder>/sha256/ab/cdef…`, written once, read-only.
 *
 * Invariant: bytes leave the store only when they still have the digest they are asked for by. A
 * file that was changed on disk counts as missing, and putting the right bytes mends it.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { sha256 } from '../../orchestrator/domain/canonical.ts';
import { Digest } from '../../orchestrator/domain/ids.ts';
import type { EvidenceStore } from '../../orchestrator/ports.ts';

export function openEvidenceStore(folder: string): EvidenceStore {
  const path = (digest: Digest): string => {
    // Parsed here because a digest that came from a file may have been cast: `../` must not get in.
    const hex = Digest.parse(digest).slice('sha256:'.length);
    return join(folder, 'sha256', hex.slice(0, 2), hex.slice(2));
  };
  const get = async (digest: Digest): Promise<Uint8Array | null> => {
    const bytes = await readFile(path(digest)).catch(nullWhenMissing);
    return bytes !== null && sha256(bytes) === digest ? bytes : null;
  };
  return {
    path,
    get,
    put: async (bytes) => {
      const digest = sha256(bytes);
      if ((await get(digest)) === null) await place(path(digest), bytes);
      return digest;
    },
  };
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
