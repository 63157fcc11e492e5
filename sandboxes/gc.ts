/**
 * Keeps a data directory to its size. Safe beside controllers at work and other collections.
 *
 *   layer ──▶ removing/<where it was> ──▶ removing/gone-<random> ──▶ nothing
 *               │ needed after all: back        each arrow is one rename
 *
 * So a kill at any moment leaves a layer whole or not at all, and whoever collects next goes on where
 * it stopped.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rename, statfs } from 'node:fs/promises';
import path from 'node:path';
import { RunId } from '../orchestrator/domain/ids.ts';
import type { Collected } from '../orchestrator/ports/upkeep.ts';
import type { Engine } from './docker.ts';
import { forgetUses, leasesOn } from './gc-leases.ts';
import { excess, type Item, oldTags, planGc, type Room } from './gc-plan.ts';
import { type Surveyed, survey } from './gc-survey.ts';
import { removeTree } from './remove-tree.ts';

/** What the journal says of runs. */
export type Lives = {
  /** It goes on, or somebody drives it. */
  isLive(run: RunId): Promise<boolean>;
  /** Nobody will decide anything about it any more. */
  isOver(run: RunId): Promise<boolean>;
  /** Folder of the repository of a run; null when nobody knows the run. */
  repositoryOf(run: RunId): Promise<string | null>;
  /** A run on this repository is not over. */
  isWorkedOn(repository: string): Promise<boolean>;
};

export type GcOptions = {
  readonly home: string;
  readonly lives: Lives;
  readonly keepBytes: number;
  /** Least that must be free on the file system. */
  readonly floorBytes: number;
};

export async function collect(
  options: GcOptions,
  isDryRun: boolean,
): Promise<Omit<Collected, 'images' | 'volumes' | 'isEngineAsked'>> {
  const { home, keepBytes, floorBytes } = options;
  if (!isDryRun) await goOn(options);
  const { items, totalBytes } = await survey(home);
  const { bavail, bsize } = await statfs(home);
  const room: Room = { totalBytes, freeBytes: bavail * bsize, keepBytes, floorBytes };
  // The journal is asked only when something must go.
  const plan = excess(room) === 0 ? [] : planGc(await judged(options, items), room);
  const removed: Item[] = [];
  for (const item of plan)
    if (isDryRun || (await removeItem(options, item.path))) removed.push(item);
  const freedBytes = removed.reduce((sum, { bytes }) => sum + bytes, 0);
  return { totalBytes, freedBytes, removed, excessBytes: Math.max(0, excess(room) - freedBytes) };
}

async function judged(options: GcOptions, items: readonly Surveyed[]): Promise<Item[]> {
  const all: Item[] = [];
  for (const item of items) {
    const repository = await repositoryOf(options, item.path);
    all.push({ ...item, repository, isNeeded: await isNeeded(options, item.path) });
  }
  return all;
}

async function repositoryOf({ home, lives }: GcOptions, item: string): Promise<string | null> {
  const parts = path.relative(home, item).split(path.sep);
  if (parts[0] === 'packages') return null;
  if (parts[0] === 'repositories') return path.join(home, 'repositories', parts[1] ?? '');
  return lives.repositoryOf(RunId.parse(parts[1]));
}

/** Tells by the path what it is, so that one that was moved aside is judged alike. */
async function isNeeded({ home, lives }: GcOptions, item: string): Promise<boolean> {
  const [top, name = '', kind] = path.relative(home, item).split(path.sep);
  if (top === 'runs') {
    const run = RunId.parse(name);
    return !(await lives.isOver(run)) || (await lives.isLive(run));
  }
  // Whoever reads one has it open; whoever comes after fetches it again.
  if (top === 'packages') return false;
  if (kind === 'mirror.git') return lives.isWorkedOn(path.join(home, 'repositories', name));
  for (const run of await leasesOn(item)) if (await lives.isLive(run)) return true;
  return false;
}

/** False when it was needed after all, or somebody else was quicker. */
async function removeItem(options: GcOptions, item: string): Promise<boolean> {
  const folder = removing(options.home);
  await mkdir(folder, { recursive: true });
  const aside = path.join(folder, encodeURIComponent(path.relative(options.home, item)));
  if (!(await moved(item, aside))) return false;
  return finish(options, aside);
}

/** Looks again, now that nobody can find it: a lease that was taken before is there by now. */
async function finish(options: GcOptions, aside: string): Promise<boolean> {
  const item = path.join(options.home, decodeURIComponent(path.basename(aside)));
  if (await isNeeded(options, item)) {
    await mkdir(path.dirname(item), { recursive: true });
    if (await moved(aside, item)) return false;
  }
  const gone = path.join(removing(options.home), `gone-${randomUUID()}`);
  // Of two who came this far one removes it, and it never comes back half.
  if (!(await moved(aside, gone))) return false;
  if (item.startsWith(path.join(options.home, 'repositories')))
    await forgetUses(item, await over(options, item));
  await removeTree(gone);
  return true;
}

async function over({ lives }: GcOptions, layer: string): Promise<RunId[]> {
  const runs: RunId[] = [];
  for (const run of await leasesOn(layer)) if (!(await lives.isLive(run))) runs.push(run);
  return runs;
}

/** What a collection that was killed had under way. */
async function goOn(options: GcOptions): Promise<void> {
  const folder = removing(options.home);
  for (const name of await readdir(folder).catch(() => [])) {
    const left = path.join(folder, name);
    if (name.startsWith('gone-')) await removeTree(left);
    else await finish(options, left);
  }
}

/** False when there is nothing to move, or something where it would go. */
async function moved(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTEMPTY' || code === 'EEXIST') return false;
    throw error;
  }
}

const removing = (home: string): string => path.join(home, 'removing');

/** Tags of earlier recipes go, unless a sandbox is made of them. */
export async function collectImages(
  engine: Pick<Engine, 'images' | 'removeTag'>,
  given: { readonly current: ReadonlySet<string>; readonly now: Date },
  isDryRun: boolean,
): Promise<readonly string[]> {
  const removed: string[] = [];
  for (const tag of oldTags(await engine.images(), given.current, given.now.getTime()))
    if (isDryRun || (await engine.removeTag(tag))) removed.push(tag);
  return removed;
}
