/** One case on some layers: what was found, and where that is not what was expected. */
import type { Facts } from '../orchestrator/domain/change.ts';
import { Person } from '../orchestrator/domain/ids.ts';
import type { Judgement } from '../orchestrator/domain/judgement.ts';
import { type Count, countedApprovals } from './case-approvals.ts';
import { caseFacts } from './case-facts.ts';
import { decide } from './decide.ts';
import type { Case, Expected } from './fixtures.ts';
import type { LoadedPolicy } from './parse.ts';
import { OWN_GATES } from './schema.ts';

export type Miss = { readonly key: string; readonly expected: string; readonly found: string };

export type CaseResult = {
  readonly name: string;
  readonly misses: readonly Miss[];
  readonly judgement: Judgement;
};

export function runCase(layers: readonly LoadedPolicy[], one: Case, clock: string): CaseResult {
  const now = one.now ?? clock;
  const facts = caseFacts(one, claimedMembers(layers, one));
  const judgement = decide(layers, facts, now);
  const count = (): Count => {
    const who = (login: string): Person => personOf(layers, login);
    return countedApprovals({ facts, judgement, now, personOf: who }, one);
  };
  const misses = [...judgementMisses(judgement, one.expect), ...approvalMisses(count, one.expect)];
  return { name: one.name, misses, judgement };
}

/** Members of groups that the policy names by team or file are those that the case says. */
function claimedMembers(layers: readonly LoadedPolicy[], { approvals }: Case): Facts['groups'] {
  const claimed = new Map<string, Person[]>();
  for (const { by, groups } of approvals) {
    for (const name of groups) {
      const group = layers
        .map(({ policy }) => policy.groups)
        .find((all) => Object.hasOwn(all, name));
      const from = group?.[name]?.from;
      if (!from) continue;
      claimed.set(from, [...(claimed.get(from) ?? []), personOf(layers, by)]);
    }
  }
  return Object.fromEntries(claimed);
}

/** A login without a provider is the one that the policy knows, and GitHub's otherwise. */
export function personOf(layers: readonly LoadedPolicy[], login: string): Person {
  if (login.includes(':')) return Person.parse(login);
  const wanted = login.toLowerCase();
  const known = layers
    .flatMap(({ policy }) => Object.values(policy.groups).flatMap(({ members }) => members ?? []))
    .filter((member) => member.split(':')[1] === wanted)
    .sort();
  return known[0] ?? Person.parse(`github:${wanted}`);
}

function judgementMisses(judgement: Judgement, expect: Expected): Miss[] {
  const { decision, class: risk, validators, denials_contain: denial } = expect;
  const denials = judgement.denials.map(({ message }) => message);
  return [
    ...word('decision', decision, judgement.verdict),
    ...word('class', risk, judgement.riskClass),
    ...gateMisses(judgement, expect),
    ...needMisses(judgement, expect),
    ...(validators === undefined
      ? []
      : word('validators', list(validators), list(judgement.validators))),
    ...(denial === undefined || denials.some((message) => message.includes(denial))
      ? []
      : [{ key: 'denials_contain', expected: denial, found: denials.join(' ') || 'no denial' }]),
  ];
}

function gateMisses(
  { gates: found }: Judgement,
  { gates, includes_gates: some }: Expected,
): Miss[] {
  const ids = found.map(({ id }) => id);
  const isOwn = (id: string): boolean => OWN_GATES.some((own) => own === id);
  const counted = ids.filter((id) => !isOwn(id) || gates?.includes(id));
  const lacking = (some ?? []).filter((id) => !ids.includes(id));
  return [
    ...(gates === undefined ? [] : word('gates', list(gates), list(counted))),
    ...(lacking.length > 0
      ? [{ key: 'includes_gates', expected: list(lacking), found: list(ids) }]
      : []),
  ];
}

function needMisses({ needs: found }: Judgement, { needs }: Expected): Miss[] {
  const wrong = Object.entries(needs ?? {}).filter(([group, count]) => {
    return (found.find((slot) => slot.group === group)?.count ?? 0) !== count;
  });
  if (wrong.length === 0) return [];
  const text = (all: readonly (readonly [string, number])[]): string =>
    all.map(([group, count]) => `${group} ×${count}`).join(', ') || 'nobody';
  return [
    {
      key: 'needs',
      expected: text(wrong),
      found: text(found.map(({ group, count }) => [group, count] as const)),
    },
  ];
}

function approvalMisses(
  count: () => Count,
  { satisfied, reason_contains: reason }: Expected,
): Miss[] {
  if (satisfied === undefined && reason === undefined) return [];
  const { satisfied: found, reasons } = count();
  const told = reasons.join(' ') || 'no reason';
  return [
    ...(satisfied === undefined || satisfied === found
      ? []
      : [{ key: 'satisfied', expected: String(satisfied), found: `${found}: ${told}` }]),
    ...(reason === undefined || reasons.some((one) => one.includes(reason))
      ? []
      : [{ key: 'reason_contains', expected: reason, found: told }]),
  ];
}

function word(key: string, expected: string | undefined, found: string): Miss[] {
  return expected === undefined || expected === found ? [] : [{ key, expected, found }];
}

function list(items: readonly string[]): string {
  return [...new Set(items)].sort().join(', ') || 'none';
}
