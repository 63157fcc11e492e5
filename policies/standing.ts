/**
 * Whether a yes still counts. It names digests, never a time or a branch, and is asked again each time
 * it is used: it counts only while everything that its giver saw is still so, and they still may.
 */
import type { Approval } from '../orchestrator/domain/approval.ts';
import type { Person } from '../orchestrator/domain/ids.ts';
import type { GateJudgement } from '../orchestrator/domain/judgement.ts';
import { bound, misplaced } from './binding.ts';
import { delegationLapse } from './delegation.ts';
import { type Lapsed, lapsed } from './lapses.ts';
import { groupOf, groupsAsked, isEnough, isIn } from './membership.ts';
import { gateOf, type Held, type Moment } from './moment.ts';
import { isSameHuman, separated } from './separation.ts';
import { standingVetoes } from './veto.ts';

/** Clocks of two machines differ; an approval from further ahead is a forged or broken one. */
const CLOCK_SKEW_MS = 5 * 60_000;

/** `groups` are those for which it counts; `carried` says that the change is not the very one seen. */
export type Standing =
  | { readonly counts: true; readonly carried: boolean; readonly groups: readonly string[] }
  | Lapsed;

/** The first reason in this order is the one that is told. */
export function standing(held: Held<Approval>, moment: Moment): Standing {
  const { record } = held;
  const facts = { by: record.approver.id, gate: record.gate };
  if (!held.isAuthentic) return lapsed('bad_signature', facts);
  if (isRepeated(held, moment)) return lapsed('repeated', facts);
  const place = misplaced(record, moment);
  if (place !== null) return lapsed(place, facts);
  const gate = gateOf(moment, record.gate);
  if (gate === null) return lapsed('gate_gone', facts);
  return (
    withdrawn(held, moment) ??
    separated({ ...facts, onBehalfOf: record.onBehalfOf }, moment) ??
    delegationLapse(record, moment) ??
    timeLapse(record, gate, moment.now) ??
    changeLapse(record, moment) ??
    counted(record, gate, moment)
  );
}

/** A record that somebody wrote down a second time says nothing new, and does not become the latest. */
function isRepeated(held: Held<Approval>, { records }: Moment): boolean {
  const first = records.approvals.find(({ record }) => record.id === held.record.id);
  return first !== undefined && first !== held;
}

function withdrawn(held: Held<Approval>, moment: Moment): Lapsed | null {
  const { record } = held;
  const facts = { by: record.approver.id, gate: record.gate };
  if (isRevoked(record, moment)) return lapsed('revoked', facts);
  if (isSuperseded(held, moment)) return lapsed('superseded', facts);
  const veto = standingVetoes(moment).find(({ gate }) => gate === record.gate);
  return veto ? lapsed('vetoed', { ...facts, detail: veto.approver.id }) : null;
}

/** Taking back opens nothing, so it is believed without a signature; but only from whose yes it is. */
function isRevoked({ id, approver, onBehalfOf }: Approval, moment: Moment): boolean {
  const theirs = [approver.id, ...(onBehalfOf === null ? [] : [onBehalfOf])];
  return moment.records.revocations.some(
    ({ record }) =>
      record.approval === id &&
      record.task === moment.task &&
      theirs.some((person) => isSameHuman(person, record.by, moment.involved)),
  );
}

/** The latest decision of a person on a gate is theirs, whoever wrote it down for them. */
function isSuperseded(held: Held<Approval>, moment: Moment): boolean {
  const { approvals } = moment.records;
  const mine = voterOf(held.record);
  const place = approvals.indexOf(held);
  return approvals.some((later, index) => {
    if (place === -1 || index <= place) return false;
    const { record } = later;
    const isSame =
      record.gate === held.record.gate && isSameHuman(voterOf(record), mine, moment.involved);
    // A later yes opens, so it must be signed; a later no shuts and need not be.
    const isReal = later.isAuthentic || record.decision === 'reject';
    return isSame && isReal && !isRepeated(later, moment) && misplaced(record, moment) === null;
  });
}

function voterOf({ approver, onBehalfOf }: Approval): Person {
  return onBehalfOf ?? approver.id;
}

function timeLapse(
  { approver, gate: id, createdAt, expiresAt }: Approval,
  gate: GateJudgement,
  now: string,
): Lapsed | null {
  const facts = { by: approver.id, gate: id };
  const given = Date.parse(createdAt);
  const moment = Date.parse(now);
  const ends = Math.min(Date.parse(expiresAt), given + gate.expiresMs);
  if (Number.isNaN(given) || Number.isNaN(moment) || Number.isNaN(ends))
    return lapsed('time_unreadable', facts);
  if (given > moment + CLOCK_SKEW_MS)
    return lapsed('from_the_future', { ...facts, detail: createdAt });
  if (moment < ends) return null;
  return lapsed('expired', { ...facts, detail: new Date(ends).toISOString() });
}

function changeLapse(record: Approval, moment: Moment): Lapsed | null {
  const found = bound(record, moment);
  return found.holds ? null : lapsed(found.code, { by: record.approver.id, gate: record.gate });
}

/** A member then and a member now, known well enough for the group. */
function counted(record: Approval, gate: GateJudgement, moment: Moment): Standing {
  const { judgement } = moment;
  const { approver, onBehalfOf } = record;
  const voter = voterOf(record);
  const asked = groupsAsked(gate);
  const facts = { by: approver.id, gate: gate.id, human: onBehalfOf ?? undefined };
  const then = asked.filter((group) => approver.groups.includes(group));
  if (then.length === 0)
    return lapsed('not_a_member', { ...facts, detail: asked.join(' or ') || 'any group' });
  const now = then.filter((group) => isIn(judgement, voter, group));
  if (now.length === 0) return lapsed('left_the_group', { ...facts, detail: then.join(' or ') });
  const groups = now.filter((group) =>
    isEnough(record.auth.assurance, groupOf(judgement, group).minAssurance),
  );
  if (groups.length === 0)
    return lapsed('weak_assurance', { ...facts, detail: record.auth.assurance });
  const found = bound(record, moment);
  return { counts: true, carried: found.holds && found.carried, groups };
}

/** The gates on which this person could decide, each with the groups by which, or why on none. */
export function eligible(
  person: Person,
  onBehalfOf: Person | null,
  moment: Moment,
): { gates: { id: string; groups: string[] }[] } | { reason: string } {
  const { judgement } = moment;
  const excluded = separated({ by: person, onBehalfOf, gate: '' }, moment);
  if (excluded) return { reason: excluded.reason };
  const asking = judgement.gates.filter(({ approvals }) => approvals.length > 0);
  if (asking.length === 0) return { reason: 'No gate of this change asks for anybody.' };
  const voter = onBehalfOf ?? person;
  const gates = asking
    .map((gate) => ({
      id: gate.id,
      groups: groupsAsked(gate).filter((group) => isIn(judgement, voter, group)),
    }))
    .filter(({ groups }) => groups.length > 0);
  if (gates.length > 0) return { gates };
  const groups = [...new Set(asking.flatMap(groupsAsked))].sort().join(', ');
  return { reason: `${voter} is in none of the groups this change asks for: ${groups}.` };
}
