/**
 * Finds the git folder of a person's repository and reads its refs, file by file. git never runs
 * there: whatever the configuration of that repository would start, nobody asks it to.
 */
import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { Fault } from '../../orchestrator/domain/faults.ts';

const REFS_MAX = 100_000;
const FILE_BYTES_MAX = 64 * 2 ** 20;
const OID = /^[0-9a-f]{40}$/;
/** Names that mean one thing in every file they are written to. */
const REF = /^refs\/[^\s\p{Cc}~^:?*[\\]+$/u;
/** Their objects would stand in for the ones asked for. */
const REPLACEMENTS = 'refs/replace/';

export type GitFolders = {
  /** What belongs to the work tree alone: its HEAD. */
  readonly own: string;
  /** Objects and refs. */
  readonly common: string;
};

/** Of the folder or of the first one above it that is a repository. */
export async function gitFolders(folder: string): Promise<GitFolders> {
  for (let at = path.resolve(folder); ; at = path.dirname(at)) {
    const own = (await isBare(at)) ? at : await gitFolderIn(at);
    if (own !== null) {
      const common = await textOf(path.join(own, 'commondir'));
      return { own, common: common === null ? own : path.resolve(own, common.trim()) };
    }
    if (at === path.dirname(at)) {
      throw new Fault('not_a_repository', `${folder} is in no git repository`);
    }
  }
}

/** The text of `HEAD`, of `packed-refs` and of `shallow`, for a repository of ours with the same objects. */
export async function readRefs({
  own,
  common,
}: GitFolders): Promise<Record<'HEAD' | 'packed-refs' | 'shallow', string>> {
  const refs = new Map<string, string>();
  for (const line of await linesOf(path.join(common, 'packed-refs'))) {
    const [oid = '', name = ''] = line.split(' ');
    keep(refs, name, oid);
  }
  // A ref in a file of its own is newer than the packed one.
  for (const name of await looseNames(common)) {
    keep(refs, name, (await textOf(path.join(common, name)))?.trim() ?? '');
  }
  const head = (await textOf(path.join(own, 'HEAD')))?.trim() ?? '';
  const shallow = (await linesOf(path.join(common, 'shallow'))).filter((line) => OID.test(line));
  return {
    HEAD: isHead(head) ? `${head}\n` : 'ref: refs/heads/main\n',
    'packed-refs': [...refs].map(([name, oid]) => `${oid} ${name}\n`).join(''),
    shallow: shallow.map((oid) => `${oid}\n`).join(''),
  };
}

async function isBare(folder: string): Promise<boolean> {
  return (
    (await isFolder(path.join(folder, 'objects'))) &&
    (await textOf(path.join(folder, 'HEAD'))) !== null
  );
}

async function gitFolderIn(folder: string): Promise<string | null> {
  const at = path.join(folder, '.git');
  if (await isBare(at)) return at;
  // A linked work tree has a file there that says where its folder is.
  const linked = /^gitdir: (.+)$/.exec((await textOf(at))?.trim() ?? '')?.[1];
  return linked === undefined ? null : path.resolve(folder, linked);
}

function keep(refs: Map<string, string>, name: string, oid: string): void {
  if (!REF.test(name) || name.startsWith(REPLACEMENTS) || name.includes('..')) return;
  // One that points to another is followed as far as that one is known by now.
  const target = oid.startsWith('ref: ') ? (refs.get(oid.slice(5)) ?? '') : oid;
  if (OID.test(target) && refs.size < REFS_MAX) refs.set(name, target);
}

async function looseNames(common: string): Promise<string[]> {
  const all = await readdir(path.join(common, 'refs'), {
    recursive: true,
    withFileTypes: true,
  }).catch(none);
  return all
    .filter((file) => file.isFile())
    .map((file) => path.relative(common, path.join(file.parentPath, file.name)))
    .toSorted()
    .slice(0, REFS_MAX);
}

function isHead(text: string): boolean {
  return OID.test(text) || (text.startsWith('ref: ') && REF.test(text.slice(5)));
}

async function linesOf(file: string): Promise<string[]> {
  return (await textOf(file))?.split('\n') ?? [];
}

/** Null when there is no such file. */
async function textOf(file: string): Promise<string | null> {
  const found = await stat(file).catch(() => null);
  // A pipe would keep us waiting.
  if (found === null || !found.isFile()) return null;
  if (found.size > FILE_BYTES_MAX) {
    throw new Fault('not_a_repository', `${file} is too large for what it is`);
  }
  return readFile(file, 'utf8').catch(() => null);
}

async function isFolder(folder: string): Promise<boolean> {
  return stat(folder).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

function none(): [] {
  return [];
}
