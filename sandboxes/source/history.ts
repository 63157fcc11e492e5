/**
 * The past of one base commit and nothing of its future: what a workspace sees as `/mirror`.
 *
 * The mirror holds every branch, and with it commits that came after the base: an agent that looks there
 * finds the answer instead of working it out. Hiding the names of branches is not enough, because objects
 * can be listed. So each base has its own objects: those of an older base that led to it, linked, and
 * one pack of what came since. Made once per base commit, as its snapshot is.
 */
import { link, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Sha } from '../../orchestrator/domain/ids.ts';
import { git } from './git.ts';
import { makeBare } from './mirror.ts';

/** Each base adds a pack, and git looks for an object in all of them. */
const PACKS_MAX = 20;
/** How many older bases are asked whether they led here. */
const ASKED_MAX = 8;
/** All objects of a repository with a long past. */
const PACKING_MS = 10 * 60_000;

export type HistoryRequest = {
  readonly mirror: string;
  readonly base: Sha;
  /** Histories of older bases, newest first. */
  readonly older: readonly { readonly base: Sha; readonly folder: string }[];
};

/** Makes the repository in this folder. */
export async function makeHistory(folder: string, request: HistoryRequest): Promise<void> {
  const { mirror, base } = request;
  await makeBare(folder, null);
  await writeFile(path.join(folder, 'HEAD'), `${base}\n`);
  const packs = path.join(folder, 'objects', 'pack');
  await mkdir(packs, { recursive: true });
  const found = await ledHere(request);
  const from = found !== null && (await linkedPacks(found.folder, packs)) ? found : null;
  // Deltas that are there are taken over; to look for better ones would cost more than it saves.
  const packing = ['pack-objects', '--revs', '--delta-base-offset', '--window=0', '-q'];
  const input = Buffer.from(from === null ? `${base}\n` : `${base}\n^${from.base}\n`);
  await git(mirror, [...packing, path.join(packs, 'pack')], { input, timeoutMs: PACKING_MS });
}

async function ledHere({ mirror, base, older }: HistoryRequest) {
  for (const one of older.slice(0, ASKED_MAX)) {
    const asking = ['merge-base', '--is-ancestor', one.base, base];
    // 128: a base of a branch that was rewritten, and of which nothing is left.
    const { code } = await git(mirror, asking, { allow: [1, 128] });
    // Nobody leases an older one: it may go at any moment.
    const packs = await readdir(path.join(one.folder, 'objects', 'pack')).catch(() => null);
    if (packs === null) continue;
    if (code === 0 && packs.filter(isPack).length < PACKS_MAX) return one;
  }
  return null;
}

/** Linked, so that they take no room twice and stay when the older base goes. */
async function linkedPacks(older: string, to: string): Promise<boolean> {
  const from = path.join(older, 'objects', 'pack');
  try {
    for (const name of await readdir(from)) await link(path.join(from, name), path.join(to, name));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    // It went meanwhile, with some of its packs linked; all is packed anew.
    for (const name of await readdir(to)) await rm(path.join(to, name));
    return false;
  }
}

const isPack = (name: string): boolean => name.endsWith('.pack');
