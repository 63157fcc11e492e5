/**
 * The entries of a change, read from the bytes of
 * `git diff-tree -r -z --raw --no-renames --no-abbrev --full-index BASE TREE`.
 *
 * Renames are off, so a file that leaves a gated folder is a delete there: both sides are judged.
 * An entry that is not plainly harmless refuses the whole change; what looks broken is a fault.
 */

import { sha256 } from '../orchestrator/domain/canonical.ts';
import { Entry, type Operation } from '../orchestrator/domain/change.ts';
import type { Finding } from '../orchestrator/domain/check.ts';
import { Fault } from '../orchestrator/domain/faults.ts';
import type { Digest } from '../orchestrator/domain/ids.ts';
import { decodePath, fold, isDotGit, pathProblem, printablePath } from './paths.ts';

const NUL = 0;
const COLON = 58;
const HEADER = /^:([0-7]{6}) ([0-7]{6}) ([0-9a-f]{40}) ([0-9a-f]{40}) ([ADMT])$/;
const GITLINK = '160000';
const NEW_MODES = ['000000', '100644', '100755', '120000'];
/** One finding says enough; thousands would drown the journal. */
const FINDINGS_MAX = 50;

export function parseRawDiff(bytes: Uint8Array): { entries: Entry[] } | { refused: Finding[] } {
  const entries: Entry[] = [];
  const refused: Finding[] = [];
  for (let at = 0; at < bytes.length; ) {
    const header = field(bytes, at);
    const path = field(bytes, header.next);
    at = path.next;
    const read = readEntry(Buffer.from(header.bytes).toString('latin1'), path.bytes);
    if ('entry' in read) entries.push(read.entry);
    else refused.push(refusal(path.bytes, read.problem));
  }
  return refused.length > 0 ? { refused: bounded(refused) } : { entries };
}

/**
 * Paths of a whole tree that a file system ignoring case or Unicode form would merge, folders too.
 * `touched` are the paths of the change: twins that were there before it are not its fault.
 */
export function caseTwins(paths: readonly string[], touched: readonly string[] = paths): Finding[] {
  const first = new Map<string, string>();
  const twins: Finding[] = [];
  const mine = new Set(withFolders(touched));
  for (const path of withFolders(paths)) {
    const key = fold(path);
    const twin = first.get(key);
    if (twin === undefined) first.set(key, path);
    else if (mine.has(path) || mine.has(twin)) {
      const other = printablePath(Buffer.from(twin));
      const problem = `differs from "${other}" only in letter case or Unicode form`;
      twins.push(refusal(Buffer.from(path), problem));
    }
  }
  return bounded(twins);
}

/** Why a symlink may not stay, or null. Its target must be a plain way to a place in the tree. */
export function symlinkProblem(path: string, target: string): Finding | null {
  const problem = targetProblem(path, target);
  return problem ? refusal(Buffer.from(path), `is a symlink that ${problem}`) : null;
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

function field(bytes: Uint8Array, from: number): { bytes: Uint8Array; next: number } {
  const end = bytes.indexOf(NUL, from);
  if (end < 0) throw new Fault('git_failed', `git diff-tree was cut off at byte ${from}`);
  return { bytes: bytes.subarray(from, end), next: end + 1 };
}

function readEntry(header: string, bytes: Uint8Array): { entry: Entry } | { problem: string } {
  const [, oldMode = '', newMode = '', oldOid, newOid, status = ''] = HEADER.exec(header) ?? [];
  if (header.charCodeAt(0) !== COLON || oldOid === undefined) {
    throw new Fault(
      'git_failed',
      `git diff-tree printed an entry that is not understood: ${header}`,
    );
  }
  const path = decodePath(bytes);
  if (path === null) return { problem: 'is not valid UTF-8' };
  const problem = pathProblem(path) ?? modeProblem(oldMode, newMode);
  if (problem) return { problem };
  const operation = operationOf(status, oldOid === newOid);
  return { entry: Entry.parse({ path, operation, oldMode, newMode, oldOid, newOid }) };
}

function operationOf(status: string, sameContent: boolean): Operation {
  if (status === 'A') return 'add';
  if (status === 'D') return 'delete';
  if (status === 'T') return 'type';
  return sameContent ? 'mode' : 'modify';
}

function modeProblem(oldMode: string, newMode: string): string | null {
  if (oldMode === GITLINK || newMode === GITLINK) {
    return 'is a submodule, whose content nobody here can see';
  }
  return NEW_MODES.includes(newMode) ? null : `has the file mode ${newMode}`;
}

function targetProblem(path: string, target: string): string | null {
  if (target === '') return 'leads nowhere';
  if (target.startsWith('/')) return 'leads to an absolute path';
  const rest = target
    .replace(/\/$/, '')
    .split('/')
    .filter((step) => step !== '.');
  let folder = path.split('/').slice(0, -1);
  while (rest[0] === '..') {
    if (folder.length === 0) return 'leads out of the tree';
    folder = folder.slice(0, -1);
    rest.shift();
  }
  // Further up after going down is not where it looks: the folder may itself be a symlink.
  if (rest.includes('..')) return 'goes down and up again';
  const reached = [...folder, ...rest];
  if (reached.some(isDotGit)) return 'leads into a git folder';
  if (fold(reached[0] ?? '') === '.proofhouse') return 'leads into .proofhouse';
  const problem = rest.length > 0 ? pathProblem(rest.join('/')) : null;
  return problem && `has a target that ${problem}`;
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

function refusal(path: Uint8Array, problem: string): Finding {
  const where = printablePath(path);
  return { validator: 'entries', code: 'change_refused', message: `"${where}" ${problem}.`, where };
}

function bounded(findings: Finding[]): Finding[] {
  const rest = findings.length - FINDINGS_MAX;
  if (rest <= 0) return findings;
  const message = `${rest} more entries are refused.`;
  const more: Finding = { validator: 'entries', code: 'change_refused', message };
  return [...findings.slice(0, FINDINGS_MAX), more];
}
