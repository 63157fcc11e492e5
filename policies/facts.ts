/**
 * The entries of a change, read from the bytes of
 * `git diff-tree -r -z --raw --no-renames --no-abbrev --full-index BASE TREE`.
 *
 * Renames are off, so a file that leaves a gated folder is a delete there: both sides are judged.
 * An entry that is not plainly harmless refuses the whole change; what looks broken is a fault.
 */

import type { z } from 'zod';
import { sha256 } from '../orchestrator/domain/canonical.ts';
import { Entry, type Operation } from '../orchestrator/domain/change.ts';
import type { Finding } from '../orchestrator/domain/check.ts';
import { Fault } from '../orchestrator/domain/faults.ts';
import type { Digest } from '../orchestrator/domain/ids.ts';
import { decodePath, fold, isDotGit, pathRefusal, printablePath, type Refusal } from './paths.ts';

const Sides = Entry.omit({ path: true, operation: true });
const NUL = 0;
const HEADER = /^:([0-7]{6}) ([0-7]{6}) ([0-9a-f]{40}) ([0-9a-f]{40}) ([ADMT])$/;
const ABSENT = '000000';
const GITLINK = '160000';
const NEW_MODES = [ABSENT, '100644', '100755', '120000'];
const LETTERS = { add: 'A', delete: 'D', modify: 'M', mode: 'M', type: 'T' } as const;
/** No system follows a link that is longer than the longest path. */
const TARGET_MAX_BYTES = 1_024;
/** One finding says enough; thousands would drown the journal. */
const FINDINGS_MAX = 50;

/** An entry that lets no change out, under the bytes of its path. */
export type RefusedEntry = Refusal & { readonly path: Uint8Array };

export function parseRawDiff(bytes: Uint8Array): { entries: Entry[] } | { refused: Finding[] } {
  const { entries, refused } = readRawDiff(bytes);
  return refused.length > 0 ? { refused: findingsOf(refused) } : { entries };
}

/** As `parseRawDiff`, with the word for each refusal. */
export function readRawDiff(bytes: Uint8Array): { entries: Entry[]; refused: RefusedEntry[] } {
  const entries: Entry[] = [];
  const refused: RefusedEntry[] = [];
  const seen = new Set<string>();
  for (const { header, path } of rows(bytes)) {
    const read = readEntry(header, path);
    if ('code' in read) refused.push({ ...read, path });
    // Only a tree made by hand holds one name twice, and programs differ on which of the two counts.
    else if (seen.has(read.path)) refused.push({ ...TWICE, path });
    else entries.push(read);
    if ('path' in read) seen.add(read.path);
  }
  return { entries, refused };
}

/**
 * Entries of the commits that a change came from. A name that lets nothing out is spelt out here, and
 * a submodule left away: of what is no longer there only the content is looked at.
 */
export function parseHistory(bytes: Uint8Array): Entry[] {
  return [...rows(bytes)].flatMap(({ header, path }) => {
    const entry = entryOf(header, decodePath(path) ?? printablePath(path));
    return isSubmodule(entry) ? [] : [entry];
  });
}

/** What an entry does, as its modes and objects say; null when it does nothing. */
export function operationOf({
  oldMode,
  newMode,
  oldOid,
  newOid,
}: z.infer<typeof Sides>): Operation | null {
  if (oldMode === ABSENT) return newMode === ABSENT ? null : 'add';
  if (newMode === ABSENT) return 'delete';
  // The first three digits say what kind of thing it is.
  if (oldMode.slice(0, 3) !== newMode.slice(0, 3)) return 'type';
  if (oldOid !== newOid) return 'modify';
  return oldMode === newMode ? null : 'mode';
}

/** Why entries with such modes let no change out, or null. */
export function modeRefusal({
  oldMode,
  newMode,
}: Pick<Entry, 'oldMode' | 'newMode'>): Refusal | null {
  if (isSubmodule({ oldMode, newMode })) {
    return { code: 'submodule', problem: 'is a submodule, whose content nobody here can see' };
  }
  return NEW_MODES.includes(newMode)
    ? null
    : { code: 'mode', problem: `has the file mode ${newMode}` };
}

/**
 * Paths of a whole tree that a file system ignoring case or Unicode form would merge, folders too.
 * `touched` are the paths of the change: twins that were there before it are not its fault.
 */
export function caseTwins(paths: readonly string[], touched: readonly string[] = paths): Finding[] {
  const first = new Map<string, string>();
  const twins: RefusedEntry[] = [];
  const mine = new Set(withFolders(touched));
  for (const path of withFolders(paths)) {
    const key = fold(path);
    const twin = first.get(key);
    if (twin === undefined) first.set(key, path);
    else if (mine.has(path) || mine.has(twin)) {
      const other = printablePath(Buffer.from(twin));
      const problem = `differs from "${other}" only in letter case or Unicode form`;
      twins.push({ code: 'twin', problem, path: Buffer.from(path) });
    }
  }
  return findingsOf(twins);
}

/**
 * Why a symlink may not stay, or null. Its target, null when nobody could read it, must be a plain way to a
 * place in the tree.
 */
export function symlinkProblem(path: string, target: string | null): Finding | null {
  const refusal = symlinkRefusal(path, target);
  return refusal && findingOf({ ...refusal, path: Buffer.from(path) });
}

/** As `symlinkProblem`, with the word for the refusal. */
export function symlinkRefusal(path: string, target: string | null): Refusal | null {
  const refusal = targetRefusal(path, target);
  return refusal && { ...refusal, problem: `is a symlink that ${refusal.problem}` };
}

/** What an approval of "this change" means: every entry, whole, in the order of its path's bytes. */
export function entriesDigest(entries: readonly Entry[]): Digest {
  const parts = [...entries]
    .map((entry) => ({ entry, path: Buffer.from(entry.path) }))
    .sort((a, b) => Buffer.compare(a.path, b.path))
    .map(({ entry: { oldMode, newMode, oldOid, newOid, path } }) => {
      return `${oldMode} ${newMode} ${oldOid} ${newOid}\0${path}\0`;
    });
  return sha256('proofhouse.change.v1\0', ...parts);
}

/** The same over the entries at some paths: what an approval of one gate means. */
export function scopeDigest(entries: readonly Entry[], paths: readonly string[]): Digest {
  const scope = new Set(paths);
  return entriesDigest(entries.filter(({ path }) => scope.has(path)));
}

const TWICE: Refusal = { code: 'twice', problem: 'is in the tree twice' };

type Row = { readonly header: string; readonly path: Uint8Array };

function* rows(bytes: Uint8Array): Generator<Row> {
  for (let at = 0; at < bytes.length; ) {
    const header = field(bytes, at);
    const path = field(bytes, header.next);
    at = path.next;
    yield { header: Buffer.from(header.bytes).toString('latin1'), path: path.bytes };
  }
}

function field(bytes: Uint8Array, from: number): { bytes: Uint8Array; next: number } {
  const end = bytes.indexOf(NUL, from);
  if (end < 0) throw new Fault('git_failed', `git diff-tree was cut off at byte ${from}`);
  return { bytes: bytes.subarray(from, end), next: end + 1 };
}

function readEntry(header: string, bytes: Uint8Array): Entry | Refusal {
  const path = decodePath(bytes);
  const entry = entryOf(header, path ?? '');
  if (path === null) return { code: 'not-utf8', problem: 'is not valid UTF-8' };
  return pathRefusal(path) ?? modeRefusal(entry) ?? entry;
}

function entryOf(header: string, path: string): Entry {
  const [, oldMode = '', newMode = '', oldOid, newOid, letter] = HEADER.exec(header) ?? [];
  const sides = Sides.safeParse({ oldMode, newMode, oldOid, newOid });
  const operation = sides.success ? operationOf(sides.data) : null;
  if (!sides.success || operation === null || letter !== LETTERS[operation]) {
    const shown = JSON.stringify(header.slice(0, 200));
    throw new Fault('git_failed', `git diff-tree printed an entry that makes no sense: ${shown}`);
  }
  return { path, operation, ...sides.data };
}

function isSubmodule({ oldMode, newMode }: Pick<Entry, 'oldMode' | 'newMode'>): boolean {
  return oldMode === GITLINK || newMode === GITLINK;
}

function targetRefusal(path: string, target: string | null): Refusal | null {
  if (target === null)
    return { code: 'link-unread', problem: 'has a target that nobody could read' };
  if (target === '') return { code: 'link-nowhere', problem: 'leads nowhere' };
  if (Buffer.byteLength(target) > TARGET_MAX_BYTES) {
    return { code: 'link-too-long', problem: `has a target over ${TARGET_MAX_BYTES} bytes` };
  }
  if (target.startsWith('/'))
    return { code: 'link-absolute', problem: 'leads to an absolute path' };
  const rest = target
    .replace(/\/$/, '')
    .split('/')
    .filter((step) => step !== '.');
  let folder = path.split('/').slice(0, -1);
  while (rest[0] === '..') {
    if (folder.length === 0) return { code: 'link-outside', problem: 'leads out of the tree' };
    folder = folder.slice(0, -1);
    rest.shift();
  }
  // Further up after going down is not where it looks: the folder may itself be a symlink.
  if (rest.includes('..')) return { code: 'link-detour', problem: 'goes down and up again' };
  return placeRefusal([...folder, ...rest]) ?? nameRefusal(rest);
}

/** Of where a symlink leads to. */
function placeRefusal(reached: readonly string[]): Refusal | null {
  if (reached.some(isDotGit)) return { code: 'link-git', problem: 'leads into a git folder' };
  return fold(reached[0] ?? '') === '.proofhouse'
    ? { code: 'link-proofhouse', problem: 'leads into .proofhouse' }
    : null;
}

function nameRefusal(rest: readonly string[]): Refusal | null {
  const refusal = rest.length > 0 ? pathRefusal(rest.join('/')) : null;
  return refusal && { code: 'link-path', problem: `has a target that ${refusal.problem}` };
}

function withFolders(paths: readonly string[]): Set<string> {
  const all = new Set<string>();
  for (const path of paths) {
    for (let end = path.length; end > 0 && !all.has(path.slice(0, end)); ) {
      all.add(path.slice(0, end));
      end = path.lastIndexOf('/', end - 1);
    }
  }
  return all;
}

function findingOf({ path, problem }: RefusedEntry): Finding {
  const where = printablePath(path);
  return { validator: 'entries', code: 'change_refused', message: `"${where}" ${problem}.`, where };
}

function findingsOf(refused: readonly RefusedEntry[]): Finding[] {
  const rest = refused.length - FINDINGS_MAX;
  const told = refused.slice(0, FINDINGS_MAX).map(findingOf);
  if (rest <= 0) return told;
  const message = `${rest} more entries are refused.`;
  return [...told, { validator: 'entries', code: 'change_refused', message }];
}
