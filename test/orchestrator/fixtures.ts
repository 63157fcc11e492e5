/**
 * One value of everything a run is made of: a state for each phase and an event of each type. The
 * records are typed by their keys, so a new phase or event does not compile until it is here.
 */
import type { Approval } from '../../orchestrator/domain/approval.ts';
import type { Change } from '../../orchestrator/domain/change.ts';
import type { Check, Finding } from '../../orchestrator/domain/check.ts';
import { Person, RunId } from '../../orchestrator/domain/ids.ts';
import type { GateJudgement, Judgement } from '../../orchestrator/domain/judgement.ts';
import {
  NO_RECORDS,
  type Records,
  type SignedApproval,
} from '../../orchestrator/domain/records.ts';
import type {
  Ending,
  In,
  Phase,
  Prepared,
  Quota,
  RunEvent,
} from '../../orchestrator/domain/run-state.ts';
import type { Task } from '../../orchestrator/domain/task.ts';
import { digest, sha } from '../policies/sample.ts';
import { SIGNATURES } from '../policies/signing.ts';

export { digest, sha };

export type Of<T extends RunEvent['type']> = Extract<RunEvent, { type: T }>;

export const AT = '2026-03-01T10:00:00.000Z';
export const LATER = '2026-03-02T10:00:00.000Z';
export const RUN = RunId.parse('r0000001');
export const DANA = Person.parse('local:dana');
export const RITA = Person.parse('local:rita');
export const SAM = Person.parse('local:sam');

export const TASK: Task = {
  id: RUN,
  title: 'Round the total',
  text: 'Round the total\n\nIt is a cent off.',
  source: 'cli',
  repository: '/repositories/shop',
  base: 'main',
  requester: DANA,
  operator: DANA,
  queuedAt: AT,
};

export const QUOTA: Quota = { kind: 'ext4', bytes: 2 ** 31, inodes: 200_000 };

export const PREPARED: Prepared = {
  base: sha('a'),
  policy: digest('1'),
  rules: null,
  agent: 'codex 1.2.3',
  image: 'sha256:1234',
  model: 'scripted',
  machine: digest('7'),
  ignored: [],
  attemptsMax: 3,
};

export const CHANGE: Change = {
  base: sha('a'),
  tree: sha('b'),
  entries: digest('2'),
  files: 2,
  addedLines: 5,
  removedLines: 1,
};

export const ENDING: Ending = { ended: 'exited', exitCode: 0, said: 'I rounded it.' };

export const GATE: GateJudgement = {
  id: 'auth',
  why: "One bug is everyone's account.",
  sources: [
    {
      layer: 'shop',
      where: '.proofhouse/policy.yaml:12:5',
      why: "One bug is everyone's account.",
      riskClass: 'critical',
      surface: 'hold',
      approvals: [{ group: 'security', count: 1 }],
      definition: digest('7'),
    },
  ],
  riskClass: 'critical',
  surface: 'hold',
  bind: 'evidence',
  carryForward: 'never',
  approvals: [{ group: 'security', count: 1 }],
  validators: [],
  paths: ['src/auth/session.ts'],
  findings: [],
  scope: digest('3'),
  definition: digest('4'),
  expiresMs: 86_400_000,
};

export const HOLD: Judgement = {
  verdict: 'hold',
  enforcement: 'enforce',
  wouldBe: 'hold',
  riskClass: 'critical',
  surface: 'hold',
  gates: [GATE],
  validators: ['unit'],
  denials: [],
  distinct: false,
  policy: digest('1'),
  needs: [{ group: 'security', count: 1 }],
  groups: { security: { members: [RITA, SAM], minAssurance: 'session' } },
  separation: {
    exclude: ['requester', 'operator', 'committers', 'agents', 'exemption-author'],
    unknownOperator: 'block',
    botsNeverApprove: true,
    escalation: ['leads'],
  },
  exemptions: [],
  neverDelegated: [],
  delegation: null,
  breakGlass: null,
};
export const ALLOW: Judgement = { ...HOLD, verdict: 'allow', riskClass: 'low', gates: [] };
export const DENY: Judgement = {
  ...HOLD,
  verdict: 'deny',
  denials: [
    {
      code: 'change_denied',
      message: 'Nobody edits the rules.',
      paths: ['.proofhouse/x'],
      where: '.proofhouse/policy.yaml:20:5',
    },
  ],
};

export const CHECK: Check = {
  validator: 'unit',
  kind: 'command',
  definition: digest('5'),
  verdict: 'passed',
  tests: { run: 12, failed: 0, skipped: 0, flaky: 0 },
  findings: [],
  evidence: [],
  wallMs: 1_500,
  cachedFrom: null,
  advisory: false,
};
export const FINDING: Finding = {
  validator: 'unit',
  code: 'tests_failed',
  message: 'cart › rounds: expected 3 to be 2',
};
export const RED: Check = {
  ...CHECK,
  verdict: 'failed',
  tests: { run: 12, failed: 1, skipped: 0, flaky: 0 },
  findings: [FINDING],
};

export const EVIDENCE = digest('6');

type Over = { readonly [K in keyof Approval]?: Partial<Approval[K]> | undefined };

/** A signed yes of this person to the gate and the change of the fixtures, with parts of it changed. */
export function approval(by = RITA, over: Over = {}): SignedApproval {
  const { base, tree, entries } = CHANGE;
  const targetRef = `refs/heads/${TASK.base}`;
  const subject = { repo: TASK.repository, targetRef, base, tree, change: entries };
  const record: Approval = {
    v: 1,
    id: recordId('apr'),
    decision: 'approve',
    gate: GATE.id,
    task: RUN,
    attempt: 1,
    subject: { ...subject, scope: GATE.scope },
    policy: { effective: HOLD.policy, gate: GATE.definition },
    evidence: { digest: EVIDENCE },
    shown: { diff: null, findings: [] },
    approver: { id: by, groups: ['security'], groupsDigest: digest('8') },
    onBehalfOf: null,
    auth: { method: 'session', assurance: 'session', proof: null },
    nonce: '0'.repeat(32),
    createdAt: AT,
    expiresAt: LATER,
    supersedes: null,
    reason: null,
  };
  const merged = Object.entries(record).map(([key, value]) => {
    const given = over[key as keyof Approval];
    const isPart = typeof given === 'object' && given !== null && !Array.isArray(given);
    const both = isPart ? { ...(value as object), ...given } : (given ?? value);
    return [key, both];
  });
  return SIGNATURES.sign('approval', Object.fromEntries(merged) as Approval);
}

let made = 0;

/** Another id each time. */
export function recordId(prefix: string): string {
  made += 1;
  return `${prefix}_${String(made).padStart(26, '0')}`;
}

export const recordsOf = (...approvals: SignedApproval[]): Records => ({
  ...NO_RECORDS,
  approvals,
});

const APPROVAL = approval();
const HEAD = {
  v: 1,
  auth: APPROVAL.record.auth,
  nonce: APPROVAL.record.nonce,
  createdAt: AT,
} as const;

const going = { attempt: 1, breaks: 0, tried: [], records: NO_RECORDS };
const given = { ...going, findings: [], previous: null };
const sealed = { ...going, prepared: PREPARED, change: CHANGE };
const proven = { ...sealed, judgement: HOLD, checks: [CHECK], evidence: EVIDENCE };

export const STATES: { readonly [P in Phase]: In<P> } = {
  queued: { phase: 'queued' },
  preparing: { phase: 'preparing', ...given },
  working: { phase: 'working', ...given, prepared: PREPARED },
  sealing: { phase: 'sealing', ...given, prepared: PREPARED, ending: ENDING },
  judging: { phase: 'judging', ...sealed },
  validating: { phase: 'validating', ...sealed, judgement: HOLD },
  awaiting_approval: { phase: 'awaiting_approval', ...proven, expiresAt: LATER },
  publishing: { phase: 'publishing', ...proven, records: recordsOf(APPROVAL) },
  done: { phase: 'done', outcome: { kind: 'expired' } },
};

export const EVENTS: { readonly [T in RunEvent['type']]: Of<T> } = {
  claimed: { type: 'claimed' },
  workspace_ready: { type: 'workspace_ready', prepared: PREPARED },
  agent_finished: { type: 'agent_finished', ending: ENDING },
  limit_reached: { type: 'limit_reached', limit: 'budget', message: 'turns: the budget is 60' },
  change_sealed: { type: 'change_sealed', change: CHANGE },
  nothing_changed: { type: 'nothing_changed' },
  change_refused: { type: 'change_refused', findings: [FINDING] },
  judged: { type: 'judged', judgement: HOLD },
  validation_passed: {
    type: 'validation_passed',
    checks: [CHECK],
    evidence: EVIDENCE,
    expiresAt: LATER,
    openSlots: 1,
    carried: [],
    lapsed: [],
  },
  validation_failed: { type: 'validation_failed', checks: [RED], findings: [FINDING] },
  approved: { type: 'approved', approval: APPROVAL, delegation: null, openSlots: 0 },
  vetoed: { type: 'vetoed', veto: approval(SAM, { decision: 'reject', reason: 'not yet' }) },
  veto_lifted: {
    type: 'veto_lifted',
    lift: SIGNATURES.sign('veto_lift', {
      ...HEAD,
      id: recordId('lft'),
      task: RUN,
      veto: 'apr_0',
      by: { id: SAM, groups: [] },
      reason: 'it is fine now',
    }),
    openSlots: 1,
  },
  revoked: {
    type: 'revoked',
    revocation: SIGNATURES.sign('revocation', {
      ...HEAD,
      id: recordId('rev'),
      task: RUN,
      approval: APPROVAL.record.id,
      by: RITA,
      reason: null,
    }),
  },
  glass_broken: {
    type: 'glass_broken',
    use: SIGNATURES.sign('break_glass', {
      ...HEAD,
      id: recordId('brk'),
      task: RUN,
      repo: TASK.repository,
      targetRef: 'refs/heads/main',
      tree: CHANGE.tree,
      change: CHANGE.entries,
      evidence: EVIDENCE,
      policy: HOLD.policy,
      gates: [GATE.id],
      reason: 'nobody can sign in',
      incidentUrl: 'https://incidents.acme.dev/7',
      by: { id: SAM, groups: ['security'] },
    }),
    openSlots: 1,
  },
  rejected: { type: 'rejected', by: RITA, reason: 'not this way' },
  sent_back: { type: 'sent_back', by: RITA, reason: 'mind negative totals' },
  expired: { type: 'expired' },
  approvals_went_stale: { type: 'approvals_went_stale', reasons: ['the policy changed'] },
  pull_request_opened: {
    type: 'pull_request_opened',
    number: 7,
    url: '/pulls/7',
    commit: sha('c'),
    consumed: [APPROVAL.record.id],
  },
  base_moved: {
    type: 'base_moved',
    prepared: { ...PREPARED, base: sha('d') },
    change: { ...CHANGE, base: sha('d'), tree: sha('e') },
  },
  base_conflicts: { type: 'base_conflicts', findings: [FINDING] },
  machinery_broke: {
    type: 'machinery_broke',
    code: 'engine_failed',
    message: 'the engine is gone',
    final: false,
  },
  cancelled: { type: 'cancelled', by: DANA },
};

/** Every event from the queue to a pull request that a person approved. */
export const JOURNEY: readonly RunEvent[] = [
  EVENTS.claimed,
  EVENTS.workspace_ready,
  EVENTS.agent_finished,
  EVENTS.change_sealed,
  EVENTS.judged,
  EVENTS.validation_passed,
  EVENTS.approved,
  EVENTS.pull_request_opened,
];

export const WAITING: readonly RunEvent[] = JOURNEY.slice(0, 6);
