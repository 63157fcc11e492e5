/**
 * Everything that counting looks at: the change as it is now, the judgement of it, who had a hand in
 * it, and every record that people wrote. A value; the clock's time is in it.
 */
import type { Approval } from '../orchestrator/domain/approval.ts';
import type { Change } from '../orchestrator/domain/change.ts';
import type { Digest, Person } from '../orchestrator/domain/ids.ts';
import type { GateJudgement, Judgement } from '../orchestrator/domain/judgement.ts';
import type {
  Delegation,
  GlassUse,
  RecordKind,
  RecordOf,
  Records,
  Revocation,
  Signed,
  VetoLift,
} from '../orchestrator/domain/records.ts';
import type { Task } from '../orchestrator/domain/task.ts';

/** A record with what was found of its signature. What opens needs one that holds; what shuts does not. */
export type Held<T> = { readonly record: T; readonly isAuthentic: boolean };

export type HeldRecords = {
  readonly approvals: readonly Held<Approval>[];
  readonly revocations: readonly Held<Revocation>[];
  readonly lifts: readonly Held<VetoLift>[];
  readonly delegations: readonly Held<Delegation>[];
  readonly glass: readonly Held<GlassUse>[];
};

/** Who had a hand in the change, and may therefore not be who agrees to it. */
export type Involved = {
  readonly requester: Person;
  /** Who steered the run; null when nobody knows. */
  readonly operator: Person | null;
  readonly committers: readonly Person[];
  readonly agents: readonly Person[];
  /** Each is all the logins of one human. */
  readonly aliases: readonly (readonly Person[])[];
};

export type Moment = {
  readonly repo: string;
  readonly targetRef: string;
  readonly task: Task['id'];
  readonly change: Change;
  readonly judgement: Judgement;
  readonly evidence: Digest;
  readonly involved: Involved;
  readonly records: HeldRecords;
  /** ISO 8601, UTC. */
  readonly now: string;
};

/** Whether a trusted key signed exactly this. */
export type Holds = <K extends RecordKind>(kind: K, signed: Signed<RecordOf<K>>) => boolean;

export function momentOf(
  task: Pick<Task, 'id' | 'repository' | 'base' | 'requester' | 'operator'>,
  run: Pick<Moment, 'change' | 'judgement' | 'evidence'> & { readonly records: Records },
  holds: Holds,
  now: Date,
): Moment {
  return {
    repo: task.repository,
    targetRef: `refs/heads/${task.base}`,
    task: task.id,
    change: run.change,
    judgement: run.judgement,
    evidence: run.evidence,
    // Commits are ours, and agents have no login of their own.
    involved: {
      requester: task.requester,
      operator: task.operator,
      committers: [],
      agents: [],
      aliases: [],
    },
    records: heldOf(run.records, holds),
    now: now.toISOString(),
  };
}

export function gateOf({ judgement }: Moment, id: string): GateJudgement | null {
  return judgement.gates.find((gate) => gate.id === id) ?? null;
}

function heldOf(records: Records, holds: Holds): HeldRecords {
  const held =
    <K extends RecordKind>(kind: K) =>
    (signed: Signed<RecordOf<K>>): Held<RecordOf<K>> => ({
      record: signed.record,
      isAuthentic: holds(kind, signed),
    });
  return {
    approvals: records.approvals.map(held('approval')),
    revocations: records.revocations.map(held('revocation')),
    lifts: records.lifts.map(held('veto_lift')),
    delegations: records.delegations.map(held('delegation')),
    glass: records.glass.map(held('break_glass')),
  };
}
