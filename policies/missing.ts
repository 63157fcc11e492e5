/**
 * Who could still fill what is missing. Everybody who may decide is tried in turn, as if they had
 * approved all they can: whoever would bring the change nearer is a candidate, also one who only
 * frees somebody else for a seat. What all of them together could not fill, nobody can.
 */
import type { Person } from '../orchestrator/domain/ids.ts';
import type { HumanOf } from './humans.ts';
import { groupOf, groupsAsked, isIn, isSamePerson } from './membership.ts';
import type { Moment } from './moment.ts';
import { missingOf, type OpenSlot, openSlots, type Vote } from './quorum.ts';
import { exclusion } from './separation.ts';

export type Missing = OpenSlot & {
  readonly candidates: readonly Person[];
  /** Why nobody can fill it; null when somebody can. */
  readonly deadlock: string | null;
};

export type Found = {
  readonly votes: readonly Vote[];
  readonly humanOf: HumanOf;
  readonly open: readonly OpenSlot[];
  readonly opened: readonly string[];
};

export function stillMissing(moment: Moment, found: Found): Missing[] {
  if (found.open.length === 0) return [];
  const people = mayDecide(moment);
  const withAll = (some: readonly Person[]): OpenSlot[] => {
    const votes = [...found.votes, ...some.flatMap((login) => votesOf(login, found, moment))];
    return openSlots(moment.judgement, votes, found.opened);
  };
  const tried = people.map((person) => ({ person, after: withAll([person]) }));
  const nearer = tried.filter(({ after }) => missingOf(after) < missingOf(found.open));
  const atBest = withAll(people);
  return found.open.map((slot) => ({
    ...slot,
    candidates: nearer
      .filter(({ after }) => missingIn(after, slot) < slot.missing)
      .map(({ person }) => person),
    deadlock: missingIn(atBest, slot) > 0 ? deadlock(slot, moment) : null,
  }));
}

/** Everybody in a group that some gate asks for, but those who never count, sorted. */
export function mayDecide(moment: Moment): Person[] {
  const { judgement, involved } = moment;
  if (judgement.separation.unknownOperator === 'block' && involved.operator === null) return [];
  const groups = new Set(judgement.gates.flatMap(groupsAsked));
  const people = [...groups].flatMap((group) => groupOf(judgement, group).members);
  return [...new Set(people)].filter((person) => exclusion([person], moment) === null).sort();
}

/** As if this person had approved everything they can. */
function votesOf(login: Person, { humanOf }: Found, { judgement }: Moment): Vote[] {
  return judgement.gates.map((gate) => ({
    gate: gate.id,
    person: humanOf(login),
    groups: groupsAsked(gate).filter((group) => isIn(judgement, login, group)),
  }));
}

function missingIn(open: readonly OpenSlot[], { gate, group }: OpenSlot): number {
  return open.find((slot) => slot.gate === gate && slot.group === group)?.missing ?? 0;
}

function deadlock({ group }: OpenSlot, moment: Moment): string {
  const { members } = groupOf(moment.judgement, group);
  if (members.length === 0) return `${group} has no members.`;
  const able = mayDecide(moment);
  const others = members.filter((person) => !able.some((one) => isSamePerson(one, person)));
  const why = others.map((person) => `${person} ${hindrance(person, moment)}`).join(', ');
  const size = members.length === 1 ? 'one member' : `${members.length} members`;
  return `${group} has ${size}${why === '' ? '' : `; ${why}`}.`;
}

function hindrance(person: Person, moment: Moment): string {
  const code = exclusion([person], moment)?.code;
  return (code && WHY[code]) ?? 'cannot be told from who steered this run';
}

const WHY: Readonly<Record<string, string>> = {
  requester: 'requested this task',
  operator: 'steered this run',
  committer: 'has commits in this change',
  agent: 'is an agent',
  bot: 'is a bot',
  exemption_author: 'granted an exemption that it uses',
};
