/** Which packages may be fetched: those that the base commit's lockfiles name, each with its hash. */
import { LOCKFILE_NAMES, lockedPackages } from '../../policies/locked-packages.ts';
import { Fault } from '../domain/faults.ts';
import type { PackageList, Place } from '../ports.ts';
import type { StageTools } from './tools.ts';
import type { SetUp } from './workspace.ts';

export const NO_PACKAGES: PackageList = { names: [], tarballs: [] };

/** Of npm: the files of others could be checked against nothing, and set-up may not need them. */
const ROOT_LOCKFILES = ['npm-shrinkwrap.json', 'package-lock.json'];

/** Throws `lockfile_refused` with every reason when one names what could not be checked. */
export async function packagesOf(
  { source }: Pick<StageTools, 'source'>,
  { repository, base }: Place,
  keyedBy: SetUp['keyedBy'],
): Promise<PackageList> {
  const lists: PackageList[] = [];
  const problems: string[] = [];
  // Where anything in the base commit decides what is installed, its lockfiles are at its root.
  for (const path of (keyedBy ?? ROOT_LOCKFILES).filter(isLockfile)) {
    const bytes = await source.read(repository, base, path);
    if (bytes === null) continue;
    const locked = lockedPackages(Buffer.from(bytes).toString('utf8'), path);
    if (!('problems' in locked)) lists.push(locked);
    else {
      const at = (line: number | null): string => (line === null ? path : `${path}:${line}`);
      problems.push(...locked.problems.map(({ line, message }) => `${at(line)}: ${message}`));
    }
  }
  if (problems.length > 0) throw new Fault('lockfile_refused', problems.join('\n'));
  return {
    names: [...new Set(lists.flatMap(({ names }) => names))],
    tarballs: lists.flatMap(({ tarballs }) => tarballs),
  };
}

function isLockfile(path: string): boolean {
  return LOCKFILE_NAMES.includes(path.slice(path.lastIndexOf('/') + 1));
}
