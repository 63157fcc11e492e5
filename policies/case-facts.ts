/** The facts of a change that a case writes out. Object ids are those that git gives such contents. */
import { createHash } from 'node:crypto';
import type { Entry, Facts } from '../orchestrator/domain/change.ts';
import { Sha } from '../orchestrator/domain/ids.ts';
import { entriesDigest, operationOf } from './facts.ts';
import type { Case, CaseChange } from './fixtures.ts';

const ABSENT: Blob = {
  mode: '000000',
  oid: Sha.parse('0'.repeat(40)),
  text: null,
  bytes: 0,
  binary: false,
};
const FILE = '100644';
const PROGRAM = '100755';
const SYMLINK = '120000';
const GITLINK = '160000';

type Blob = {
  readonly mode: string;
  readonly oid: Sha;
  /** Null for what is no text. */
  readonly text: string | null;
  readonly bytes: number;
  readonly binary: boolean;
};
type Sides = { readonly path: string; readonly before: Blob; readonly after: Blob };

export function caseFacts(
  { change, target = 'refs/heads/main', roots }: Pick<Case, 'change' | 'target' | 'roots'>,
  groups: Facts['groups'],
): Facts {
  const all = change.flatMap(sidesOf);
  const entries = all.flatMap(entryOf);
  const blobs = all.flatMap(({ before, after }) => [before, after]);
  const added = all.filter(({ after }) => after.mode !== ABSENT.mode);
  const was = all.filter(({ before }) => before.mode !== ABSENT.mode);
  const lines = all.map(({ before, after }) => changedLines(before.text ?? '', after.text ?? ''));
  return {
    change: {
      base: objectId('commit', 'base'),
      tree: objectId('tree', entriesDigest(entries)),
      entries: entriesDigest(entries),
      files: entries.length,
      addedLines: sum(lines.map((one) => one.added)),
      removedLines: sum(lines.map((one) => one.removed)),
    },
    entries,
    blobBytes: Object.fromEntries(added.map(({ after }) => [after.oid, after.bytes])),
    binary: added.filter(({ after }) => after.binary).map(({ after }) => after.oid),
    target,
    texts: Object.fromEntries(
      blobs.flatMap(({ oid, text }) => (text === null ? [] : [[oid, text]])),
    ),
    roots: [...new Set([...roots, ...was.map(({ path }) => path.split('/', 1)[0] ?? '')])].sort(),
    history: [],
    groups,
    madeBy: null,
  };
}

/** Why a change cannot be what its author means, or null. */
export function changeProblem(change: readonly CaseChange[]): string | null {
  const all = change.flatMap(sidesOf);
  const paths = all.map(({ path }) => path);
  const twice = paths.find((path, index) => paths.indexOf(path) !== index);
  if (twice !== undefined)
    return `"${twice}" is in this change twice; write one line for each path`;
  const idle = all.find((sides) => entryOf(sides).length === 0);
  return idle === undefined ? null : `"${idle.path}" has the same content before and after`;
}

function sidesOf(item: CaseChange): Sides[] {
  if ('from' in item) {
    const blob = written(item.from, 'moved', item.content);
    return [
      { path: item.from, before: blob, after: ABSENT },
      { path: item.to, before: ABSENT, after: blob },
    ];
  }
  const path = pathOf(item);
  if ('add' in item) return [{ path, before: ABSENT, after: sized(path, item) }];
  if ('modify' in item) {
    return [{ path, before: written(path, 'before', item.before), after: sized(path, item) }];
  }
  if ('delete' in item)
    return [{ path, before: written(path, 'before', item.before), after: ABSENT }];
  if ('chmod' in item) {
    const blob = written(path, 'before', item.content);
    return [{ path, before: blob, after: { ...blob, mode: PROGRAM } }];
  }
  if ('symlink' in item) {
    const after = { ...written(path, 'after', item.target), mode: SYMLINK };
    const before = item.before === undefined ? ABSENT : written(path, 'before', item.before);
    return [{ path, before, after }];
  }
  const commit = { ...ABSENT, mode: GITLINK, oid: objectId('commit', path) };
  return [{ path, before: ABSENT, after: commit }];
}

function pathOf(item: Exclude<CaseChange, { from: string }>): string {
  if ('add' in item) return item.add;
  if ('modify' in item) return item.modify;
  if ('delete' in item) return item.delete;
  if ('chmod' in item) return item.chmod;
  return 'symlink' in item ? item.symlink : item.gitlink;
}

type Sized = { content?: string | undefined; bytes?: number | undefined; binary: boolean };

function sized(path: string, { content, bytes, binary }: Sized): Blob {
  const blob = written(path, 'after', content);
  const text = binary ? null : blob.text;
  // Of another size it is another blob, whatever of it is written out.
  const oid =
    bytes === undefined && !binary ? blob.oid : objectId('blob', `${path} ${bytes} ${binary}`);
  return { ...blob, oid, text, bytes: bytes ?? blob.bytes, binary };
}

/** What is left out is an empty text that is not the other side's: nothing in it can make a rule fire. */
function written(path: string, side: string, content: string | undefined): Blob {
  const text = content ?? '';
  const oid = objectId('blob', content ?? `${side} of ${path}`);
  return { mode: FILE, oid, text, bytes: Buffer.byteLength(text), binary: false };
}

function entryOf({ path, before, after }: Sides): Entry[] {
  const modes = { oldMode: before.mode, newMode: after.mode };
  const entry = { path, ...modes, oldOid: before.oid, newOid: after.oid };
  const operation = operationOf(entry);
  return operation === null ? [] : [{ ...entry, operation }];
}

function objectId(kind: string, content: string): Sha {
  const bytes = Buffer.from(content);
  return Sha.parse(
    createHash('sha1').update(`${kind} ${bytes.length}\0`).update(bytes).digest('hex'),
  );
}

/** Lines that one side has more often than the other: what a diff shows at the least. */
function changedLines(before: string, after: string): { added: number; removed: number } {
  const counts = new Map<string, number>();
  const count = (text: string, by: number): void => {
    for (const line of text === '' ? [] : text.replace(/\n$/, '').split('\n')) {
      counts.set(line, (counts.get(line) ?? 0) + by);
    }
  };
  count(after, 1);
  count(before, -1);
  const more = [...counts.values()];
  return {
    added: sum(more.filter((one) => one > 0)),
    removed: -sum(more.filter((one) => one < 0)),
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, one) => all + one, 0);
}
