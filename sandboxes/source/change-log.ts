/** What changes a repository holds, from its logs: one run of git for the entries of two hundred. */
import { Fault } from '../../orchestrator/domain/faults.ts';
import { Sha } from '../../orchestrator/domain/ids.ts';
import type { LandedChange, RawChange } from '../../orchestrator/ports/source.ts';
import { blobFacts, type RunGit } from './blobs.ts';
import { type LogItem, type Row, readLog } from './raw.ts';
import { rootNames } from './roots.ts';

/** Whatever anybody configured or attributed. */
const ENTRIES = [
  ...['-r', '-z', '--raw', '--no-renames', '--no-abbrev', '--full-index'],
  '--ignore-submodules=none',
];
const COUNTED = [...ENTRIES, '--numstat', '--text', '--no-textconv', '--no-ext-diff'];
/** A title comes last, because it may hold anything. */
const LANDED = '%H %T %ct %P%x09%s';

type Found = 'raw' | 'history' | 'measured';
/** A change that is named, and what a log says of it. */
type Told<About> = {
  readonly about: About;
  readonly item: LogItem;
  readonly history: readonly Row[];
};

/** What `head` changes since it parted from `base`. */
export async function changeOf(run: RunGit, base: Sha, head: Sha): Promise<RawChange> {
  const { stdout } = await run(['merge-base', base, head], { allow: [1] });
  const parted = Sha.safeParse(stdout.toString().trim());
  if (!parted.success) throw new Fault('usage', `${base} and ${head} have no commit in common`);
  const { stdout: tree } = await run(['rev-parse', '--verify', `${head}^{tree}`]);
  const about = { base: parted.data, tree: Sha.parse(tree.toString().trim()) };
  return compared(run, about, await historyOf(run, base, head));
}

export async function compared(
  run: RunGit,
  about: Omit<RawChange, Found>,
  history: readonly Row[],
): Promise<RawChange> {
  const { stdout } = await run(['diff-tree', ...COUNTED, about.base, about.tree]);
  // Two trees are compared without a line that says which.
  const told = readLog(Buffer.concat([Buffer.from(`${about.tree} \0`), stdout]));
  const changes = measured(
    run,
    told.map((item) => ({ about, item, history })),
  );
  for await (const change of changes) return change;
  throw new Error('one change has the facts of one');
}

/** What landed on the way to `from`, newest first. */
export async function* landed(
  run: RunGit,
  from: Sha,
  last: number,
  since: Date | null,
): AsyncGenerator<LandedChange> {
  const which = ['--first-parent', '-m', `--max-count=${last}`];
  const after = since === null ? [] : [`--since=${since.toISOString()}`];
  const shape = [...COUNTED, `--format=${LANDED}`];
  const { stdout } = await run(['log', ...which, ...after, ...shape, from, '--']);
  yield* measured(run, readLog(stdout).flatMap(landedItem));
}

/** The first commit of all has no base to be judged by, and what changes nothing is no change. */
function landedItem(item: LogItem): Told<Omit<LandedChange, Found>>[] {
  const tab = item.header.indexOf('\t');
  const [commit, tree, seconds, base] = item.header.slice(0, tab).split(' ');
  if (base === undefined || base === '' || item.rows.length === 0) return [];
  const about = {
    commit: Sha.parse(commit),
    base: Sha.parse(base),
    tree: Sha.parse(tree),
    title: item.header.slice(tab + 1),
    when: new Date(Number(seconds) * 1000).toISOString(),
  };
  return [{ about, item, history: [] }];
}

/** Entries of every commit that is in `head` and not in `base`, whichever parent leads there. */
async function historyOf(run: RunGit, base: Sha, head: Sha): Promise<Row[]> {
  const { stdout } = await run(['log', '-m', ...ENTRIES, '--format=%H %P', head, `^${base}`, '--']);
  const commits = Map.groupBy(readLog(stdout), ({ header }) => header);
  return [...commits].flatMap(([header, items]) => {
    return ownRows(
      items.flatMap(({ rows }) => rows),
      header.trim().split(' ').length - 1,
    );
  });
}

/**
 * A merge is told once for each of its parents. What it has of one of them was looked at there, or
 * was in the base all along: its own is what differs from all of them.
 */
function ownRows(rows: readonly Row[], parents: number): Row[] {
  const byPath = Map.groupBy(rows, ({ path }) => path);
  return [...byPath.values()].flatMap((same) => (same.length < parents ? [] : same.slice(0, 1)));
}

async function* measured<About extends Omit<RawChange, Found>>(
  run: RunGit,
  told: readonly Told<About>[],
): AsyncGenerator<About & Pick<RawChange, Found>> {
  const roots = await rootNames(
    run,
    told.map(({ about }) => about.base),
  );
  const facts = blobFacts(
    run,
    told.map(({ item, history }) => ({ entries: item.rows, history })),
  );
  for (const [at, { about, item, history }] of told.entries()) {
    const next = await facts.next();
    if (next.done) return;
    const { rows, addedLines, removedLines } = item;
    yield {
      ...about,
      raw: bytesOf(rows),
      history: bytesOf(history),
      measured: { ...next.value, addedLines, removedLines, roots: roots[at] ?? [] },
    };
  }
}

function bytesOf(rows: readonly Row[]): Buffer {
  return Buffer.concat(rows.map(({ bytes }) => bytes));
}
