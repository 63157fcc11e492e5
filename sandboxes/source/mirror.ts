/** The controller's bare copy of a repository: fetched from the forge, read as bytes, never checked out. */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { type SimpleGit, simpleGit } from 'simple-git';
import { Fault } from '../../orchestrator/domain/faults.ts';
import type { Sha } from '../../orchestrator/domain/ids.ts';
import { GIT_ENV, git } from './git.ts';

const FETCH_SILENT_MS = 120_000;
const FILE_BYTES_MAX = 8 * 2 ** 20;

/** Settings in the repository's own file win over everything a command line says. */
const CONFIG = {
  'gc.auto': '0',
  'core.hooksPath': '/dev/null',
  'transfer.fsckObjects': 'true',
  'protocol.ext.allow': 'never',
  'core.attributesFile': '/dev/null',
} as const;

export async function makeBare(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const bare = commands(folder);
  await bare.raw(['init', '--bare', '--quiet', folder]).catch(failed(folder));
  for (const [key, value] of Object.entries(CONFIG)) {
    await git(folder, ['config', key, value]);
  }
}

/** Makes the mirror when there is none, and fetches every branch. */
export async function updateMirror(folder: string, remote: string): Promise<void> {
  await makeBare(folder);
  await commands(folder)
    .raw(['fetch', '--quiet', '--no-tags', '--prune', '--', remote, '+refs/heads/*:refs/heads/*'])
    .catch(failed(remote));
}

/** A file's bytes at a commit; null when the path is not a regular file there. */
export async function readFile(mirror: string, commit: Sha, file: string): Promise<Uint8Array | null> {
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
    throw new Fault('git_failed', `git could not read ${what}: ${(cause as Error).message.trim()}`, { cause });
  };
}
