/**
 * Where an attempt's objects arrive. git checks every object, then we check every entry; only what
 * both let through is a change. The mirror's objects are borrowed by environment, so that nothing in
 * the quarantine names a path of its own.
 */
import { constants } from 'node:fs';
import { open, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Readable } from 'node:stream';
import type { Change, Entry } from '../../orchestrator/domain/change.ts';
import type { Finding } from '../../orchestrator/domain/check.ts';
import { Fault } from '../../orchestrator/domain/faults.ts';
import { Sha } from '../../orchestrator/domain/ids.ts';
import { type BlobFacts, blobFacts, newSide, objectsOf, type RunGit } from './blobs.ts';
import { type GitOptions, git } from './git.ts';
import { makeBare } from './mirror.ts';
import { type Row, rowsOf } from './raw.ts';

const MIB = 2 ** 20;
export const PACK_BYTES_MAX = 64 * MIB;
/**
 * What one change may bring, however small it packs: a kilobyte of pack can hold gigabytes of one
 * byte, or a tree that names itself ten times on every level. Counting lines of 16 MiB of empty ones
 * takes git some 700 MB of memory already.
 */
export const CHANGE_MAX = { entries: 20_000, blobBytes: 16 * MIB, bytes: 128 * MIB } as const;
const ENTRY_BYTES = 1200;
/** Room for the names of a million files. */
const LISTING_BYTES_MAX = 64 * MIB;
/** Most that git may take at once for an object that a few bytes of delta describe. */
const READ = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
const OBJECT_BYTES_MAX = '512m';
/** Of git while it takes in what a workspace gave; a change at every limit takes a third of either. */
const INGEST_MAX = { cpuSeconds: 10, memoryBytes: 2048 * MIB } as const;

export type Quarantine = { readonly folder: string; readonly mirror: string };

/** Takes a pack in. Refuses with git's reason when any object is not what it must be. */
export async function ingest(
  into: Quarantine,
  pack: string,
  tree: string,
  base: Sha,
): Promise<{ tree: Sha } | { refused: Finding[] }> {
  await rm(into.folder, { recursive: true, force: true });
  await makeBare(into.folder, null);
  const id = Sha.safeParse(tree.trim());
  if (!id.success) return refused('the workspace gave no tree');
  // Whatever lies there may have been made by an agent: nothing is followed, and nobody waits for a pipe.
  const file = await open(pack, READ).catch(() => null);
  if (file === null) return refused('the workspace gave no pack');
  try {
    const found = await file.stat();
    if (!found.isFile()) return refused('what the workspace gave as a pack is no file');
    if (found.size > PACK_BYTES_MAX)
      return refused(
        `the change packs to ${found.size} bytes; at most ${PACK_BYTES_MAX} leave a workspace`,
      );
    return await takenIn(into, file.createReadStream({ autoClose: false }), id.data, base);
  } finally {
    await file.close();
  }
}

async function takenIn(
  into: Quarantine,
  pack: Readable,
  tree: Sha,
  base: Sha,
): Promise<{ tree: Sha } | { refused: Finding[] }> {
  try {
    await inside(
      into,
      [
        'index-pack',
        '--stdin',
        '--fix-thin',
        // Of a file mode that git does not know it only remarks that there is one, and shows another.
        '--strict=badFilemode=error',
        '--fsck-objects',
        `--max-input-size=${PACK_BYTES_MAX}`,
      ],
      {
        input: pack,
        env: { GIT_ALLOC_LIMIT: OBJECT_BYTES_MAX },
        atMost: INGEST_MAX,
      },
    );
    const why = await notAllowed(into, base, tree);
    if (why !== null) return refused(why);
  } catch (cause) {
    if (cause instanceof Fault && cause.code === 'git_failed')
      return refused(`git refused its objects: ${cause.message}`);
    throw cause;
  }
  return { tree };
}

/** Asks for sizes before anything reads the objects themselves; null when all is within bounds. */
async function notAllowed(into: Quarantine, base: Sha, tree: Sha): Promise<string | null> {
  const rows = rowsOf(await compared(into, base, tree));
  if (rows.length > CHANGE_MAX.entries) {
    return `the change has ${rows.length} entries; at most ${CHANGE_MAX.entries} leave a workspace`;
  }
  const found = await objectsOf(runIn(into), [tree, ...rows.flatMap(newSide)]);
  // A commit leads to a tree too, and nobody would have looked at the rest of it.
  if (found.get(tree)?.type !== 'tree') return 'what the workspace gave is no tree';
  const bytes = blobSizes(found, rows);
  const largest = Math.max(0, ...bytes);
  if (largest > CHANGE_MAX.blobBytes) {
    return `a file of the change has ${largest} bytes; at most ${CHANGE_MAX.blobBytes} leave a workspace`;
  }
  const all = bytes.reduce((sum, one) => sum + one, 0);
  return all > CHANGE_MAX.bytes
    ? `the files of the change have ${all} bytes; at most ${CHANGE_MAX.bytes} leave a workspace`
    : null;
}

/**
 * The entries in which they differ. The whole tree is listed beside, because a listing is printed as it
 * goes: a comparison holds every entry in memory, and a tree of ten levels that names itself ten times
 * has more than any machine can hold. The listing of such a one is too long soon, and ends both.
 */
async function compared(into: Quarantine, base: Sha, tree: Sha): Promise<Buffer> {
  const stop = new AbortController();
  const within = (maxBytes: number) => ({ maxBytes, atMost: INGEST_MAX, signal: stop.signal });
  try {
    const [{ stdout }] = await Promise.all([
      inside(into, rawArguments(base, tree), within(CHANGE_MAX.entries * ENTRY_BYTES)),
      inside(into, ['ls-tree', '-r', '-z', '--name-only', tree], within(LISTING_BYTES_MAX)),
    ]);
    return stdout;
  } finally {
    stop.abort();
  }
}

function blobSizes(found: Awaited<ReturnType<typeof objectsOf>>, rows: readonly Row[]): number[] {
  const oids = [...new Set(rows.flatMap(newSide))];
  return oids.map((oid) => {
    const object = found.get(oid);
    if (object?.type === 'blob') return object.bytes;
    throw new Fault('git_failed', 'the tree names files whose content did not come with it');
  });
}

export async function rawDiff(at: Quarantine, base: Sha, tree: Sha): Promise<Buffer> {
  return (await inside(at, rawArguments(base, tree))).stdout;
}

function rawArguments(base: Sha, tree: Sha): string[] {
  const shape = ['--raw', '--no-renames', '--no-abbrev', '--full-index'];
  return ['diff-tree', '-r', '-z', ...shape, base, tree];
}

/** Every path of a tree, for rules about the whole of it. */
export async function treePaths(at: Quarantine, tree: Sha): Promise<string[]> {
  const { stdout } = await inside(at, ['ls-tree', '-r', '-z', '--name-only', tree]);
  return stdout.toString('utf8').split('\0').filter(Boolean);
}

/** Counts lines as text whatever attributes say: an attribute in the tree must not hide a change. */
export async function lineCounts(
  at: Quarantine,
  base: Sha,
  tree: Sha,
): Promise<Pick<Change, 'addedLines' | 'removedLines'>> {
  const { stdout } = await inside(at, [
    'diff-tree',
    '-r',
    '-z',
    '--numstat',
    '--no-renames',
    '--text',
    '--no-textconv',
    '--no-ext-diff',
    base,
    tree,
  ]);
  const counts = stdout
    .toString('latin1')
    .split('\0')
    .filter(Boolean)
    .map((row) => row.split('\t', 2).map(Number));
  const sum = (side: number): number => counts.reduce((total, row) => total + (row[side] || 0), 0);
  return { addedLines: sum(0), removedLines: sum(1) };
}

/** Sizes, kinds and texts of the blobs on both sides. */
export async function measureBlobs(at: Quarantine, entries: readonly Entry[]): Promise<BlobFacts> {
  for await (const facts of blobFacts(runIn(at), [{ entries, history: [] }])) return facts;
  throw new Error('one change has the facts of one');
}

export async function textDiff(
  at: Quarantine,
  base: Sha,
  tree: Sha,
  maxBytes: number,
): Promise<string> {
  const { stdout } = await inside(at, [
    'diff-tree',
    '-p',
    '-r',
    '--no-renames',
    '--text',
    '--no-textconv',
    '--no-ext-diff',
    '--no-color',
    base,
    tree,
  ]);
  return stdout.subarray(0, maxBytes).toString('utf8');
}

/** The published commit: our author, our time, one parent. */
export async function writeCommit(
  at: Quarantine,
  parent: Sha,
  tree: Sha,
  message: string,
  when: string,
): Promise<Sha> {
  const env = {
    GIT_AUTHOR_NAME: 'Proofhouse',
    GIT_AUTHOR_EMAIL: 'proofhouse@localhost.invalid',
    GIT_COMMITTER_NAME: 'Proofhouse',
    GIT_COMMITTER_EMAIL: 'proofhouse@localhost.invalid',
    GIT_AUTHOR_DATE: when,
    GIT_COMMITTER_DATE: when,
  };
  // Whoever takes the commit from here finds its parent in the mirror.
  await writeFile(
    path.join(at.folder, 'objects', 'info', 'alternates'),
    `${path.join(at.mirror, 'objects')}\n`,
  );
  const { stdout } = await inside(at, ['commit-tree', '-p', parent, '-F', '-', tree], {
    env,
    input: Buffer.from(message),
  });
  return Sha.parse(stdout.toString().trim());
}

/** Merges a change made on `base` with what the branch has become. Exit 1 of merge-tree means conflicts. */
export async function mergeOnto(
  at: Quarantine,
  ours: Sha,
  onto: Sha,
): Promise<{ tree: Sha } | { conflicts: string[] }> {
  const { code, stdout } = await inside(
    at,
    ['merge-tree', '--write-tree', '-z', '--name-only', '--no-messages', onto, ours],
    { allow: [1] },
  );
  const [tree = '', ...paths] = stdout.toString('utf8').split('\0').filter(Boolean);
  return code === 0 ? { tree: Sha.parse(tree.trim()) } : { conflicts: paths };
}

/** git in a quarantine, with the mirror's objects at hand. */
export function runIn(at: Quarantine): RunGit {
  return (args, options) => inside(at, args, options);
}

function inside(at: Quarantine, args: readonly string[], options: GitOptions = {}) {
  // Quoted, because a bare colon would end the path.
  const borrowed = JSON.stringify(path.join(at.mirror, 'objects'));
  return git(at.folder, args, {
    ...options,
    env: { ...options.env, GIT_ALTERNATE_OBJECT_DIRECTORIES: borrowed },
  });
}

function refused(message: string): { refused: Finding[] } {
  return { refused: [{ validator: 'entries', code: 'change_refused', message }] };
}
