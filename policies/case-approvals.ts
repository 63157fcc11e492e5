/** Whether the approvals of a case are enough, counted as those of a run are. */
import type { Approval } from '../orchestrator/domain/approval.ts';
import { digestOf } from '../orchestrator/domain/canonical.ts';
import type { Facts } from '../orchestrator/domain/change.ts';
import { type Person, RunId } from '../orchestrator/domain/ids.ts';
import type { GateJudgement, Judgement } from '../orchestrator/domain/judgement.ts';
import type { Case, CaseApproval } from './fixtures.ts';
import { groupsAsked, isIn } from './membership.ts';
import type { Held, Moment } from './moment.ts';
import { tally } from './tally.ts';

export type Count = {
  readonly satisfied: boolean;
  /** Why approvals do not count, and who is missing. */
  readonly reasons: readonly string[];
};

export type Judged = {
  readonly facts: Facts;
  readonly judgement: Judgement;
  readonly now: string;
  readonly personOf: (login: string) => Person;
};

const REPOSITORY = 'case';
const TASK = RunId.parse('r0000000');
const EVIDENCE = digestOf('evidence', 'case');
/** Nobody's login, for a case that does not say who asked: whoever approves is somebody else. */
const SOMEBODY = 'local:somebody';

export function countedApprovals(judged: Judged, one: Case): Count {
  const { satisfied, lapsed, open, vetoes } = tally(momentOf(judged, one));
  const reasons = [
    ...lapsed.map(({ reason }) => reason),
    ...open.map(({ gate, group, missing }) => `Gate ${gate} still needs ${group} ×${missing}.`),
    ...open.flatMap(({ deadlock }) => deadlock ?? []),
    ...vetoes.map(({ gate, approver }) => `${approver.id} rejected gate ${gate}.`),
    ...judged.judgement.denials.map(({ message }) => message),
  ];
  return { satisfied, reasons };
}

function momentOf(judged: Judged, one: Case): Moment {
  const { facts, judgement, now, personOf } = judged;
  const requester = personOf(one.requester ?? SOMEBODY);
  const gates = judgement.gates.filter(({ approvals }) => approvals.length > 0);
  const approvals = one.approvals.flatMap((yes) =>
    gates
      .filter(({ id }) => yes.gate === undefined || yes.gate === id)
      .map((gate) => ({ yes, gate })),
  );
  return {
    repo: REPOSITORY,
    targetRef: facts.target,
    task: TASK,
    change: facts.change,
    judgement,
    evidence: EVIDENCE,
    involved: {
      requester,
      operator: one.operator === undefined ? requester : personOf(one.operator),
      committers: [],
      agents: [],
      aliases: [],
    },
    records: {
      approvals: approvals.map(({ yes, gate }, index) => held(judged, yes, gate, index)),
      revocations: [],
      lifts: [],
      delegations: [],
      glass: [],
    },
    now,
  };
}

/** Given this moment, for exactly this change, by somebody whom a signature proves. */
function held(
  { facts, judgement, now, personOf }: Judged,
  { by }: CaseApproval,
  gate: GateJudgement,
  index: number,
): Held<Approval> {
  const id = personOf(by);
  const { base, tree, entries } = facts.change;
  const record: Approval = {
    v: 1,
    id: `apr_${String(index).padStart(26, '0')}`,
    decision: 'approve',
    gate: gate.id,
    task: TASK,
    attempt: 1,
    subject: {
      ...{ repo: REPOSITORY, targetRef: facts.target, base, tree },
      ...{ change: entries, scope: gate.scope },
    },
    policy: { effective: judgement.policy, gate: gate.definition },
    evidence: { digest: EVIDENCE },
    shown: { diff: null, findings: [] },
    approver: {
      id,
      groups: groupsAsked(gate).filter((group) => isIn(judgement, id, group)),
      groupsDigest: digestOf('groups', []),
    },
    onBehalfOf: null,
    auth: { method: 'ssh-sig', assurance: 'signed', proof: null },
    nonce: '0'.repeat(32),
    createdAt: now,
    expiresAt: new Date(Date.parse(now) + gate.expiresMs).toISOString(),
    supersedes: null,
    reason: null,
  };
  return { record, isAuthentic: true };
}
