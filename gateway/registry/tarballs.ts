/**
 * Tarballs on this machine's disk, each under its hash. One that is not there is fetched whole and
 * checked before a byte of it is given away; one that is there is checked again, since disks and
 * people change files.
 */
import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import path from 'node:path';

export type TarballLimits = {
  readonly tarballBytes: number;
  /** Of all that are kept; the longest unused go first. */
  readonly keptBytes: number;
};

export const TARBALL_LIMITS: TarballLimits = {
  tarballBytes: 256 * 2 ** 20,
  keptBytes: 4 * 2 ** 30,
};

export type Fetched =
  | { readonly ended: 'fetched'; readonly chunks: AsyncIterable<Uint8Array> }
  | { readonly ended: 'failed'; readonly status: number; readonly message: string };

export type Tarball =
  | { readonly ended: 'there'; readonly file: string; readonly bytes: number }
  | { readonly ended: 'failed'; readonly status: number; readonly message: string };

/** Gives a tarball by its integrity, `fetch` being asked when it is not there. */
export type Tarballs = (integrity: string, fetch: () => Promise<Fetched>) => Promise<Tarball>;

export function openTarballs(folder: string, limits: TarballLimits = TARBALL_LIMITS): Tarballs {
  // Two that want the same wait for one transfer.
  const underWay = new Map<string, Promise<Tarball>>();
  return (integrity, fetch) => {
    const hex = Buffer.from(integrity.replace(/^sha512-/, ''), 'base64').toString('hex');
    const begun = underWay.get(hex);
    if (begun !== undefined) return begun;
    const file = path.join(folder, hex);
    const work = provide({ folder, file, hex, limits }, fetch).finally(() => underWay.delete(hex));
    underWay.set(hex, work);
    return work;
  };
}

type Wanted = {
  readonly folder: string;
  readonly file: string;
  readonly hex: string;
  readonly limits: TarballLimits;
};

async function provide(wanted: Wanted, fetch: () => Promise<Fetched>): Promise<Tarball> {
  const { file, hex } = wanted;
  const known = await stat(file).catch(() => null);
  if (known !== null && (await hashOf(file)) === hex) {
    const now = new Date();
    await utimes(file, now, now);
    return { ended: 'there', file, bytes: known.size };
  }
  const fetched = await fetch();
  if (fetched.ended === 'failed') return fetched;
  return keep(wanted, fetched.chunks);
}

async function keep(
  { folder, file, hex, limits }: Wanted,
  chunks: AsyncIterable<Uint8Array>,
): Promise<Tarball> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const draft = path.join(folder, `.${randomUUID()}`);
  try {
    const written = await write(draft, chunks, limits.tarballBytes);
    if (written === null) return failed(403, `it is longer than ${limits.tarballBytes} bytes`);
    if (written.hex !== hex) return failed(403, 'its bytes are not those that the lockfile names');
    await rename(draft, file);
    await makeRoom(folder, limits.keptBytes, hex);
    return { ended: 'there', file, bytes: written.bytes };
  } finally {
    await rm(draft, { force: true });
  }
}

const failed = (status: number, message: string): Tarball => ({ ended: 'failed', status, message });

async function write(
  draft: string,
  chunks: AsyncIterable<Uint8Array>,
  bytesMax: number,
): Promise<{ hex: string; bytes: number } | null> {
  const hash = createHash('sha512');
  const handle = await open(draft, 'wx', 0o600);
  let bytes = 0;
  try {
    for await (const chunk of chunks) {
      bytes += chunk.byteLength;
      if (bytes > bytesMax) return null;
      hash.update(chunk);
      await handle.writeFile(chunk);
    }
  } finally {
    await handle.close();
  }
  return { hex: hash.digest('hex'), bytes };
}

async function hashOf(file: string): Promise<string> {
  const hash = createHash('sha512');
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

async function makeRoom(folder: string, bytesMax: number, except: string): Promise<void> {
  const names = (await readdir(folder)).filter((name) => !name.startsWith('.'));
  const kept = await Promise.all(
    names.map(async (name) => ({
      name,
      at: await stat(path.join(folder, name)).catch(() => null),
    })),
  );
  const there = kept.flatMap(({ name, at }) =>
    at === null ? [] : [{ name, size: at.size, used: at.mtimeMs }],
  );
  let bytes = there.reduce((sum, { size }) => sum + size, 0);
  for (const { name, size } of there.sort((a, b) => a.used - b.used)) {
    if (bytes <= bytesMax) return;
    if (name === except) continue;
    await rm(path.join(folder, name), { force: true });
    bytes -= size;
  }
}
