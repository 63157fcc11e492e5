/**
 * Who uses a layer, and when it was last used: an empty file for each run beside the layers.
 *
 *   repositories/<key>/uses/<kind>/<name>/last     touched at every use
 *   repositories/<key>/uses/<kind>/<name>/<run>    a lease, for as long as that run goes on
 *
 * Nobody gives a lease back: a run that was killed could not, and the journal says whether it goes on.
 * A lease is written before its layer is looked for. Whoever removes layers moves one aside first and
 * looks for leases after, so one that was found to be there is never lost.
 */
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { RunId } from '../orchestrator/domain/ids.ts';

export async function takeLease(layer: string, run: RunId): Promise<void> {
  const folder = usesOf(layer);
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, run), '');
  await writeFile(path.join(folder, 'last'), '');
}

export async function leasesOn(layer: string): Promise<readonly RunId[]> {
  const names = await readdir(usesOf(layer)).catch(nothing([]));
  return names.flatMap((name) => RunId.safeParse(name).data ?? []);
}

/** Milliseconds since 1970; 0 for one of which no use is known. */
export async function lastUse(layer: string): Promise<number> {
  const last = await stat(path.join(usesOf(layer), 'last')).catch(nothing(null));
  return last?.mtimeMs ?? 0;
}

/** What a layer takes on the disk is looked up once: it never changes. */
export async function measuredOnce(layer: string, measure: () => Promise<number>): Promise<number> {
  const file = path.join(usesOf(layer), 'bytes');
  const known = Number(await readFile(file, 'utf8').catch(nothing('')));
  if (known > 0) return known;
  const bytes = await measure();
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, String(bytes));
  return bytes;
}

/** For a layer that is gone. A lease that was taken since stays, for the layer that comes next. */
export async function forgetUses(layer: string, over: readonly RunId[]): Promise<void> {
  for (const name of ['bytes', ...over]) await rm(path.join(usesOf(layer), name), { force: true });
}

function usesOf(layer: string): string {
  const kind = path.dirname(layer);
  return path.join(path.dirname(kind), 'uses', path.basename(kind), path.basename(layer));
}

function nothing<T>(instead: T) {
  return (error: NodeJS.ErrnoException): T => {
    if (error.code === 'ENOENT') return instead;
    throw error;
  };
}
