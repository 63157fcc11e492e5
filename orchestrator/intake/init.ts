/**
 * Writes the starter files into a person's own repository.
 *
 * The repository is the person's and trusted as far as running git in it goes; we read one commit,
 * never the working tree. A file that exists is never written over, whatever is in it.
 */
import { execFile } from 'node:child_process';
import { lstat, mkdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { Fault } from '../domain/faults.ts';
import type { Person } from '../domain/ids.ts';
import { explained } from './explained.ts';
import type { Repo } from './repo.ts';
import { starterFiles } from './starter.ts';
import { filesToRead, type Survey, survey } from './survey.ts';

export type InitOptions = {
  /** The first member of every group. */
  readonly person: Person;
  /** The branch that changes are meant for; what the repository says when left out. */
  readonly base?: string;
};

export type InitResult = {
  /** The root of the repository. */
  readonly root: string;
  /** Files that were written, relative to the root. */
  readonly written: readonly string[];
  /** Files that were there before, and stayed as they were. */
  readonly kept: readonly string[];
  readonly survey: Survey;
  /** What was found and what told us, in sentences. */
  readonly explained: readonly string[];
};

/** Throws `not_a_repository`; safe to repeat. */
export async function init(folder: string, options: InitOptions): Promise<InitResult> {
  const root = await rootOf(folder);
  const found = survey(await repoAt(root, options.base));
  await makeFolder(join(root, '.proofhouse'));
  const written: string[] = [];
  const kept: string[] = [];
  for (const [name, text] of Object.entries(starterFiles(found, options.person))) {
    const isNew = await writeNew(join(root, name), text);
    (isNew ? written : kept).push(name);
  }
  return { root, written, kept, survey: found, explained: explained(found) };
}

async function rootOf(folder: string): Promise<string> {
  const root = await git(folder, ['rev-parse', '--show-toplevel']);
  if (root.out === null) {
    throw new Fault('not_a_repository', `${folder} is not in a git working tree: ${root.refusal}`);
  }
  const commit = await git(folder, ['rev-parse', '--verify', '--quiet', 'HEAD^{commit}']);
  if (commit.out === null) throw new Fault('not_a_repository', `${folder} has no commit yet.`);
  return root.out.toString().replace(/\n$/, '');
}

async function repoAt(root: string, base: string | undefined): Promise<Repo> {
  const listed = await git(root, ['ls-tree', '-r', '-z', '--name-only', '--full-tree', 'HEAD']);
  if (listed.out === null) {
    throw new Fault('git_failed', `git could not list HEAD of ${root}: ${listed.refusal}`);
  }
  const paths = listed.out.toString().split('\0').slice(0, -1);
  const texts = new Map<string, string>();
  for (const path of filesToRead(paths)) {
    const { out } = await git(root, ['cat-file', 'blob', `HEAD:${path}`], FILE_MAX_BYTES);
    if (out !== null) texts.set(path, out.toString());
  }
  return {
    name: basename(root),
    defaultBranch: base ?? (await defaultBranchOf(root)),
    paths,
    read: (path) => texts.get(path) ?? null,
  };
}

/** The remote's idea of it, else the branch that is checked out. */
async function defaultBranchOf(root: string): Promise<string | null> {
  const named = (ref: string) => git(root, ['symbolic-ref', '--quiet', '--short', ref]);
  const remote = await named('refs/remotes/origin/HEAD');
  if (remote.out !== null)
    return remote.out
      .toString()
      .trim()
      .replace(/^origin\//, '');
  const local = await named('HEAD');
  return local.out === null ? null : local.out.toString().trim();
}

/** A link in its place would have us write outside the repository. */
async function makeFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true });
  if ((await lstat(path)).isDirectory()) return;
  throw new Fault('usage', `${path} is a link; the files belong into the repository itself.`);
}

async function writeNew(path: string, text: string): Promise<boolean> {
  try {
    // `wx` fails on whatever is there, links included, so nothing can slip in between.
    await writeFile(path, text, { flag: 'wx' });
    return true;
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'EEXIST') return false;
    throw thrown;
  }
}

/** Files that are read for facts are small; a list of files may be long. */
const FILE_MAX_BYTES = 1_048_576;
const OUTPUT_MAX_BYTES = 268_435_456;
const GIT_TIMEOUT_MS = 60_000;
const run = promisify(execFile);

type Answer = { readonly out: Buffer; readonly refusal: null } | Refused;
type Refused = { readonly out: null; readonly refusal: string };

/** What git printed, or why it did not; printing more than allowed is a refusal too. */
async function git(
  folder: string,
  args: readonly string[],
  maxBytes = OUTPUT_MAX_BYTES,
): Promise<Answer> {
  const limits = { maxBuffer: maxBytes, timeout: GIT_TIMEOUT_MS, encoding: 'buffer' } as const;
  try {
    const { stdout } = await run('git', ['-C', folder, ...args], limits);
    return { out: stdout, refusal: null };
  } catch (thrown) {
    const { code, stderr = '' } = thrown as { code?: unknown; stderr?: Buffer | string };
    if (code !== 'ENOENT') return { out: null, refusal: stderr.toString().trim() };
    throw new Fault('git_failed', 'git is not installed, or is not on the PATH.', {
      cause: thrown,
    });
  }
}
