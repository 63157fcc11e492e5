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
import type { Judgement } from './judgement.ts';
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
  validation_passed: ({ checks, evidence }) => checks.map((check) => result(check, { evidence })),
  validation_failed: ({ checks, findings }) =>
    checks.length > 0 ? checks.map((check) => result(check, {})) : [noCheck(findings)],
  approved: ({ approval, openSlots }) => [granted(approval, openSlots)],
  rejected: ({ by, reason }) => [refused(by, 'reject', reason)],
  sent_back: ({ by, reason }) => [refused(by, 'send_back', reason)],
  expired: (_, { before }) => [lapsed(before, 'time')],
  approvals_went_stale: ({ reasons }, { before }) => [
    { ...lapsed(before, 'stale'), sealed: { reasons: JSON.stringify(reasons) } },
  ],
  pull_request_opened: ({ number, commit }, { before }) => [
    ...approvalsOf(before).map(consumed),
    { type: 'pr.opened', data: { number, commit } },
  ],
  base_moved: ({ prepared, change }, { before }) => [
    ...lapsedIfAny(before, 'base_moved'),
    policyLoaded(prepared),
    captured(change, 'base_moved'),
  ],
  base_conflicts: (_, { before }) => lapsedIfAny(before, 'base_conflicts'),
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

export function queued({ id, requester, repository, base, source, text }: Task): AuditDraft {
  return {
    ...{ type: 'task.queued', actor: requester, task: id },
    data: { repository, base, source },
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
        needs: approvals.map(({ group, count }) => `${group} x${count}`),
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

function granted({ by, assurance, binding, expiresAt }: Approval, openSlots: number): Fact {
  const data = { ...binding, assurance, expiresAt, openSlots };
  return { type: 'approval.granted', by, data };
}

function refused(by: Actor, decision: 'reject' | 'send_back', reason: string): Fact {
  return { type: 'approval.rejected', by, data: { decision }, sealed: { reason } };
}

function consumed({ by, binding: { gate, tree } }: Approval): Fact {
  return { type: 'approval.consumed', data: { gate, tree, approver: by } };
}

function lapsed(before: RunState, cause: string): Fact {
  const approvers = approvalsOf(before).map(({ by, binding }) => `${binding.gate} ${by}`);
  return { type: 'approval.expired', data: { cause, approvals: approvers } };
}

function lapsedIfAny(before: RunState, cause: string): Fact[] {
  return approvalsOf(before).length > 0 ? [lapsed(before, cause)] : [];
}

function approvalsOf(run: RunState): readonly Approval[] {
  return 'approvals' in run ? run.approvals : [];
}
