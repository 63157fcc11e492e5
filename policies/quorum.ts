/**
 * Which approvals are still missing.
 *
 * Where people must be distinct, one person fills one slot of the whole change, and the question is
 * whether slots and people can be paired at all. Taking the first fit would strand a slot that
 * another pairing fills, so this looks for augmenting paths.
 */
import type { Approval } from '../orchestrator/domain/approval.ts';
import type { Person } from '../orchestrator/domain/ids.ts';
import type { Judgement } from '../orchestrator/domain/judgement.ts';
import { named } from './schema.ts';

export type OpenSlot = { readonly gate: string; readonly group: string; readonly missing: number };

/** `approvals` are those that stand (see `standing`); `excluded` never count, whatever they signed. */
export function openSlots(
  judgement: Judgement,
  approvals: readonly Approval[],
  excluded: readonly Person[],
): OpenSlot[] {
  const asked = judgement.gates.flatMap(({ id, approvals: slots }) =>
    slots.map(({ group, count }) => {
      const members = named(judgement.groups, group) ?? [];
      const agreed = approvals
        .filter(({ binding, by }) => binding.gate === id && members.includes(by))
        .map(({ by }) => by)
        .filter((person) => !excluded.includes(person));
      return { gate: id, group, count, people: [...new Set(agreed)].sort() };
    }),
  );
  const filled = judgement.distinct ? pair(asked) : asked.map(({ people }) => people.length);
  return asked
    .map(({ gate, group, count }, index) => ({
      gate,
      group,
      missing: count - (filled[index] ?? 0),
    }))
    .filter(({ missing }) => missing > 0);
}

type Asked = { readonly count: number; readonly people: readonly Person[] };

/** How many of each are filled when as many as possible are, each person standing in for one. */
function pair(asked: readonly Asked[]): number[] {
  const places = asked.flatMap(({ count }, index) => Array.from({ length: count }, () => index));
  const holds = new Map<Person, number>();
  const seat = (place: number, tried: Set<Person>): boolean => {
    const people = asked[places[place] ?? -1]?.people ?? [];
    for (const person of people) {
      if (tried.has(person)) continue;
      tried.add(person);
      const other = holds.get(person);
      if (other === undefined || seat(other, tried)) {
        holds.set(person, place);
        return true;
      }
    }
    return false;
  };
  for (const place of places.keys()) seat(place, new Set());
  const seated = [...holds.values()].map((place) => places[place]);
  return asked.map((_, index) => seated.filter((slot) => slot === index).length);
}
