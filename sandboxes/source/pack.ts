/** Packs what an engine elsewhere lacks, from a bare repository of ours into a file. */
import { randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { Fault } from '../../orchestrator/domain/faults.ts';
import type { Sha } from '../../orchestrator/domain/ids.ts';
import { git } from './git.ts';

export type Wanted = {
  readonly git: string;
  /** A repository whose objects are at hand besides. */
  readonly borrowed: string | null;
  readonly want: Sha;
  /** Commits that are there; one that this repository does not know is of no use. */
  readonly have: readonly Sha[];
};

/** Path of a new pack in the folder, with everything of `want` that `have` does not lead to. */
export async function packOf(folder: string, wanted: Wanted): Promise<string> {
  const env =
    wanted.borrowed === null
      ? {}
      : { GIT_ALTERNATE_OBJECT_DIRECTORIES: JSON.stringify(path.join(wanted.borrowed, 'objects')) };
  const here = await known(wanted, env);
  const input = Buffer.from([wanted.want, ...here.map((one) => `^${one}`), ''].join('\n'));
  const into = path.join(folder, randomUUID());
  await mkdir(into);
  const args = ['pack-objects', '--revs', '-q', path.join(into, 'pack')];
  const { stdout } = await git(wanted.git, args, { input, env });
  const [name] = stdout.toString().trim().split('\n');
  if (!name) throw new Fault('git_failed', `git packed nothing of ${wanted.want}`);
  return path.join(into, `pack-${name}.pack`);
}

async function known({ git: at, have }: Wanted, env: Readonly<Record<string, string>>) {
  const input = Buffer.from(have.map((one) => `${one}\n`).join(''));
  const { stdout } = await git(at, ['cat-file', '--batch-check'], { input, env });
  const missing = new Set(
    stdout
      .toString()
      .split('\n')
      .filter((line) => line.endsWith(' missing'))
      .map((line) => line.split(' ')[0]),
  );
  return have.filter((one) => !missing.has(one));
}
