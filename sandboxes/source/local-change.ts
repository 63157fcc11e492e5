/**
 * A person's own repository, to read changes from. All git runs in a bare repository of ours, made for
 * this and gone afterwards, that borrows their objects: their configuration, hooks, attributes,
 * replacements and commit graph are never read, so nothing in them can run or lie.
 */
import { appendFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Fault } from '../../orchestrator/domain/faults.ts';
import { Sha } from '../../orchestrator/domain/ids.ts';
import type { LocalRepository, RawChange } from '../../orchestrator/ports/source.ts';
import type { RunGit } from './blobs.ts';
import { changeOf, compared, landed } from './change-log.ts';
import { git } from './git.ts';
import { type GitFolders, gitFolders, readRefs } from './local-refs.ts';
import { listPaths, makeBare, readFile } from './mirror.ts';
import { mergeOnto } from './quarantine.ts';
import { textsAt } from './texts.ts';

/** Opens the repository that a folder is in. Whoever opens it closes it. */
export async function openLocal(folder: string): Promise<LocalRepository> {
  const found = await gitFolders(folder);
  const scratch = await mkdtemp(path.join(tmpdir(), 'proofhouse-local-'));
  await borrow(scratch, found);
  const run: RunGit = (args, options) => git(scratch, args, options);
  return {
    resolve: (revision) => resolve(run, revision, folder),
    read: (commit, file) => readFile(scratch, commit, file),
    paths: (commit) => listPaths(scratch, commit),
    texts: (commit, wanted, bytesMax) => textsAt(run, commit, wanted, bytesMax),
    change: (base, head) => changeOf(run, base, head),
    between: (base, tree) => between(run, base, tree),
    commit: (revision) => commitAt(run, revision),
    landing: async (tip, head) => {
      const merged = await mergeOnto({ folder: scratch, mirror: found.common }, head, tip);
      return 'conflicts' in merged ? merged : compared(run, { base: tip, tree: merged.tree }, []);
    },
    landed: (from, last, since) => landed(run, from, last, since),
    close: () => rm(scratch, { recursive: true, force: true }),
  };
}

/** Makes a bare repository with the objects and refs of another. */
async function borrow(scratch: string, found: GitFolders): Promise<void> {
  await makeBare(scratch, null);
  // A commit graph could name other parents and trees than the commits do.
  await appendFile(path.join(scratch, 'config'), '[core]\n\tcommitGraph = false\n');
  await mkdir(path.join(scratch, 'objects', 'info'), { recursive: true });
  // Quoted as git reads it, whatever the folder is called.
  const objects = JSON.stringify(path.join(found.common, 'objects'));
  await writeFile(path.join(scratch, 'objects', 'info', 'alternates'), `${objects}\n`);
  for (const [name, text] of Object.entries(await readRefs(found))) {
    // An empty list of shallow commits would still say that there are some.
    if (text !== '') await writeFile(path.join(scratch, name), text);
  }
}

async function resolve(run: RunGit, revision: string, folder: string): Promise<Sha> {
  const asked = ['rev-parse', '--verify', '--quiet', '--end-of-options', `${revision}^{commit}`];
  // No program can be given a NUL.
  const answer = revision.includes('\0') ? null : await run(asked, { allow: [1, 128] });
  const found = Sha.safeParse(answer?.stdout.toString().trim());
  if (found.success) return found.data;
  const name = JSON.stringify(revision);
  throw new Fault(
    'usage',
    `${name} is no commit of ${folder}; name a branch, a tag or a commit id`,
  );
}

async function between(run: RunGit, base: Sha, tree: Sha): Promise<RawChange | { lacks: string }> {
  for (const [kind, id] of [
    ['commit', base],
    ['tree', tree],
  ] as const) {
    const { code } = await run(['cat-file', '-e', `${id}^{${kind}}`], { allow: [1, 128] });
    if (code !== 0) return { lacks: `${kind} ${id}` };
  }
  return compared(run, { base, tree }, []);
}

async function commitAt(
  run: RunGit,
  revision: string,
): Promise<{ id: Sha; tree: Sha; message: string } | null> {
  const asked = ['rev-parse', '--verify', '--quiet', '--end-of-options', `${revision}^{commit}`];
  const { stdout } = await run(asked, { allow: [1, 128] });
  const id = Sha.safeParse(stdout.toString().trim());
  if (!id.success) return null;
  // As it is stored: what `git show` makes of it, a configuration may change.
  const stored = (await run(['cat-file', 'commit', id.data])).stdout.toString();
  const [head = ''] = stored.split('\n\n', 1);
  const tree = Sha.parse(/^tree ([0-9a-f]{40})$/m.exec(head)?.[1]);
  return { id: id.data, tree, message: stored.slice(head.length + 2) };
}
