/**
 * Sizes, kinds and texts of the blobs on both sides of changes, with two runs of git for all of them.
 * Sizes are asked for first, so that nothing is read that nobody would look at. What is not read
 * counts as binary and has no text: a rule that needs it then fires.
 */
import { isUtf8 } from 'node:buffer';
import type { Entry, Facts } from '../../orchestrator/domain/change.ts';
import type { Sha } from '../../orchestrator/domain/ids.ts';
import type { GitOptions, GitResult } from './git.ts';

const MIB = 2 ** 20;
const TEXT_BYTES_MAX = MIB;
/** Of one change. */
const TEXTS_BYTES_MAX = 32 * MIB;
/** The most that leaves a workspace in one file; a repository of a person may hold more. */
const BLOB_BYTES_MAX = 16 * MIB;
/** All that one change may bring out of a workspace, and as much of the old as is kept. */
const READ_BYTES_MAX = 160 * MIB;
/** git's own name for "these bytes are binary": a NUL among the first 8,000. */
const SNIFF_BYTES = 8000;
const SYMLINK = '120000';

/** git on one repository. */
export type RunGit = (args: readonly string[], options?: GitOptions) => Promise<GitResult>;
export type Sides = Pick<Entry, 'oldMode' | 'newMode' | 'oldOid' | 'newOid'>;
/** Entries of a change, and of the commits it came from. */
export type Touched = { readonly entries: readonly Sides[]; readonly history: readonly Sides[] };
export type BlobFacts = Pick<Facts, 'blobBytes' | 'binary' | 'texts'>;

/** The facts of every change, in order. */
export async function* blobFacts(
  run: RunGit,
  changes: readonly Touched[],
): AsyncGenerator<BlobFacts> {
  const sizes = await sizesOf(
    run,
    changes.flatMap(({ entries, history }) => [...entries, ...history].flatMap(bothSides)),
  );
  for (const plans of inGroups(changes.map((change) => planOf(change, sizes)))) {
    const looks = await lookAt(run, new Set(plans.flatMap(({ read }) => read)));
    for (const plan of plans) yield factsOf(plan, sizes, looks);
  }
}

/** Bytes of blobs; what is no blob, or is not there, is left out. */
export async function sizesOf(run: RunGit, oids: Iterable<Sha>): Promise<Map<string, number>> {
  const objects = await objectsOf(run, oids);
  return new Map(
    [...objects].flatMap(([oid, { type, bytes }]) => (type === 'blob' ? [[oid, bytes]] : [])),
  );
}

/** What git says of objects; what is not there is left out. */
export async function objectsOf(
  run: RunGit,
  oids: Iterable<Sha>,
): Promise<Map<string, { readonly type: string; readonly bytes: number }>> {
  const input = lines(new Set(oids));
  const format = '--batch-check=%(objectname) %(objecttype) %(objectsize)';
  const { stdout } = await run(['cat-file', format, '--buffer'], { input });
  const told = stdout
    .toString('latin1')
    .split('\n')
    .map((line) => line.split(' '));
  return new Map(
    told.flatMap(([oid, type, bytes]) =>
      oid !== undefined && type !== undefined && bytes !== undefined
        ? [[oid, { type, bytes: Number(bytes) }]]
        : [],
    ),
  );
}

/** The texts of these blobs, read with one run of git; null for what is no text or is too large. */
export async function textsOf(
  run: RunGit,
  oids: ReadonlySet<Sha>,
): Promise<ReadonlyMap<string, string | null>> {
  const looks = await lookAt(run, oids);
  return new Map([...looks].map(([oid, { text }]) => [oid, text]));
}

type Look = { readonly isBinary: boolean; readonly text: string | null };
/** Objects in the order in which they are looked at, each perhaps more than once. */
type Plan = {
  readonly fresh: readonly Sha[];
  readonly texts: readonly Sha[];
  readonly read: readonly Sha[];
  readonly bytes: number;
};

function planOf({ entries, history }: Touched, sizes: ReadonlyMap<string, number>): Plan {
  const fresh = [...new Set(entries.flatMap(newSide))];
  // Links first: where they lead to is asked of every one.
  const links = entries.filter(({ newMode }) => newMode === SYMLINK).flatMap(newSide);
  const texts = [
    ...new Set([...links, ...entries.flatMap(bothSides), ...history.flatMap(bothSides)]),
  ];
  const read: Sha[] = [];
  let bytes = 0;
  const take = (oids: Iterable<Sha>, bytesMax: number): void => {
    for (const oid of oids) {
      const size = sizes.get(oid) ?? Number.POSITIVE_INFINITY;
      if (size > bytesMax || bytes + size > READ_BYTES_MAX) continue;
      read.push(oid);
      bytes += size;
    }
  };
  take(fresh, BLOB_BYTES_MAX);
  const isFresh = new Set(fresh);
  take(
    texts.filter((oid) => !isFresh.has(oid)),
    TEXT_BYTES_MAX,
  );
  return { fresh, texts, read, bytes };
}

function factsOf(
  { fresh, texts }: Plan,
  sizes: ReadonlyMap<string, number>,
  looks: ReadonlyMap<string, Look>,
): BlobFacts {
  const kept: Record<string, string> = {};
  let room = TEXTS_BYTES_MAX;
  for (const oid of texts) {
    const text = looks.get(oid)?.text ?? null;
    const bytes = sizes.get(oid) ?? 0;
    if (text === null || bytes > room) continue;
    kept[oid] = text;
    room -= bytes;
  }
  return {
    blobBytes: Object.fromEntries(
      fresh.flatMap((oid) => {
        const bytes = sizes.get(oid);
        return bytes === undefined ? [] : [[oid, bytes]];
      }),
    ),
    binary: fresh.filter((oid) => looks.get(oid)?.isBinary ?? true),
    texts: kept,
  };
}

/** As many changes at a time as one run of git may give back. */
function* inGroups(plans: readonly Plan[]): Generator<readonly Plan[]> {
  let group: Plan[] = [];
  let bytes = 0;
  for (const plan of plans) {
    if (group.length > 0 && bytes + plan.bytes > READ_BYTES_MAX) {
      yield group;
      group = [];
      bytes = 0;
    }
    group.push(plan);
    bytes += plan.bytes;
  }
  if (group.length > 0) yield group;
}

async function lookAt(run: RunGit, oids: ReadonlySet<Sha>): Promise<Map<string, Look>> {
  const looks = new Map<string, Look>();
  if (oids.size === 0) return looks;
  const { stdout } = await run(['cat-file', '--batch', '--buffer'], { input: lines(oids) });
  let at = 0;
  for (const oid of oids) {
    // `OID blob SIZE`, the bytes, and a line feed.
    const start = stdout.indexOf(10, at) + 1;
    const end = start + Number(stdout.toString('latin1', at, start).split(' ')[2]);
    looks.set(oid, lookOf(stdout.subarray(start, end)));
    at = end + 1;
  }
  return looks;
}

function lookOf(bytes: Buffer): Look {
  const isBinary = bytes.subarray(0, SNIFF_BYTES).includes(0) || !isUtf8(bytes);
  const isKept = !isBinary && bytes.length <= TEXT_BYTES_MAX;
  return { isBinary, text: isKept ? bytes.toString('utf8') : null };
}

/** In the order of what matters more. */
function bothSides(sides: Sides): Sha[] {
  return [...newSide(sides), ...(isBlob(sides.oldMode) ? [sides.oldOid] : [])];
}

export function newSide({ newMode, newOid }: Sides): Sha[] {
  return isBlob(newMode) ? [newOid] : [];
}

/** Not of what is not there, and not of a submodule, whose commit is not ours to ask for. */
function isBlob(mode: string): boolean {
  return /^1[02]/.test(mode);
}

function lines(oids: ReadonlySet<Sha>): Buffer {
  return Buffer.from([...oids].map((oid) => `${oid}\n`).join(''));
}
