/** What another policy would have said of changes that have landed: each is judged by both, now. */
import type { Facts } from '../orchestrator/domain/change.ts';
import type { Judgement } from '../orchestrator/domain/judgement.ts';
import type { LandedName, Replay } from '../orchestrator/domain/policy-change.ts';
import { isAsking, pathsOf } from './candidate.ts';
import { decide } from './decide.ts';
import { loosenings } from './looser.ts';
import type { LoadedPolicy } from './parse.ts';

export type Landed = LandedName & ({ readonly facts: Facts } | { readonly refused: string });

export type Sides = {
  readonly before: readonly LoadedPolicy[];
  readonly after: readonly LoadedPolicy[];
};

type Pair = LandedName & {
  readonly paths: readonly string[];
  readonly before: Judgement;
  readonly after: Judgement;
};

/** Facts of hundreds of changes are large, so each change is looked at once and let go. */
export async function replay(
  changes: AsyncIterable<Landed>,
  sides: Sides,
  now: string,
): Promise<Replay> {
  const pairs: Pair[] = [];
  const refused: Replay['refused'][number][] = [];
  for await (const { commit, title, when, ...read } of changes) {
    const name = { commit, title, when };
    if ('refused' in read) refused.push({ ...name, why: read.refused });
    else pairs.push({ ...name, ...judged(read.facts, sides, now) });
  }
  return { ...compared(pairs), refused };
}

function judged(facts: Facts, { before, after }: Sides, now: string) {
  return {
    paths: pathsOf(facts.entries),
    before: decide(before, facts, now),
    after: decide(after, facts, now),
  };
}

function compared(pairs: readonly Pair[]): Omit<Replay, 'refused'> {
  const weeks = weeksOf(pairs);
  return {
    judged: pairs.length,
    loosened: pairs.flatMap(({ before, after, ...name }) => {
      const found = loosenings(before, after);
      const isFree = before.verdict !== 'allow' && after.verdict === 'allow';
      return found.length === 0 ? [] : [{ ...name, loosenings: found, isFree }];
    }),
    gated: pairs.flatMap(({ before, after, ...name }) => {
      if (before.verdict !== 'allow' || after.verdict === 'allow') return [];
      return [{ ...name, gates: asking(after) }];
    }),
    gates: counted(pairs, (judgement) => asking(judgement).map((id) => [id, 1])).map(
      ({ name, ...counts }) => ({ id: name, ...counts }),
    ),
    load: counted(pairs, ({ needs }) => needs.map(({ group, count }) => [group, count])).map(
      ({ name, before, after }) => ({
        group: name,
        before: before / weeks,
        after: after / weeks,
      }),
    ),
    weeks,
  };
}

function asking({ gates }: Judgement): string[] {
  return gates.filter(isAsking).map(({ id }) => id);
}

type Count = readonly [name: string, count: number];

function counted(
  pairs: readonly Pair[],
  of: (judgement: Judgement) => Count[],
): { name: string; before: number; after: number }[] {
  const sums = new Map<string, { before: number; after: number }>();
  const add = (side: 'before' | 'after', judgement: Judgement): void => {
    for (const [name, count] of of(judgement)) {
      const sum = sums.get(name) ?? { before: 0, after: 0 };
      sums.set(name, { ...sum, [side]: sum[side] + count });
    }
  };
  for (const { before, after } of pairs) {
    add('before', before);
    add('after', after);
  }
  return [...sums]
    .map(([name, sum]) => ({ name, ...sum }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

const WEEK_MS = 7 * 86_400_000;

/** Fewer than a week says little of a week, so it counts as one. */
function weeksOf(pairs: readonly Pair[]): number {
  const times = pairs.map(({ when }) => Date.parse(when)).filter(Number.isFinite);
  const first = times.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const last = times.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  return Math.max(1, (last - first) / WEEK_MS || 1);
}
