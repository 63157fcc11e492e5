/** Texts of many files of one tree, with three runs of git for all of them. */
import { Sha } from '../../orchestrator/domain/ids.ts';
import { type RunGit, sizesOf, textsOf } from './blobs.ts';

/** Texts by path. A symlink, what is no text, and what would exceed `bytesMax` in all are left out. */
export async function textsAt(
  run: RunGit,
  commit: Sha,
  wanted: readonly string[],
  bytesMax: number,
): Promise<ReadonlyMap<string, string>> {
  const oids = await oidsAt(run, commit, new Set(wanted));
  const sizes = await sizesOf(run, oids.values());
  const taken = new Set<Sha>();
  let room = bytesMax;
  for (const oid of oids.values()) {
    const bytes = sizes.get(oid) ?? Number.POSITIVE_INFINITY;
    if (taken.has(oid) || bytes > room) continue;
    taken.add(oid);
    room -= bytes;
  }
  const texts = await textsOf(run, taken);
  return new Map(
    [...oids].flatMap(([path, oid]) => {
      const text = texts.get(oid) ?? null;
      return text === null ? [] : [[path, text] as const];
    }),
  );
}

/** Object ids of the regular files among these. */
async function oidsAt(
  run: RunGit,
  commit: Sha,
  wanted: ReadonlySet<string>,
): Promise<Map<string, Sha>> {
  const { stdout } = await run(['ls-tree', '-r', '-z', commit]);
  const found = new Map<string, Sha>();
  for (const line of stdout.toString('utf8').split('\0')) {
    const tab = line.indexOf('\t');
    const [mode = '', , oid] = line.slice(0, tab).split(' ');
    const path = line.slice(tab + 1);
    if (tab > 0 && mode.startsWith('100') && wanted.has(path)) found.set(path, Sha.parse(oid));
  }
  return found;
}
