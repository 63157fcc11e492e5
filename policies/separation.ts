/**
 * Whose yes never counts, by what they had to do with the change. It is asked of the human behind a
 * login: of every login of theirs, and of whoever they act for.
 */
import type { LapseCode } from '../orchestrator/domain/approval.ts';
import type { Person } from '../orchestrator/domain/ids.ts';
import type { Excluded, Judgement } from '../orchestrator/domain/judgement.ts';
import { type Lapsed, lapsed } from './lapses.ts';
import { isSamePerson } from './membership.ts';
import type { Involved } from './moment.ts';

type Exclusion = { readonly code: LapseCode; readonly human: Person };
type Asked = { readonly judgement: Judgement; readonly involved: Involved };

/** Why none of these people, who are one vote, may decide; null when nothing speaks against it. */
export function exclusion(people: readonly Person[], asked: Asked): Exclusion | null {
  const humans = [...new Set(people.flatMap((person) => loginsOf(person, asked.involved)))];
  for (const human of humans) {
    const code = reasonFor(human, asked);
    if (code !== null) return { code, human };
  }
  return null;
}

export function separated(
  { by, onBehalfOf, gate }: { by: Person; onBehalfOf: Person | null; gate: string },
  asked: Asked,
): Lapsed | null {
  const { separation } = asked.judgement;
  if (separation.unknownOperator === 'block' && asked.involved.operator === null)
    return lapsed('operator_unknown', { by, gate });
  const found = exclusion(onBehalfOf === null ? [by] : [by, onBehalfOf], asked);
  return found && lapsed(found.code, { by, gate, human: found.human });
}

/** All logins of the human with this one, themselves first. */
export function loginsOf(person: Person, { aliases }: Pick<Involved, 'aliases'>): Person[] {
  const known = aliases.filter((logins) => logins.some((login) => isSamePerson(login, person)));
  return [...new Set([person, ...known.flat()])];
}

export function isSameHuman(a: Person, b: Person, involved: Pick<Involved, 'aliases'>): boolean {
  return loginsOf(a, involved).some((login) => isSamePerson(login, b));
}

function reasonFor(human: Person, { judgement, involved }: Asked): LapseCode | null {
  const { exclude, botsNeverApprove } = judgement.separation;
  const isOne = (people: readonly (Person | null)[]): boolean =>
    people.some((person) => person !== null && isSamePerson(person, human));
  const isAgent = isOne(involved.agents) || provider(human) === 'agent';
  const fits: Record<Excluded, boolean> = {
    requester: isOne([involved.requester]),
    operator: isOne([involved.operator]),
    committers: isOne(involved.committers),
    agents: isAgent,
    'exemption-author': isOne(judgement.exemptions.map(({ grantedBy }) => grantedBy)),
  };
  if (isBot(human) && (botsNeverApprove || exclude.includes('agents'))) return 'bot';
  const found = ORDER.find((reason) => exclude.includes(reason) && fits[reason]);
  return found === undefined ? null : CODES[found];
}

const CODES: Record<Excluded, LapseCode> = {
  requester: 'requester',
  operator: 'operator',
  committers: 'committer',
  agents: 'agent',
  'exemption-author': 'exemption_author',
};
const ORDER = Object.keys(CODES) as Excluded[];

/** Forges end the login of an app in `[bot]`; what is no person's login cannot be one either. */
function isBot(human: string): boolean {
  return provider(human) === 'bot' || human.toLowerCase().endsWith('[bot]');
}

function provider(human: string): string {
  return human.slice(0, Math.max(0, human.indexOf(':'))).toLowerCase();
}
