/**
 * Which user the sandboxes of a repository are, where the controller is root: one of its own for each.
 *
 * The kernel counts by user across sandboxes: instances of inotify, pages of pipes, queued signals. With
 * a user for all, a run of one repository uses up what runs of others need. Within a repository they
 * share one, because its layers do: whoever works over a file must own it to change its rights.
 *
 * The table is a folder of links, each named by a user and leading to a repository's key. A link is
 * made or it is there already, so two controllers of one data directory agree, whenever either dies.
 */
import { createHash } from 'node:crypto';
import { access, mkdir, readlink, symlink } from 'node:fs/promises';
import path from 'node:path';
import { Fault } from '../orchestrator/domain/faults.ts';
import type { Folders } from './source/folders.ts';

/** Above what distributions give to people and services, below what systemd and remapped users take. */
const USERS = { first: 20_001, count: 40_000 } as const;

/** `base` is root's choice for what is no repository's, or the controller's own user. */
export function openUsers(
  folders: Pick<Folders, 'home' | 'key' | 'repository' | 'users'>,
  base: number,
  isRoot = process.getuid?.() === 0,
): (repository: string) => Promise<number> {
  const known = new Map<string, Promise<number>>();
  return (repository) => {
    // Only root may give files to another.
    if (!isRoot) return Promise.resolve(base);
    const found = known.get(repository) ?? leased(folders, repository, base);
    known.set(repository, found);
    found.catch(() => known.delete(repository));
    return found;
  };
}

async function leased(
  { home, key, repository, users }: Parameters<typeof openUsers>[0],
  named: string,
  base: number,
): Promise<number> {
  await mkdir(users, { recursive: true });
  const own = key(named);
  const start = offsetOf(`${home}\0${own}`);
  for (let step = 0; step < USERS.count; step += 1) {
    const uid = USERS.first + ((start + step) % USERS.count);
    const link = path.join(users, String(uid));
    const holder = await readlink(link).catch(() => null);
    if (holder === own) return uid;
    if (holder !== null) continue;
    // Layers made before repositories had users of their own belong to the one of all.
    if (await isThere(path.join(repository(named), 'snapshots'))) return base;
    if (await taken(link, own)) return uid;
  }
  const what = `all ${USERS.count} users for repositories are taken in ${users}`;
  throw new Fault('internal', what);
}

/** False when somebody else was quicker, for another repository. */
async function taken(link: string, own: string): Promise<boolean> {
  const error = await symlink(own, link).then(
    () => null,
    (thrown: NodeJS.ErrnoException) => thrown,
  );
  if (error === null) return true;
  if (error.code !== 'EEXIST') throw error;
  return (await readlink(link)) === own;
}

function offsetOf(text: string): number {
  return createHash('sha256').update(text).digest().readUInt32BE() % USERS.count;
}

const isThere = (folder: string): Promise<boolean> =>
  access(folder).then(
    () => true,
    () => false,
  );
