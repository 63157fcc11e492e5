/**
 * Votes are counted by human and not by login. Who acts for another and that other are one as well:
 * two votes of one pair of eyes, or one vote lent twice, are never two people.
 */
import type { Approval } from '../orchestrator/domain/approval.ts';
import type { Person } from '../orchestrator/domain/ids.ts';
import { isSamePerson } from './membership.ts';
import type { Involved } from './moment.ts';
import { loginsOf } from './separation.ts';

/** One login for each human, the same for all of theirs. */
export type HumanOf = (login: Person) => Person;

export function humansIn(
  votes: readonly Pick<Approval, 'approver' | 'onBehalfOf'>[],
  involved: Pick<Involved, 'aliases'>,
): HumanOf {
  const circles = votes.reduce<Person[][]>((known, { approver, onBehalfOf }) => {
    const people = onBehalfOf === null ? [approver.id] : [approver.id, onBehalfOf];
    const logins = people.flatMap((person) => loginsOf(person, involved));
    const touching = known.filter((circle) => circle.some((one) => has(logins, one)));
    const apart = known.filter((circle) => !touching.includes(circle));
    return [...apart, [...touching.flat(), ...logins]];
  }, []);
  return (login) => {
    const logins = loginsOf(login, involved);
    const circle = circles.find((people) => logins.some((one) => has(people, one))) ?? logins;
    return circle.toSorted()[0] ?? login;
  };
}

function has(people: readonly Person[], person: Person): boolean {
  return people.some((one) => isSamePerson(one, person));
}
