/**
 * Which audit records follow from an event of a run. Pure.
 *
 * The table has a row for every event, so a new one does not compile until somebody has decided
 * what of it belongs into the audit log; an empty row is a decision too. That a run ended is told
 * by the state it is in, whatever event brought it there.
 */
import type { Approval } from './approval.ts';
import type { Actor, AuditData, AuditDraft, AuditType } from './audit.ts';
import { digestOf } from './canonical.ts';
import type { Change } from './change.ts';
import type { Check } from './check.ts';
import type { RunId } from './ids.ts';
import type { Judgement, Requirement } from './judgement.ts';
import type { KeptRecord } from './records.ts';
import type { Outcome, Prepared, RunEvent, RunState } from './run-state.ts';
import type { Task } from './task.ts';

export type AuditContext = {
  readonly run: RunId;
  /** The run as it was when the event came, and as it is after. */
  readonly before: RunState;
  readonly after: RunState;
};

type Fact = {
  readonly type: AuditType;
  readonly data: AuditData;
  /** The controller, unless named. */
  readonly by?: Actor;
  readonly sealed?: Readonly<Record<string, string>>;
};
type Of<T extends RunEvent['type']> = Extract<RunEvent, { type: T }>;
type Rows = {
  readonly [T in RunEvent['type']]: (event: Of<T>, context: AuditContext) => readonly Fact[];
};

const rows: Rows = {
  claimed: () => [{ type: 'run.started', data: {} }],
  workspace_ready: ({ prepared }) => [policyLoaded(prepared)],
  // What an agent says of its own end proves nothing.
  agent_finished: () => [],
  limit_reached: () => [],
  change_sealed: ({ change }) => [captured(change, 'agent')],
  nothing_changed: () => [],
  change_refused: ({ findings }) => [
    {
      type: 'verdict.issued',
      data: { verdict: 'refused', findings: findings.length },
      sealed: { reasons: JSON.stringify(findings) },
    },
  ],
  judged: ({ judgement }) => [verdict(judgement), ...gatesOpened(judgement)],
  validation_passed: ({ checks, evidence, carried, lapsed }) => [
    ...checks.map((check) => result(check, { evidence })),
    ...carried.map((approval): Fact => ({ type: 'approval.carried', data: { approval } })),
    ...lapsed.map(({ id, code, reason }) => expired([id], code, { reason })),
  ],
  validation_failed: ({ checks, findings }) =>
    checks.length > 0 ? checks.map((check) => result(check, {})) : [noCheck(findings)],
  approved: ({ approval, openSlots }) => [granted(approval.record, openSlots)],
  vetoed: ({ veto: { record } }) => [
    {
      ...refused(record.approver.id, 'veto', record.reason ?? ''),
      data: { decision: 'veto', approval: record.id, gate: record.gate, tree: record.subject.tree },
    },
  ],
  veto_lifted: ({ lift: { record }, openSlots }) => [
    {
      ...{ type: 'approval.revoked', by: record.by.id },
      data: { what: 'veto', approval: record.veto, groups: record.by.groups, openSlots },
      sealed: { reason: record.reason },
    },
  ],
  revoked: ({ revocation: { record } }) => [
    {
      ...{ type: 'approval.revoked', by: record.by },
      data: { what: 'approval', approval: record.approval },
      sealed: { reason: record.reason ?? '' },
    },
  ],
  glass_broken: ({ use: { record }, openSlots }) => [
    {
      ...{ type: 'breakglass.opened', by: record.by.id },
      data: { use: record.id, gates: record.gates, tree: record.tree, openSlots },
      sealed: { reason: record.reason, incident: record.incidentUrl },
    },
  ],
  rejected: ({ by, reason }) => [refused(by, 'reject', reason)],
  sent_back: ({ by, reason }) => [refused(by, 'send_back', reason)],
  expired: (_, { before }) => [expired(approvalsOf(before), 'time', {})],
  // Which of them lapsed is found out when the change was judged again.
  approvals_went_stale: ({ reasons }) => [
    expired([], 'stale', { reasons: JSON.stringify(reasons) }),
  ],
  pull_request_opened: ({ number, commit, consumed, bundle }) => [
    ...consumed.map((approval): Fact => ({ type: 'approval.consumed', data: { approval } })),
    {
      type: 'pr.opened',
      data: { number, commit, ...(bundle === undefined ? {} : { bundle: bundle.manifest }) },
    },
  ],
  base_moved: ({ prepared, change }) => [policyLoaded(prepared), captured(change, 'base_moved')],
  base_conflicts: () => [],
  machinery_broke: () => [],
  cancelled: () => [],
};

export function auditOf(event: RunEvent, context: AuditContext): readonly AuditDraft[] {
  // Typed per row; TypeScript cannot follow the pair through one lookup.
  const row = rows[event.type] as (event: RunEvent, context: AuditContext) => readonly Fact[];
  const { after, run } = context;
  const ended = after.phase === 'done' ? [stopped(event, after.outcome)] : [];
  return [...row(event, context), ...ended].map(({ by = 'controller', ...fact }) => ({
    ...fact,
    actor: by,
    task: run,
  }));
}

export function queued(task: Task): AuditDraft {
  const { id, requester, operator, repository, base, source, text } = task;
  return {
    ...{ type: 'task.queued', actor: requester, task: id },
    data: { repository, base, source, operator },
    sealed: { text },
  };
}

function stopped(event: RunEvent, outcome: Outcome): Fact {
  return {
    type: 'run.stopped',
    data: { outcome: outcome.kind, ...('code' in outcome ? { code: outcome.code } : {}) },
    ...('by' in event ? { by: event.by } : {}),
  };
}

function policyLoaded({ base, policy, rules, agent, image, model }: Prepared): Fact {
  return { type: 'policy.loaded', data: { base, policy, rules, agent, image, model } };
}

function captured(change: Change, cause: 'agent' | 'base_moved'): Fact {
  return { type: 'change.captured', data: { ...change, cause } };
}

function verdict(judgement: Judgement): Fact {
  const { verdict: says, riskClass, policy, gates } = judgement;
  return {
    type: 'verdict.issued',
    data: {
      ...{ verdict: says, class: riskClass, policy, gates: gates.length },
      judgement: digestOf('judgement', judgement),
    },
  };
}

function gatesOpened({ gates }: Judgement): Fact[] {
  return gates
    .filter(({ approvals }) => approvals.length > 0)
    .map(({ id, riskClass, scope, definition, approvals }) => ({
      type: 'gate.opened',
      data: {
        ...{ gate: id, class: riskClass, scope, definition },
        needs: approvals.map(asked),
      },
    }));
}

function result(check: Check, more: AuditData): Fact {
  const { validator, definition, verdict: says, tests } = check;
  return {
    type: 'validator.result',
    data: { validator, definition, verdict: says, tests, ...more },
    sealed: { check: JSON.stringify(check) },
  };
}

/** A validation that failed before there was any check. */
function noCheck(findings: Of<'validation_failed'>['findings']): Fact {
  return {
    type: 'validator.result',
    data: { validator: null, verdict: 'failed' },
    sealed: { findings: JSON.stringify(findings) },
  };
}

/** `security x1`, or its alternatives: `security x2 | platform x1 + dba x1`. */
function asked(requirement: Requirement): string {
  return 'anyOf' in requirement
    ? requirement.anyOf.map((slots) => slots.map(asked).join(' + ')).join(' | ')
    : `${requirement.group} x${requirement.count}`;
}

function granted(approval: Approval, openSlots: number): Fact {
  const { id, gate, subject, policy, evidence, approver, onBehalfOf, auth, expiresAt } = approval;
  return {
    type: 'approval.granted',
    by: approver.id,
    data: {
      ...{ approval: id, gate, ...subject, definition: policy.gate },
      ...{ policy: policy.effective, evidence: evidence.digest, groups: approver.groups },
      ...{ onBehalfOf, assurance: auth.assurance, expiresAt, openSlots },
    },
  };
}

function refused(by: Actor, decision: 'reject' | 'send_back' | 'veto', reason: string): Fact {
  return { type: 'approval.rejected', by, data: { decision }, sealed: { reason } };
}

function expired(
  approvals: readonly string[],
  cause: string,
  sealed: Readonly<Record<string, string>>,
): Fact {
  return { type: 'approval.expired', data: { cause, approvals: [...approvals] }, sealed };
}

function approvalsOf(run: RunState): string[] {
  if (!('records' in run)) return [];
  const { approvals } = run.records;
  return approvals
    .filter(({ record }) => record.decision === 'approve')
    .map(({ record }) => record.id);
}

/** What is written down of records that outlive a run. */
export function kept(record: KeptRecord): AuditDraft[] {
  switch (record.kind) {
    case 'delegation': {
      const { id, from, to, gates, expiresAt } = record.signed.record;
      const data = { what: 'delegation', delegation: id, to, gates, expiresAt };
      return [{ type: 'group.changed', actor: from, task: null, data }];
    }
    case 'review': {
      const { id, by, note, task } = record.signed.record;
      const sealed = { note };
      return [{ type: 'breakglass.closed', actor: by, task, data: { review: id }, sealed }];
    }
    case 'review_due':
      return [];
  }
}
