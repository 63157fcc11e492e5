/**
 * A vote that somebody handed on: to a named human, for certain gates, for a while. Whether the one
 * who handed it on could vote themselves is asked like of anybody else, which also ends it after one
 * hop: who was handed a vote is in no group by that.
 */
import type { Approval } from '../orchestrator/domain/approval.ts';
import type { Person } from '../orchestrator/domain/ids.ts';
import type { Judgement } from '../orchestrator/domain/judgement.ts';
import type { Delegation } from '../orchestrator/domain/records.ts';
import { type Lapsed, lapsed } from './lapses.ts';
import { isSamePerson } from './membership.ts';
import type { Held, Moment } from './moment.ts';

/** Why this vote was not theirs to give; null when it was, or when it is their own. */
export function delegationLapse(
  { onBehalfOf, approver, gate, createdAt }: Approval,
  { judgement, records, now }: Moment,
): Lapsed | null {
  if (onBehalfOf === null) return null;
  const facts = { by: approver.id, gate, human: onBehalfOf };
  if (!mayDelegate(judgement, gate)) return lapsed('delegation_forbidden', facts);
  const ends = records.delegations
    .filter((held) => isFor(held, onBehalfOf, approver.id, gate))
    .filter(({ record }) => Date.parse(record.createdAt) <= Date.parse(createdAt))
    .map(({ record }) => delegationEnd(record, judgement));
  if (ends.length === 0) return lapsed('delegation_missing', facts);
  const end = Math.max(...ends);
  // Both then and now: a vote that was lent for a day is not worth more the day after.
  if (Date.parse(createdAt) < end && Date.parse(now) < end) return null;
  return lapsed('delegation_ended', { ...facts, detail: new Date(end).toISOString() });
}

export function mayDelegate({ delegation }: Judgement, gate: string): boolean {
  return delegation !== null && (delegation.scope === null || delegation.scope.includes(gate));
}

/** The earlier of what it says and what the policy allows. */
export function delegationEnd(
  { createdAt, expiresAt }: Delegation,
  { delegation }: Judgement,
): number {
  return Math.min(Date.parse(expiresAt), Date.parse(createdAt) + (delegation?.maxMs ?? 0));
}

function isFor(
  { record, isAuthentic }: Held<Delegation>,
  from: Person,
  to: Person,
  gate: string,
): boolean {
  const isTheirs = isSamePerson(record.from, from) && isSamePerson(record.to, to);
  return isAuthentic && isTheirs && record.gates.includes(gate);
}
