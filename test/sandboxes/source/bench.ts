/** A repository, its mirror, and packs as an exporter leaves them; all real git, in one folder. */
import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Sha } from '../../../orchestrator/domain/ids.ts';
import { updateMirror } from '../../../sandboxes/source/mirror.ts';
import { ingest, type Quarantine } from '../../../sandboxes/source/quarantine.ts';
import {
  commitAll,
  type Files,
  git,
  temporaryFolder,
  writeAll,
} from '../../orchestrator/intake/repositories.ts';

export type Bench = {
  readonly folder: string;
  /** The work tree of whoever makes the change. */
  readonly work: string;
  readonly base: Sha;
  readonly at: Quarantine;
};

export async function bench(files: Files, folder = temporaryFolder()): Promise<Bench> {
  const work = join(folder, 'work');
  git(folder, 'init', '--quiet', '--initial-branch=main', work);
  writeAll(work, files);
  commitAll(work);
  const mirror = join(folder, 'mirror.git');
  await updateMirror(mirror, work);
  return { folder, work, base: head(work), at: { folder: join(folder, 'change.git'), mirror } };
}

export function head(work: string): Sha {
  return Sha.parse(git(work, 'rev-parse', 'HEAD').trim());
}

/** Writes, or removes what is null, and gives the tree of everything. */
export function treeOf({ work }: Bench, files: Readonly<Record<string, string | null>>): Sha {
  const written = Object.entries(files).filter(
    (file): file is [string, string] => file[1] !== null,
  );
  for (const [path, text] of Object.entries(files)) {
    if (text === null) rmSync(join(work, path));
  }
  writeAll(work, Object.fromEntries(written));
  git(work, 'add', '--all');
  return Sha.parse(git(work, 'write-tree').trim());
}

/** The pack of what a tree has and the base has not, as the exporter makes it. */
export function packOf({ folder, work, base }: Bench, tree: string): string {
  const pack = join(folder, 'pack');
  const input = `${tree}\n^${base}\n`;
  const args = ['-C', work, 'pack-objects', '--revs', '--thin', '--stdout', '-q'];
  writeFileSync(pack, execFileSync('git', args, { input }));
  return pack;
}

/** A pack of just these objects, whatever they refer to. */
export function packOfObjects({ folder, work }: Bench, oids: readonly string[]): string {
  const pack = join(folder, 'pack');
  const args = ['-C', work, 'pack-objects', '--stdout', '-q'];
  writeFileSync(pack, execFileSync('git', args, { input: `${oids.join('\n')}\n` }));
  return pack;
}

/** Writes an object without any check, as an attacker's own git would. */
export function rawObject({ work }: Bench, type: string, bytes: Uint8Array | string): string {
  const args = ['-C', work, 'hash-object', '-t', type, '-w', '--stdin', '--literally'];
  return execFileSync('git', args, { input: bytes, encoding: 'utf8' }).trim();
}

/** One entry of a raw tree object. */
export function treeEntry(mode: string, name: string, oid: string): Buffer {
  return Buffer.concat([Buffer.from(`${mode} ${name}\0`), Buffer.from(oid, 'hex')]);
}

/** A change that was let in. */
export async function sealed(
  on: Bench,
  files: Readonly<Record<string, string | null>>,
): Promise<Sha> {
  const tree = treeOf(on, files);
  const taken = await ingest(on.at, packOf(on, tree), `${tree}\n`, on.base);
  if ('refused' in taken) throw new Error(taken.refused.map(({ message }) => message).join('\n'));
  return taken.tree;
}

/** Another commit on the branch, by somebody else, that the mirror has too. */
export async function moveBase(on: Bench, files: Files): Promise<Sha> {
  git(on.work, 'reset', '--quiet', '--hard', on.base);
  writeAll(on.work, files);
  commitAll(on.work);
  await updateMirror(on.at.mirror, on.work);
  return head(on.work);
}
