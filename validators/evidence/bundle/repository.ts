/** What a repository says of the change of a bundle, and where that is not what the bundle says. Pure. */
import { canonical, type Json } from '../../../orchestrator/domain/canonical.ts';
import type { Facts } from '../../../orchestrator/domain/change.ts';
import type { Sha } from '../../../orchestrator/domain/ids.ts';
import type { Claims } from './claims.ts';
import { shown } from './steps.ts';

/** Read from the objects of a repository at the base and the tree that a bundle names. */
export type RepositoryReading = {
  /** `diff-tree` of the two, as git wrote it. */
  readonly raw: Uint8Array;
  readonly facts: Facts;
  /** The policy of the repository at the base; null when there is none. */
  readonly policy: Uint8Array | null;
  /** The commit that was named, or the tip of the run's branch; null when there is none. */
  readonly commit: { readonly id: Sha; readonly tree: Sha; readonly message: string } | null;
};

export type RepositoryAnswer =
  | RepositoryReading
  /** It lacks what the bundle names, or git would not read it. */
  | { readonly lacks: string };

/** Facts without the texts that are withheld: what the bundle has of them. */
export function withoutTexts(facts: Facts, withheld: readonly string[]): Facts {
  const texts = Object.entries(facts.texts).filter(([oid]) => !withheld.includes(oid));
  return { ...facts, texts: Object.fromEntries(texts) };
}

export function factProblems({ facts, decision }: Claims, read: RepositoryReading): string[] {
  const theirs = withoutTexts(read.facts, decision.withheld);
  return (Object.keys(facts) as (keyof Facts)[]).flatMap((key) => {
    const [said, is] = [canonical(facts[key] as Json), canonical(theirs[key] as Json)];
    return said === is
      ? []
      : [`inputs/facts.json says of ${key} what the repository does not: ${difference(said, is)}`];
  });
}

export function commitProblems(
  { facts }: Claims,
  { commit }: RepositoryReading,
  bundle: string,
): string[] {
  if (commit === null) return [];
  const { tree } = facts.change;
  if (commit.tree !== tree)
    return [`commit ${commit.id} has tree ${commit.tree}, and the bundle is about tree ${tree}`];
  // The last one: a title may look like a trailer.
  const named = [...commit.message.matchAll(/^Proofhouse-Bundle: (\S+)$/gm)].at(-1)?.[1] ?? null;
  if (named === null || named === bundle) return [];
  return [`commit ${commit.id} names the bundle ${shown(named)}, and this one is ${bundle}`];
}

/** The first place in which two texts differ. */
export function difference(said: string, is: string): string {
  let at = 0;
  while (at < said.length && said[at] === is[at]) at += 1;
  const around = (text: string): string => shown(text.slice(Math.max(0, at - 20), at + 40));
  return `"${around(said)}" where it is "${around(is)}"`;
}
