/**
 * One value of everything a run is made of: a state for each phase and an event of each type. The
 * records are typed by their keys, so a new phase or event does not compile until it is here.
 */
import type { Approval } from '../../orchestrator/domain/approval.ts';
import type { Change } from '../../orchestrator/domain/change.ts';
import type { Check, Finding } from '../../orchestrator/domain/check.ts';
import { type Digest, Person, RunId, type Sha } from '../../orchestrator/domain/ids.ts';
import type { GateJudgement, Judgement } from '../../orchestrator/domain/judgement.ts';
import type { Ending, In, Phase, Prepared, RunEvent } from '../../orchestrator/domain/run-state.ts';
import type { Task } from '../../orchestrator/domain/task.ts';
import { digest, sha } from '../policies/sample.ts';

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
  queuedAt: AT,
};

export const PREPARED: Prepared = {
  base: sha('a'),
  policy: digest('1'),
  rules: null,
  agent: 'codex 1.2.3',
  image: 'sha256:1234',
  model: 'scripted',
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
  layer: 'shop',
  where: '.proofhouse/policy.yaml:12:5',
  riskClass: 'critical',
  surface: 'hold',
  approvals: [{ group: 'security', count: 1 }],
  paths: ['src/auth/session.ts'],
  scope: digest('3'),
  definition: digest('4'),
  expiresMs: 86_400_000,
};

export const HOLD: Judgement = {
  verdict: 'hold',
  riskClass: 'critical',
  gates: [GATE],
  validators: ['unit'],
  denials: [],
  distinct: false,
  policy: digest('1'),
  groups: { security: [RITA, SAM] },
};
export const ALLOW: Judgement = { ...HOLD, verdict: 'allow', riskClass: 'low', gates: [] };
export const DENY: Judgement = {
  ...HOLD,
  verdict: 'deny',
  denials: [
    { code: 'change_denied', message: 'Nobody edits the rules.', paths: ['.proofhouse/x'] },
  ],
};

export const CHECK: Check = {
  validator: 'unit',
  definition: digest('5'),
  verdict: 'passed',
  tests: { run: 12, failed: 0, skipped: 0 },
  findings: [],
  evidence: [],
  wallMs: 1_500,
};
export const FINDING: Finding = {
  validator: 'unit',
  code: 'tests_failed',
  message: 'cart › rounds: expected 3 to be 2',
};
export const RED: Check = {
  ...CHECK,
  verdict: 'failed',
  tests: { run: 12, failed: 1, skipped: 0 },
  findings: [FINDING],
};

export const EVIDENCE = digest('6');

export function approval(
  by = RITA,
  binding: { tree?: Sha; evidence?: Digest; gate?: string } = {},
): Approval {
  const { base, tree, entries } = CHANGE;
  const { scope, definition, id: gate } = GATE;
  const { policy } = HOLD;
  return {
    by,
    assurance: 'session',
    binding: {
      base,
      tree,
      entries,
      gate,
      scope,
      definition,
      policy,
      evidence: EVIDENCE,
      ...binding,
    },
    at: AT,
    expiresAt: LATER,
  };
}

const going = { attempt: 1, breaks: 0, tried: [] };
const given = { ...going, findings: [], previous: null };
const sealed = { ...going, prepared: PREPARED, change: CHANGE };
const proven = { ...sealed, judgement: HOLD, checks: [CHECK], evidence: EVIDENCE, approvals: [] };

export const STATES: { readonly [P in Phase]: In<P> } = {
  queued: { phase: 'queued' },
  preparing: { phase: 'preparing', ...given },
  working: { phase: 'working', ...given, prepared: PREPARED },
  sealing: { phase: 'sealing', ...given, prepared: PREPARED, ending: ENDING },
  judging: { phase: 'judging', ...sealed },
  validating: { phase: 'validating', ...sealed, judgement: HOLD },
  awaiting_approval: { phase: 'awaiting_approval', ...proven, expiresAt: LATER },
  publishing: { phase: 'publishing', ...proven, approvals: [approval()] },
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
  },
  validation_failed: { type: 'validation_failed', checks: [RED], findings: [FINDING] },
  approved: { type: 'approved', approval: approval(), openSlots: 0 },
  rejected: { type: 'rejected', by: RITA, reason: 'not this way' },
  sent_back: { type: 'sent_back', by: RITA, reason: 'mind negative totals' },
  expired: { type: 'expired' },
  approvals_went_stale: { type: 'approvals_went_stale', reasons: ['the policy changed'] },
  pull_request_opened: {
    type: 'pull_request_opened',
    number: 7,
    url: '/pulls/7',
    commit: sha('c'),
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
