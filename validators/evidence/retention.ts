/**
 * Which evidence goes: of runs that are over and were not published, pictures and traces after two weeks,
 * everything else after half a year. What a run that goes on or a published one names stays.
 *
 * A file's time says when it was put or last asked about, so that whoever puts the same bytes again keeps
 * them, and the journals are read only when some file was not asked about for two weeks.
 */
import { lstat, readdir, rm, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { Digest } from '../../orchestrator/domain/ids.ts';
import type { Collected, NamedEvidence } from '../../orchestrator/ports/upkeep.ts';

const DAY_MS = 86_400_000;
export const MEDIA_MS = 14 * DAY_MS;
export const RECORD_MS = 180 * DAY_MS;

type Collecting = {
  readonly folder: string;
  readonly named: () => Promise<NamedEvidence>;
  readonly now: Date;
};

type Aged = { readonly path: string; readonly bytes: number; readonly usedAt: number };

export async function collectEvidence(
  { folder, named, now }: Collecting,
  isDryRun: boolean,
): Promise<Collected['removed']> {
  const aged = (await filesBelow(folder)).filter(({ usedAt }) => isOld(usedAt, now, MEDIA_MS));
  if (aged.length === 0) return [];
  const names = await named();
  const removed: Aged[] = [];
  for (const file of aged) {
    if (mayGo(names, file, now)) removed.push(file);
    else if (!isDryRun) await utimes(file.path, now, now);
  }
  if (!isDryRun) for (const file of removed) await removeStill(file);
  return removed.map((file) => ({ kind: 'evidence', ...file }));
}

function mayGo(names: NamedEvidence, { path }: Aged, now: Date): boolean {
  const digest = Digest.safeParse(`sha256:${path.split('/').slice(-2).join('')}`).data;
  const file = digest === undefined ? undefined : names.get(digest);
  if (file === undefined) return true;
  return !file.isKept && isOld(file.at, now, file.isMedia ? MEDIA_MS : RECORD_MS);
}

const isOld = (at: number, now: Date, after: number): boolean => now.getTime() - at > after;

/** Not one that somebody put again meanwhile. */
async function removeStill({ path, usedAt }: Aged): Promise<void> {
  const found = await lstat(path).catch(() => null);
  if (found?.mtimeMs === usedAt) await rm(path, { force: true });
}

async function filesBelow(folder: string): Promise<Aged[]> {
  const all: Aged[] = [];
  for (const part of await names(join(folder, 'sha256'))) {
    for (const name of await names(join(folder, 'sha256', part))) {
      const path = join(folder, 'sha256', part, name);
      const found = await lstat(path).catch(() => null);
      if (found?.isFile()) all.push({ path, bytes: found.size, usedAt: found.mtimeMs });
    }
  }
  return all;
}

const names = (folder: string): Promise<string[]> => readdir(folder).catch(() => []);
