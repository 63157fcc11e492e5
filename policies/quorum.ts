/**
 * Which approvals are still missing.
 *
 * Where people must be distinct, a person holds one role in the whole change: a seat of one group. A
 * group has as many seats as the gate that asks most of it, and a seat is for who approved every gate
 * that asks for that group. Whether seats and people can be paired at all is the question; taking the
 * first fit would strand a seat that another pairing fills, so this looks for augmenting paths.
 * Elsewhere each gate is counted by itself, and a person counts for every group they are in.
 *
 * Of alternatives one must be filled. Every combination is tried, up to a bound; beyond it only the
 * first alternative of each counts, so that a policy that nobody can weigh opens nothing.
 */
import type { Person } from '../orchestrator/domain/ids.ts';
import type {
  GateJudgement,
  Judgement,
  Requirement,
  Slot,
} from '../orchestrator/domain/judgement.ts';

export type OpenSlot = { readonly gate: string; readonly group: string; readonly missing: number };

/** One human's yes to one gate, and the groups for which it counts. */
export type Vote = {
  readonly gate: string;
  readonly person: Person;
  readonly groups: readonly string[];
};

const COMBINATIONS_MAX = 1000;

type Asked = { readonly gate: string; readonly slots: readonly Slot[] };

/** What of a judgement says who must agree. */
export type Locks = Pick<Judgement, 'distinct'> & {
  readonly gates: readonly Pick<GateJudgement, 'id' | 'approvals'>[];
};

/** `opened` are gates that ask nobody any more. `votes` are those that stand, by human. */
export function openSlots(
  { gates, distinct }: Locks,
  votes: readonly Vote[],
  opened: readonly string[] = [],
): OpenSlot[] {
  const asking = gates.filter(({ id, approvals }) => approvals.length > 0 && !opened.includes(id));
  const count = distinct ? countSeats : countGates;
  let best: OpenSlot[] | null = null;
  for (const asked of combinations(asking)) {
    const found = count(asked, votes);
    if (best === null || missingOf(found) < missingOf(best)) best = found;
    if (best.length === 0) break;
  }
  // Without a combination to try, nothing is filled: what nobody can weigh opens nothing.
  return best ?? asking.map(({ id }) => ({ gate: id, group: '', missing: 1 }));
}

export function missingOf(open: readonly OpenSlot[]): number {
  return open.reduce((sum, { missing }) => sum + missing, 0);
}

/** The most that any of these ask of each group, sorted by name. */
export function mostOf(slots: readonly Slot[]): Slot[] {
  const most = new Map<string, number>();
  for (const { group, count } of slots) most.set(group, Math.max(count, most.get(group) ?? 0));
  return [...most].map(([group, count]) => ({ group, count })).sort(byGroup);
}

function countGates(asked: readonly Asked[], votes: readonly Vote[]): OpenSlot[] {
  return unfilled(asked, (gate, group) => {
    const agreed = votes.filter((vote) => vote.gate === gate && vote.groups.includes(group));
    return new Set(agreed.map(({ person }) => person)).size;
  });
}

function countSeats(asked: readonly Asked[], votes: readonly Vote[]): OpenSlot[] {
  const needed = mostOf(asked.flatMap(({ slots }) => slots));
  const seats = needed.flatMap(({ group, count }) => {
    const people = whoApprovedAll(group, asked, votes);
    return Array.from({ length: count }, () => ({ group, people }));
  });
  const taken = pair(seats);
  return unfilled(asked, (_, group) => taken.filter((seat) => seat === group).length);
}

function unfilled(
  asked: readonly Asked[],
  filled: (gate: string, group: string) => number,
): OpenSlot[] {
  return asked.flatMap(({ gate, slots }) =>
    slots
      .map(({ group, count }) => ({ gate, group, missing: count - filled(gate, group) }))
      .filter(({ missing }) => missing > 0),
  );
}

function whoApprovedAll(
  group: string,
  asked: readonly Asked[],
  votes: readonly Vote[],
): readonly Person[] {
  const gates = asked.filter(({ slots }) => slots.some((slot) => slot.group === group));
  const agreed = votes.filter((vote) => vote.groups.includes(group));
  const people = [...new Set(agreed.map(({ person }) => person))].sort();
  return people.filter((person) =>
    gates.every(({ gate }) => agreed.some((vote) => vote.gate === gate && vote.person === person)),
  );
}

type Seat = { readonly group: string; readonly people: readonly Person[] };

/** The groups of the seats that are taken when as many as possible are, the earlier ones first. */
function pair(seats: readonly Seat[]): string[] {
  const holds = new Map<Person, Seat>();
  const seat = (wanted: Seat, tried: Set<Person>): boolean => {
    for (const person of wanted.people) {
      if (tried.has(person)) continue;
      tried.add(person);
      const other = holds.get(person);
      if (other === undefined || seat(other, tried)) {
        holds.set(person, wanted);
        return true;
      }
    }
    return false;
  };
  for (const wanted of seats) seat(wanted, new Set());
  return [...holds.values()].map(({ group }) => group);
}

/** What the gates ask under each choice of alternatives, the first choices first. */
function* combinations(gates: Locks['gates']): Generator<Asked[]> {
  const choices = gates.flatMap(({ approvals }) => approvals.map(optionsOf));
  const all = choices.reduce((product, options) => product * options.length, 1);
  const last = all <= COMBINATIONS_MAX ? all : 1;
  for (let number = 0; number < last; number += 1) {
    const picked = pick(choices, number);
    let next = 0;
    yield gates.map(({ id, approvals }) => {
      const slots = picked.slice(next, next + approvals.length).flat();
      next += approvals.length;
      return { gate: id, slots: mostOf(slots) };
    });
  }
}

/** The choice with this number; the last alternative moves first. */
function pick(choices: readonly (readonly Slot[])[][], number: number): (readonly Slot[])[] {
  let rest = number;
  return choices
    .toReversed()
    .map((options) => {
      const option = options[rest % options.length] ?? [];
      rest = Math.floor(rest / options.length);
      return option;
    })
    .toReversed();
}

function optionsOf(asked: Requirement): Slot[][] {
  return 'anyOf' in asked ? asked.anyOf : [[asked]];
}

function byGroup(a: Slot, b: Slot): number {
  return a.group < b.group ? -1 : 1;
}
