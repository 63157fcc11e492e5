/**
 * One bare repository per source repository, kept in step with the source's branches.
 *
 * Invariant: branches under `proofhouse/` are the forge's own. A fetch neither overwrites nor
 * prunes them, whatever the source calls its branches.
 */
import { createHash, randomUUID } from 'node:crypto';
import { existsSync, realpathSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Fault } from '../domain/faults.ts';
import { Sha } from '../domain/ids.ts';
import { git, tryGit } from './git.ts';

export const OWN_BRANCHES = 'proofhouse/';

/** `shop-1a2b3c4d`: readable, and different for two folders of the same name. */
export function nameOf(repository: string): string {
  const path = realPath(repository);
  const slug = basename(path)
    .toLowerCase()
    .replace(/\.git$/, '')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 40);
  return `${slug || 'repository'}-${createHash('sha256').update(path).digest('hex').slice(0, 8)}`;
}

/** Two processes may refresh at once; one of them then finds a ref locked by the other. */
const FETCH_TRIES = 5;
const FETCH_PAUSE_MS = 100;

export async function refresh(repository: string, bare: string): Promise<void> {
  await ensureBare(bare);
  const source = realPath(repository);
  for (let tries = 1; ; tries++) {
    const { code, stderr } = await tryGit(bare, fetching(source));
    if (code === 0) return;
    if ((await tryGit(bare, ['ls-remote', UPLOAD_PACK, '--', source])).code !== 0) {
      // What git says after its first line is about servers and access rights.
      const [said] = stderr.trim().split('\n', 1);
      throw new Fault('not_a_repository', `${repository}: ${said}`);
    }
    if (tries === FETCH_TRIES) throw new Fault('git_failed', `fetch ${source}: ${stderr.trim()}`);
    await delay(FETCH_PAUSE_MS * tries);
  }
}

// The source often belongs to a member while the controller runs as another user. `safe.directory`
// counts on the command line only, and git does not hand that on to the process that serves a fetch.
const UPLOAD_PACK = `--upload-pack=git -c 'safe.directory=*' upload-pack`;

function fetching(source: string): readonly string[] {
  return [
    ...[
      'fetch',
      '--quiet',
      '--prune',
      '--no-tags',
      '--no-write-fetch-head',
      '--no-auto-maintenance',
    ],
    ...['--no-recurse-submodules', UPLOAD_PACK, '--', source],
    ...['+refs/heads/*:refs/heads/*', '^refs/heads/proofhouse', `^refs/heads/${OWN_BRANCHES}*`],
  ];
}

/** The commit of a branch. The name is compared, never evaluated: `main~1` is no branch. */
export async function branchTip(bare: string, branch: string): Promise<Sha | null> {
  if (branch.includes('\0')) return null;
  const ref = `refs/heads/${branch}`;
  const listed = await git(bare, ['for-each-ref', '--format=%(objectname) %(refname)', ref]);
  const line = listed.split('\n').find((each) => each.slice(41) === ref);
  return line === undefined ? null : Sha.parse(line.slice(0, 40));
}

export async function branchNames(bare: string): Promise<readonly string[]> {
  const listed = await git(bare, ['for-each-ref', '--format=%(refname:lstrip=2)', 'refs/heads/']);
  return listed.split('\n').filter((name) => name !== '');
}

/** The branch that the source has checked out; null for a detached head or one without a commit. */
export async function headBranch(repository: string, bare: string): Promise<string | null> {
  const argv = ['ls-remote', '--symref', UPLOAD_PACK, '--', realPath(repository), 'HEAD'];
  const named = /^ref: refs\/heads\/(\S+)\tHEAD$/m.exec(await git(bare, argv));
  return named?.[1] ?? null;
}

/** Made beside its place and renamed into it, so a half-made repository is never seen. */
async function ensureBare(bare: string): Promise<void> {
  if (existsSync(join(bare, 'HEAD'))) return;
  const fresh = `${bare}.${randomUUID()}.new`;
  await mkdir(fresh, { recursive: true, mode: 0o700 });
  try {
    // An empty template: nobody's hooks are copied in.
    await git(fresh, ['init', '--quiet', '--bare', '--template=', '--initial-branch=main']);
    await writeFile(join(fresh, 'config'), CONFIG);
    await rename(fresh, bare);
  } catch (thrown) {
    await rm(fresh, { recursive: true, force: true });
    // Another process was first; its repository is as good as ours.
    if (!existsSync(join(bare, 'HEAD'))) throw thrown;
  }
}

// Old but harmless flaws in a member's history must not stop the factory; everything else that
// fsck knows does.
const CONFIG = `[core]
	repositoryformatversion = 0
	bare = true
	hooksPath = /dev/null
	attributesFile = /dev/null
	fsmonitor = false
[gc]
	auto = 0
[receive]
	autogc = false
[transfer]
	fsckObjects = true
[protocol]
	allow = never
[protocol "file"]
	allow = always
[fetch "fsck"]
	badTimezone = warn
	missingSpaceBeforeDate = warn
	zeroPaddedDate = warn
	zeroPaddedFilemode = warn
`;

function realPath(repository: string): string {
  try {
    return realpathSync(repository);
  } catch (cause) {
    throw new Fault('not_a_repository', `${repository} does not exist`, { cause });
  }
}
