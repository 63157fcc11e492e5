/** The controller's bare copy of a repository: fetched from the forge, read as bytes, never checked out. */
import { randomUUID } from 'node:crypto';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as later } from 'node:timers/promises';
import { type SimpleGit, simpleGit } from 'simple-git';
import { Fault } from '../../orchestrator/domain/faults.ts';
import type { Sha } from '../../orchestrator/domain/ids.ts';
import { GIT_ENV, git } from './git.ts';

const FETCH_SILENT_MS = 120_000;
const FETCH_TRIES = 5;
const FETCH_PAUSE_MS = 100;
const FILE_BYTES_MAX = 8 * 2 ** 20;

/** Settings in the repository's own file win over everything a command line says. */
const CONFIG = {
  'protocol.allow': 'never',
  // What one run reads another may be fetching; and whoever borrows an object must find it.
  'gc.auto': '0',
  'core.hooksPath': '/dev/null',
  'transfer.fsckObjects': 'true',
  'core.attributesFile': '/dev/null',
  // Old but harmless flaws of a history that is long since published.
  'fetch.fsck.badTimezone': 'warn',
  'fetch.fsck.missingSpaceBeforeDate': 'warn',
  'fetch.fsck.zeroPaddedDate': 'warn',
  'fetch.fsck.zeroPaddedFilemode': 'warn',
} as const;

/**
 * Of all the ways to other repositories it may go one, or none. What git asks of a folder is written
 * here and not by `git init`, which takes longer than all of it and looks at the host's settings.
 */
export async function makeBare(folder: string, protocol: Protocol | null): Promise<void> {
  await Promise.all(
    ['objects/info', 'objects/pack', 'refs/heads'].map((inner) =>
      mkdir(path.join(folder, inner), { recursive: true }),
    ),
  );
  const ways = protocol === null ? {} : { [`protocol.${protocol}.allow`]: 'always' };
  const lines = Object.entries({ ...CONFIG, ...ways }).map(([key, value]) => {
    const at = key.lastIndexOf('.');
    return `[${sectionOf(key.slice(0, at))}]\n\t${key.slice(at + 1)} = ${value}\n`;
  });
  await placed(folder, 'config', [CORE, ...lines].join(''));
  await placed(folder, 'HEAD', 'ref: refs/heads/main\n');
}

const CORE = '[core]\n\trepositoryformatversion = 0\n\tbare = true\n';

/** Renamed into its place: another fetch may be reading it. */
async function placed(folder: string, name: string, text: string): Promise<void> {
  const fresh = path.join(folder, `${name}.${randomUUID()}`);
  await writeFile(fresh, text);
  await rename(fresh, path.join(folder, name));
}

/** `fetch.fsck` is written `[fetch "fsck"]`. */
function sectionOf(name: string): string {
  const [section, ...rest] = name.split('.');
  return rest.length === 0 ? name : `${section} "${rest.join('.')}"`;
}

export type Protocol = 'file' | 'https' | 'ssh';

/** Null for what is none of ours to fetch from: git then refuses, as its own settings say. */
export function protocolOf(remote: string): Protocol | null {
  if (remote.startsWith('/')) return 'file';
  const scheme = /^([a-z]+):\/\//.exec(remote)?.[1];
  return scheme === 'https' || scheme === 'ssh' || scheme === 'file' ? scheme : null;
}

/** Makes the mirror when there is none, and fetches every branch. */
export async function updateMirror(folder: string, remote: string): Promise<void> {
  await makeBare(folder, protocolOf(remote));
  const fetching = [
    'fetch',
    '--quiet',
    '--no-tags',
    '--prune',
    '--',
    remote,
    '+refs/heads/*:refs/heads/*',
  ];
  for (let tries = 1; ; tries += 1) {
    try {
      await commands(folder).raw(fetching);
      return;
    } catch (cause) {
      // Of two controllers that fetch at once one finds a ref locked, or moved by the other.
      await commands(folder).raw(['ls-remote', '--', remote]).catch(failed(remote));
      if (tries === FETCH_TRIES) failed(remote)(cause);
      await later(FETCH_PAUSE_MS * tries);
    }
  }
}

/** A file's bytes at a commit; null when the path is not a regular file there. */
export async function readFile(
  mirror: string,
  commit: Sha,
  file: string,
): Promise<Uint8Array | null> {
  const { stdout } = await git(mirror, ['ls-tree', '-z', commit, '--', file]);
  const [mode, , oid] = stdout.toString('utf8').split(/[ \t]/, 3);
  if (mode === undefined || !mode.startsWith('100') || oid === undefined) return null;
  return (await git(mirror, ['cat-file', 'blob', oid], { maxBytes: FILE_BYTES_MAX })).stdout;
}

export async function listPaths(mirror: string, commit: Sha): Promise<readonly string[]> {
  const { stdout } = await git(mirror, ['ls-tree', '-r', '-z', '--name-only', commit]);
  return stdout.toString('utf8').split('\0').filter(Boolean);
}

function commands(folder: string): SimpleGit {
  return simpleGit({
    baseDir: path.dirname(folder),
    timeout: { block: FETCH_SILENT_MS },
    // It lets no variable of git's through that is not named here.
    allowEnvironment: ['GIT_CONFIG_NOSYSTEM', 'GIT_TERMINAL_PROMPT', 'GIT_DIR'],
  }).env({
    ...GIT_ENV,
    GIT_DIR: folder,
  });
}

function failed(what: string) {
  return (cause: unknown): never => {
    throw new Fault(
      'git_failed',
      `git could not read ${what}: ${(cause as Error).message.trim()}`,
      { cause },
    );
  };
}
