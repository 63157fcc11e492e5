/**
 * A rejection by somebody who may decide on a gate keeps that gate shut, whatever others say and
 * whatever becomes of the change. It ends when the same person approves or lifts it, or when somebody
 * in every group of escalation lifts it with a reason. What shuts needs no signature; what opens does.
 */
import type { Approval } from '../orchestrator/domain/approval.ts';
import type { Person } from '../orchestrator/domain/ids.ts';
import type { VetoLift } from '../orchestrator/domain/records.ts';
import { misplaced } from './binding.ts';
import { groupOf, groupsAsked, isEnough, isIn } from './membership.ts';
import { gateOf, type Held, type Moment } from './moment.ts';
import { exclusion, isSameHuman } from './separation.ts';

/** The vetoes that keep a gate of this change shut. */
export function standingVetoes(moment: Moment): Approval[] {
  return moment.records.approvals
    .map(({ record }, index) => ({ record, index }))
    .filter(({ record }) => isVeto(record, moment))
    .filter(({ record, index }) => !isEnded(record, index, moment))
    .map(({ record }) => record);
}

function isVeto(record: Approval, moment: Moment): boolean {
  const gate = gateOf(moment, record.gate);
  if (record.decision !== 'reject' || gate === null || misplaced(record, moment)) return false;
  const asked = groupsAsked(gate);
  // As they were when it was given: who leaves a group does not open what they shut.
  const couldDecide = record.approver.groups.some((group) => asked.includes(group));
  return couldDecide && exclusion([record.approver.id], moment) === null;
}

function isEnded(veto: Approval, index: number, moment: Moment): boolean {
  const { approvals, lifts } = moment.records;
  const isTakenBack = approvals.slice(index + 1).some(({ record, isAuthentic }) => {
    const isYes = record.decision === 'approve' && record.gate === veto.gate;
    const isTheirs = isSameHuman(record.approver.id, veto.approver.id, moment.involved);
    return isAuthentic && isYes && isTheirs && misplaced(record, moment) === null;
  });
  return isTakenBack || lifts.some((lift) => hasLifted(lift, veto, moment));
}

function hasLifted(
  { record, isAuthentic }: Held<VetoLift>,
  veto: Approval,
  moment: Moment,
): boolean {
  if (!isAuthentic || record.veto !== veto.id || record.task !== moment.task) return false;
  const { id, groups } = record.by;
  if (isSameHuman(id, veto.approver.id, moment.involved)) return true;
  const { separation, groups: all } = moment.judgement;
  const isTheirs = separation.escalation.every(
    (group) =>
      groups.includes(group) &&
      isEnough(record.auth.assurance, groupOf({ groups: all }, group).minAssurance),
  );
  return isTheirs && mayEscalate(id, moment);
}

/** Whether this person may lift a veto of somebody else. Nobody may where no group is named. */
export function mayEscalate(person: Person, moment: Moment): boolean {
  const { escalation } = moment.judgement.separation;
  const isInAll = escalation.every((group) => isIn(moment.judgement, person, group));
  return escalation.length > 0 && isInAll && exclusion([person], moment) === null;
}
