/**
 * How much one workspace may hold, in bytes and in files, and what holds it to that:
 *
 *   ext4      a file system of that size in a sparse file, mounted: the kernel says no     (root, loop devices)
 *   tmpfs     the same in memory; refused while too little of it is free                    (root)
 *   watched   the folder is counted every few seconds; too much ends the sandbox           (anybody)
 *
 * The first that works here is taken. Only the first two are hard: between two counts a watched
 * sandbox may write as fast as the disk takes it.
 */
import { randomUUID } from 'node:crypto';
import { chown, mkdir, readdir, rm, statfs } from 'node:fs/promises';
import { freemem } from 'node:os';
import path from 'node:path';
import { asFault, Fault } from '../orchestrator/domain/faults.ts';
import { RunId } from '../orchestrator/domain/ids.ts';
import type { Quota } from '../orchestrator/domain/run-state.ts';
import { isRunning } from './looks.ts';
import { mountAgain, mountImage, mountMemory, mounts, type Size, unmountBelow } from './mounts.ts';
import { removeTree } from './remove-tree.ts';

const MIB = 2 ** 20;
/** Less than this much left counts as full: the last write that failed was larger. */
const LEFT = { bytes: MIB, inodes: 16 } as const;
const PROBE: Size = { bytes: 8 * MIB, inodes: 64 };
const PROBES = 'quota-probe-';

/** Of one workspace, and of what one check writes. */
export const WORKSPACE_SIZE: Size = { bytes: 2048 * MIB, inodes: 200_000 };

export type QuotaFacts = {
  readonly kind: Quota['kind'];
  readonly isHard: boolean;
  /** How, or why not harder. */
  readonly why: string;
};

export type Quotas = {
  /** What holds here; tried once. */
  facts(): Promise<QuotaFacts>;
  /** An empty folder for this user that takes no more than so much. Whatever was there is gone. */
  open(folder: string, size: Size, uid: number): Promise<Quota>;
  /** Makes sure that it is still there, as after the machine started anew. */
  again(folder: string): Promise<void>;
  /** Whether a file system of its own holds this folder; else somebody must count. */
  isHeld(folder: string): Promise<boolean>;
  /** A sentence when nothing more fits in; null while there is room, or when the folder is only watched. */
  full(folder: string): Promise<string | null>;
  /** Gone afterwards, with everything below. */
  close(folder: string): Promise<void>;
};

export function openQuotas(home: string): Quotas {
  let found: Promise<QuotaFacts> | undefined;
  const facts = (): Promise<QuotaFacts> => {
    found ??= quotaFacts(home);
    return found;
  };
  return {
    facts,
    open: async (folder, size, uid) => {
      const { kind } = await facts();
      await close(folder);
      await mkdir(folder, { recursive: true });
      if (kind === 'tmpfs') needMemory(size, freemem());
      await mounted(kind, folder, size);
      if (process.getuid?.() === 0) await chown(folder, uid, uid);
      return { kind, ...size };
    },
    again: async (folder) => {
      if (await isMounted(folder)) return;
      const image = imageOf(folder);
      if (await isThere(image)) await mountAgain(image, folder);
    },
    isHeld: isMounted,
    full: async (folder) => {
      if (!(await isMounted(folder))) return null;
      const { bavail, bsize, ffree, blocks, files } = await statfs(folder);
      const size = { bytes: blocks * bsize, inodes: files };
      return bavail * bsize < LEFT.bytes || ffree < LEFT.inodes ? fullText(size) : null;
    },
    close,
  };
}

/** What was promised as hard is not made soft because memory is short just now. */
export function needMemory({ bytes }: Size, freeBytes: number): void {
  if (freeBytes >= 2 * bytes) return;
  const free = Math.round(freeBytes / MIB);
  const what = `a workspace lies in memory here and takes ${bytes / MIB} MiB of ${free} MiB that are free`;
  throw new Fault('disk_full', `${what}; twice as much as it takes must be`);
}

export function fullText({ bytes, inodes }: Size): string {
  return `there is no room left: it takes ${Math.round(bytes / MIB)} MiB and ${inodes} files`;
}

/** Removes what a process that was killed while it tried has left. */
export async function clearProbes(home: string): Promise<void> {
  for (const name of await readdir(home).catch(() => [])) {
    const pid = /^quota-probe-(\d+)-[0-9a-f-]{36}(?:\.ext4)?$/.exec(name)?.[1];
    if (pid === undefined || isRunning(Number(pid))) continue;
    await close(path.join(home, name.replace(/\.ext4$/, '')));
  }
}

/** What this machine can do, found out by doing it; leaves nothing. */
export async function quotaFacts(home: string): Promise<QuotaFacts> {
  if (process.getuid?.() !== 0) {
    return { kind: 'watched', isHard: false, why: 'only root can mount a file system' };
  }
  await clearProbes(home);
  const noImage = await probe(home, 'ext4');
  if (noImage === null)
    return { kind: 'ext4', isHard: true, why: 'a file system of its own for each workspace' };
  const noMemory = await probe(home, 'tmpfs');
  return noMemory === null
    ? { kind: 'tmpfs', isHard: true, why: `in memory for each workspace, because ${noImage}` }
    : { kind: 'watched', isHard: false, why: `${noImage}; ${noMemory}` };
}

/** Runs whose folders hold a mount, as those of a controller that was killed do. */
export async function mountedRuns(runs: string): Promise<readonly RunId[]> {
  const below = (await mounts())
    .filter(({ at }) => at.startsWith(`${runs}/`))
    .map(({ at }) => at.slice(runs.length + 1).split('/')[0]);
  return [...new Set(below)].flatMap((name) => RunId.safeParse(name).data ?? []);
}

async function mounted(kind: Quota['kind'], folder: string, size: Size): Promise<void> {
  try {
    if (kind === 'ext4') await mountImage(imageOf(folder), folder, size);
    if (kind === 'tmpfs') await mountMemory(folder, size);
  } catch (cause) {
    throw new Fault('engine_failed', `no workspace could be mounted: ${asFault(cause).message}`, {
      cause,
    });
  }
}

async function close(folder: string): Promise<void> {
  await unmountBelow(folder);
  await rm(imageOf(folder), { force: true });
  await removeTree(folder);
}

async function probe(home: string, kind: 'ext4' | 'tmpfs'): Promise<string | null> {
  // Runs that begin together and commands beside them try at the same time.
  const folder = path.join(home, `${PROBES}${process.pid}-${randomUUID()}`);
  try {
    await mkdir(folder, { recursive: true });
    await mounted(kind, folder, PROBE);
    return null;
  } catch (thrown) {
    return asFault(thrown).message.split('\n')[0] ?? '';
  } finally {
    await close(folder);
  }
}

async function isMounted(folder: string): Promise<boolean> {
  return (await mounts()).some(({ at }) => at === folder);
}

const imageOf = (folder: string): string => `${folder}.ext4`;

function isThere(file: string): Promise<boolean> {
  return statfs(file).then(
    () => true,
    () => false,
  );
}
