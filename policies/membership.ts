/** Who is in which group, and which groups a gate asks for. */
import type { Person } from '../orchestrator/domain/ids.ts';
import type { Assurance, GateJudgement, Judgement } from '../orchestrator/domain/judgement.ts';
import { Assurance as AssuranceSchema } from '../orchestrator/domain/judgement.ts';

type Group = Judgement['groups'][string];

/** A group that nobody declares has no members, whatever it is called. */
export function groupOf({ groups }: Pick<Judgement, 'groups'>, name: string): Group {
  return (Object.hasOwn(groups, name) ? groups[name] : undefined) ?? NOBODY;
}

const NOBODY: Group = { members: [], minAssurance: 'signed' };

export function isIn(judgement: Pick<Judgement, 'groups'>, person: Person, group: string): boolean {
  return groupOf(judgement, group).members.some((member) => isSamePerson(member, person));
}

/** Every group that any of the gate's alternatives names, in order, each once. */
export function groupsAsked({ approvals }: Pick<GateJudgement, 'approvals'>): string[] {
  const slots = approvals.flatMap((asked) => ('anyOf' in asked ? asked.anyOf.flat() : [asked]));
  return [...new Set(slots.map(({ group }) => group))];
}

export function isEnough(given: Assurance, least: Assurance): boolean {
  const { options } = AssuranceSchema;
  return options.indexOf(given) >= options.indexOf(least);
}

/** Logins that differ in case only are one person. */
export function isSamePerson(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
