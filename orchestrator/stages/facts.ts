/** Facts of a sealed tree, read again from its objects whenever somebody needs them. */
import { caseTwins, entriesDigest, parseRawDiff, symlinkProblem } from '../../policies/facts.ts';
import type { Entry, Facts } from '../domain/change.ts';
import type { Finding } from '../domain/check.ts';
import type { Sha } from '../domain/ids.ts';
import type { Task } from '../domain/task.ts';
import type { Place, Source } from '../ports.ts';

const SYMLINK = '120000';

/** The facts, or why no tree like this leaves a workspace. */
export async function factsOf(
  source: Source,
  place: Place,
  tree: Sha,
  task: Pick<Task, 'base'>,
): Promise<{ facts: Facts } | { refused: Finding[] }> {
  const parsed = parseRawDiff(await source.rawEntries(place, tree));
  if ('refused' in parsed) return parsed;
  const { entries } = parsed;
  const touched = entries.filter(({ operation }) => operation !== 'delete').map(({ path }) => path);
  const refused = [
    ...caseTwins(await source.treePaths(place, tree), touched),
    ...(await symlinkProblems(source, place, entries)),
  ];
  if (refused.length > 0) return { refused };
  const { blobBytes, binary, ...lines } = await source.measure(place, tree, entries);
  const change = {
    base: place.base,
    tree,
    entries: entriesDigest(entries),
    files: entries.length,
    ...lines,
  };
  return { facts: { change, entries, blobBytes, binary, target: `refs/heads/${task.base}` } };
}

async function symlinkProblems(
  source: Source,
  place: Place,
  entries: readonly Entry[],
): Promise<Finding[]> {
  const found: Finding[] = [];
  for (const { path, newMode, newOid } of entries) {
    if (newMode !== SYMLINK) continue;
    const target = Buffer.from(await source.blob(place, newOid)).toString('utf8');
    const problem = symlinkProblem(path, target);
    if (problem !== null) found.push(problem);
  }
  return found;
}
