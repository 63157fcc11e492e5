/** Writes one person's decision on one gate down, bound to what is there now, and signs it. */

import type { Approval } from '../domain/approval.ts';
import { digestOf } from '../domain/canonical.ts';
import { Fault } from '../domain/faults.ts';
import type { Person } from '../domain/ids.ts';
import type { SignedApproval } from '../domain/records.ts';
import type { Task } from '../domain/task.ts';
import type { Context } from './context.ts';
import { type Proven, recordHead } from './desk.ts';

export type Ballot = {
  readonly decision: Approval['decision'];
  readonly gate: string;
  /** By which the person may decide on it. */
  readonly groups: readonly string[];
  readonly by: Person;
  readonly onBehalfOf: Person | null;
  readonly reason: string | null;
};

export function signedBallot(
  context: Context,
  run: Proven,
  task: Task,
  ballot: Ballot,
): SignedApproval {
  const gate = run.judgement.gates.find(({ id }) => id === ballot.gate);
  if (!gate) throw new Fault('not_eligible', `The change has no gate named ${ballot.gate}.`);
  const { change, judgement, evidence, attempt } = run;
  const head = recordHead(context, 'apr');
  const record: Approval = {
    ...head,
    decision: ballot.decision,
    gate: gate.id,
    task: task.id,
    attempt,
    subject: {
      repo: task.repository,
      targetRef: `refs/heads/${task.base}`,
      base: change.base,
      tree: change.tree,
      change: change.entries,
      scope: gate.scope,
    },
    policy: { effective: judgement.policy, gate: gate.definition },
    evidence: { digest: evidence },
    // A terminal shows what `run show --diff` printed, which this command did not see.
    shown: { diff: null, findings: gate.findings.map(({ key }) => key) },
    approver: {
      id: ballot.by,
      groups: [...ballot.groups],
      groupsDigest: membersDigest(judgement, ballot.groups),
    },
    onBehalfOf: ballot.onBehalfOf,
    expiresAt: new Date(Date.parse(head.createdAt) + gate.expiresMs).toISOString(),
    supersedes: latestOf(run, ballot),
    reason: ballot.reason,
  };
  return context.signatures().sign('approval', record);
}

function membersDigest({ groups }: Proven['judgement'], names: readonly string[]) {
  const members = names.map((name) => [name, [...(groups[name]?.members ?? [])].sort()] as const);
  return digestOf('groups', members);
}

/** The decision that this one replaces: the last of the same vote on the same gate. */
function latestOf({ records }: Proven, { gate, by, onBehalfOf }: Ballot): string | null {
  const voter = onBehalfOf ?? by;
  const last = records.approvals.findLast(
    ({ record }) => record.gate === gate && (record.onBehalfOf ?? record.approver.id) === voter,
  );
  return last?.record.id ?? null;
}
