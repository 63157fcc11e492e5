/** What a data directory holds, and how much of the disk each part takes. */
import { lstat, readdir } from 'node:fs/promises';
import path from 'node:path';
import { RunId } from '../orchestrator/domain/ids.ts';
import { lastUse, measuredOnce } from './gc-leases.ts';
import type { Item } from './gc-plan.ts';

export type Surveyed = Omit<Item, 'isNeeded' | 'repository'>;

const LAYERS = [
  ['snapshots', 'snapshot'],
  ['histories', 'history'],
  ['dependencies', 'dependencies'],
  ['trees', 'tree'],
] as const;
const COUNTED = new Set(['repositories', 'runs', 'packages']);
/** As blocks are counted by stat(2), whatever the file system's own are. */
const BLOCK_BYTES = 512;

/** `totalBytes` counts everything, what can go and what cannot. */
export async function survey(home: string): Promise<{ items: Surveyed[]; totalBytes: number }> {
  const items: Surveyed[] = [];
  for (const name of await names(path.join(home, 'repositories')))
    items.push(...(await ofRepository(path.join(home, 'repositories', name))));
  for (const name of await names(path.join(home, 'runs')))
    if (RunId.safeParse(name).success) items.push(await ofRun(path.join(home, 'runs', name)));
  items.push(...(await packagesIn(path.join(home, 'packages'))));
  let totalBytes = items.reduce((sum, { bytes }) => sum + bytes, 0);
  for (const name of await names(home))
    if (!COUNTED.has(name)) totalBytes += await bytesBelow(path.join(home, name));
  return { items, totalBytes };
}

async function ofRepository(repository: string): Promise<Surveyed[]> {
  const items: Surveyed[] = [];
  for (const [folder, kind] of LAYERS) {
    for (const name of await names(path.join(repository, folder))) {
      const layer = path.join(repository, folder, name);
      // With a dot, it is being made.
      if (name.includes('.')) continue;
      const bytes = await measuredOnce(layer, () => bytesBelow(layer));
      items.push({ kind, path: layer, bytes, usedAt: await lastUse(layer) });
    }
  }
  const mirror = path.join(repository, 'mirror.git');
  const fetched = await changedAt(path.join(mirror, 'FETCH_HEAD'));
  if (fetched > 0)
    items.push({ kind: 'mirror', path: mirror, bytes: await bytesBelow(mirror), usedAt: fetched });
  return items;
}

async function ofRun(run: string): Promise<Surveyed> {
  const attempts = (await names(run)).map((attempt) => changedAt(path.join(run, attempt)));
  const usedAt = Math.max(0, ...(await Promise.all(attempts)));
  return { kind: 'change', path: run, bytes: await bytesBelow(run), usedAt };
}

/** Tarballs by their hash, touched when they are read. With a dot, one is being written. */
async function packagesIn(folder: string): Promise<Surveyed[]> {
  const files = (await names(folder)).filter((name) => !name.startsWith('.'));
  return Promise.all(
    files.map(async (name) => {
      const file = path.join(folder, name);
      return {
        ...{ kind: 'package' as const, path: file },
        ...{ bytes: await bytesBelow(file), usedAt: await changedAt(file) },
      };
    }),
  );
}

/** What has several names is counted by its share. Nothing is followed; what goes meanwhile is 0. */
export async function bytesBelow(file: string): Promise<number> {
  const found = await lstat(file).catch(() => null);
  if (found === null) return 0;
  const links = found.isDirectory() ? 1 : Math.max(1, found.nlink);
  let bytes = (found.blocks * BLOCK_BYTES) / links;
  if (found.isDirectory())
    for (const name of await names(file)) bytes += await bytesBelow(path.join(file, name));
  return Math.round(bytes);
}

async function changedAt(file: string): Promise<number> {
  return (await lstat(file).catch(() => null))?.mtimeMs ?? 0;
}

async function names(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}
