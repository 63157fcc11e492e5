/** Facts of a sealed tree, read again from its objects whenever somebody needs them. */
import { caseTwins, entriesDigest, parseRawDiff, symlinkProblem } from '../../policies/facts.ts';
import type { LoadedPolicy } from '../../policies/parse.ts';
import type { Entry, Facts } from '../domain/change.ts';
import type { Finding } from '../domain/check.ts';
import type { Sha } from '../domain/ids.ts';
import type { Measured, Source } from '../ports/source.ts';
import type { Place } from '../ports.ts';
import { groupFiles, groupSnapshot } from './groups.ts';

const SYMLINK = '120000';

export type ReadFacts = { facts: Facts } | { refused: Finding[] };
/** The branch that the change is meant for, and the policies that will judge it. */
export type Meant = { readonly base: string; readonly layers: readonly LoadedPolicy[] };

/** The facts, or why no tree like this leaves a workspace. */
export async function factsOf(
  source: Pick<Source, 'rawEntries' | 'measure' | 'treePaths' | 'read'>,
  place: Place,
  tree: Sha,
  meant: Meant,
): Promise<ReadFacts> {
  const parsed = parseRawDiff(await source.rawEntries(place, tree));
  if ('refused' in parsed) return parsed;
  const { entries } = parsed;
  const measured = await source.measure(place, tree, entries);
  const refused = [
    ...twinFindings(await source.treePaths(place, tree), entries),
    ...linkFindings(entries, measured.texts),
  ];
  if (refused.length > 0) return { refused };
  const facts = factsFrom({ base: place.base, tree }, entries, measured);
  const groups = await groupSnapshot(async (path) => {
    const bytes = await source.read(place.repository, place.base, path);
    return bytes === null ? null : Buffer.from(bytes).toString('utf8');
  }, groupFiles(meant.layers));
  // What a workspace gives is one tree: there are no commits in between.
  const target = `refs/heads/${meant.base}`;
  return { facts: { ...facts, target, history: [], groups, madeBy: 'coder' } };
}

/** All that the objects alone say. */
export function factsFrom(
  { base, tree }: { base: Sha; tree: Sha },
  entries: Entry[],
  { addedLines, removedLines, ...blobs }: Measured,
): Omit<Facts, 'target' | 'history' | 'groups' | 'madeBy'> {
  const lines = { addedLines, removedLines };
  const change = { base, tree, entries: entriesDigest(entries), files: entries.length, ...lines };
  return { change, entries, ...blobs };
}

/** Names of the tree that the change makes ambiguous. */
export function twinFindings(paths: readonly string[], entries: readonly Entry[]): Finding[] {
  const stays = entries.filter(({ operation }) => operation !== 'delete');
  return caseTwins(
    paths,
    stays.map(({ path }) => path),
  );
}

/** A symlink whose target nobody could read is refused too. */
export function linkFindings(entries: readonly Entry[], texts: Facts['texts']): Finding[] {
  return entries.flatMap(({ path, newMode, newOid }) => {
    const finding = newMode === SYMLINK ? symlinkProblem(path, texts[newOid] ?? null) : null;
    return finding === null ? [] : [finding];
  });
}
