/**
 * Whether what a person agreed to is what is there now. Digests are compared, never times or commits:
 * a squash or a reworded message changes nothing, a moved byte under the gate changes everything.
 */
import type { Approval, LapseCode } from '../orchestrator/domain/approval.ts';
import type { GateJudgement } from '../orchestrator/domain/judgement.ts';
import { gateOf, type Moment } from './moment.ts';

/** `carried`: it still holds, though the change is not the very one that was looked at. */
export type Bound = { readonly holds: true; readonly carried: boolean } | Broken;
type Broken = { readonly holds: false; readonly code: LapseCode };

const HOLDS: Bound = { holds: true, carried: false };
const CARRIED: Bound = { holds: true, carried: true };

/** The place it was given for. No bind level lets a yes travel to another. */
export function misplaced(
  { subject, task }: Pick<Approval, 'subject' | 'task'>,
  moment: Moment,
): LapseCode | null {
  if (subject.repo !== moment.repo) return 'other_repository';
  if (subject.targetRef !== moment.targetRef) return 'other_target';
  return task === moment.task ? null : 'other_task';
}

export function bound(approval: Approval, moment: Moment): Bound {
  const gate = gateOf(moment, approval.gate);
  if (gate === null) return broken('gate_gone');
  if (approval.policy.gate !== gate.definition) return broken('gate_redefined');
  // Nothing below can carry a yes over a change under its own gate.
  if (approval.subject.scope !== gate.scope) return broken('scope_changed');
  return LEVELS[gate.bind](approval, gate, moment);
}

type Level = (approval: Approval, gate: GateJudgement, moment: Moment) => Bound;

const LEVELS: Record<GateJudgement['bind'], Level> = {
  change: ({ subject }, gate, { change }) => {
    if (subject.change !== change.entries) return carriedBy(gate, 'change_changed');
    const isSame = subject.base === change.base && subject.tree === change.tree;
    return isSame ? HOLDS : CARRIED;
  },
  tree: ({ subject }, gate, { change }) =>
    subject.tree === change.tree ? HOLDS : carriedBy(gate, 'tree_changed'),
  evidence: ({ subject, evidence }, _, moment) => {
    if (subject.tree !== moment.change.tree) return broken('tree_changed');
    return evidence.digest === moment.evidence ? HOLDS : broken('evidence_changed');
  },
};

function carriedBy({ carryForward }: GateJudgement, code: LapseCode): Bound {
  return carryForward === 'scoped' ? CARRIED : broken(code);
}

function broken(code: LapseCode): Broken {
  return { holds: false, code };
}
