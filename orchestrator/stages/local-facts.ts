/**
 * Facts of changes in a person's own repository, for those who want to know what a policy would say.
 * They are as strict as those of a sealed tree, but for twins in what has long landed.
 */
import { parseHistory, parseRawDiff } from '../../policies/facts.ts';
import type { Entry } from '../domain/change.ts';
import type { Sha } from '../domain/ids.ts';
import type { LandedChange, LocalRepository, RawChange } from '../ports/source.ts';
import { factsFrom, linkFindings, type ReadFacts, twinFindings } from './facts.ts';

/** What `head` changes since it parted from `base`. */
export async function localFacts(
  local: LocalRepository,
  base: Sha,
  head: Sha,
  target: string,
): Promise<ReadFacts> {
  return readWhole(local, await local.change(base, head), target);
}

/** What would land if `head` were merged into a branch with this tip. */
export async function landingFacts(
  local: LocalRepository,
  tip: Sha,
  head: Sha,
  target: string,
): Promise<ReadFacts | { conflicts: readonly string[] }> {
  const change = await local.landing(tip, head);
  return 'conflicts' in change ? change : readWhole(local, change, target);
}

/** What landed once. Its tree is not looked at as a whole, which for hundreds would take too long. */
export function landedFacts(change: LandedChange, target: string): ReadFacts {
  return readChange(change, target);
}

async function readWhole(
  local: LocalRepository,
  change: RawChange,
  target: string,
): Promise<ReadFacts> {
  const read = readChange(change, target);
  if ('refused' in read) return read;
  const twins = twinFindings(await local.paths(change.tree), read.facts.entries);
  return twins.length > 0 ? { refused: twins } : read;
}

function readChange({ raw, history, measured, ...change }: RawChange, target: string): ReadFacts {
  const parsed = parseRawDiff(raw);
  if ('refused' in parsed) return parsed;
  const links = linkFindings(parsed.entries, measured.texts);
  if (links.length > 0) return { refused: links };
  const facts = factsFrom(change, parsed.entries, measured);
  return {
    facts: {
      ...facts,
      target,
      history: inBetween(history, parsed.entries),
      groups: {},
      madeBy: null,
    },
  };
}

/** What the change itself shows is looked at there, and once is enough. */
function inBetween(raw: Uint8Array, entries: readonly Entry[]): Entry[] {
  const shown = new Map(entries.map(({ path, newOid }) => [path, newOid]));
  const seen = new Set<string>();
  return parseHistory(raw).filter(({ path, oldOid, newOid }) => {
    const key = `${oldOid} ${newOid} ${path}`;
    if (seen.has(key) || shown.get(path) === newOid) return false;
    seen.add(key);
    return true;
  });
}
