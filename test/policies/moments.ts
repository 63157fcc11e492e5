/** A moment in which one gate waits for security, and records that count for it, to be changed at will. */
import type { Approval } from '../../orchestrator/domain/approval.ts';
import { Person, RunId } from '../../orchestrator/domain/ids.ts';
import type { GateJudgement, Judgement } from '../../orchestrator/domain/judgement.ts';
import type {
  Delegation,
  GlassUse,
  Revocation,
  VetoLift,
} from '../../orchestrator/domain/records.ts';
import type { Held, HeldRecords, Moment } from '../../policies/moment.ts';
import { digest, person, sha } from './sample.ts';

export const NOW = '2026-01-01T12:00:00.000Z';
export const GIVEN = '2026-01-01T11:00:00.000Z';
export const HOUR_MS = 3_600_000;
export const TASK = RunId.parse('r0000001');

export const GATE: GateJudgement = {
  id: 'auth',
  why: '',
  sources: [
    {
      ...{ layer: 'shop', where: 'p:1:1', why: '', riskClass: 'critical', surface: 'hold' },
      ...{ approvals: [{ group: 'security', count: 1 }], definition: digest('4') },
    },
  ],
  riskClass: 'critical',
  surface: 'hold',
  bind: 'tree',
  carryForward: 'never',
  approvals: [{ group: 'security', count: 1 }],
  validators: [],
  paths: ['src/auth/a.ts'],
  findings: [],
  scope: digest('3'),
  definition: digest('4'),
  expiresMs: 24 * HOUR_MS,
};

const group = (...names: string[]): Judgement['groups'][string] => ({
  members: names.map(person),
  minAssurance: 'session',
});

export const JUDGED: Judgement = {
  verdict: 'hold',
  enforcement: 'enforce',
  wouldBe: 'hold',
  riskClass: 'critical',
  surface: 'hold',
  gates: [GATE],
  validators: ['unit'],
  denials: [],
  distinct: false,
  needs: [],
  policy: digest('1'),
  groups: {
    security: group('rita', 'sam', 'dana'),
    platform: group('pia'),
    leads: group('lou', 'pia'),
  },
  separation: {
    exclude: ['requester', 'operator', 'committers', 'agents', 'exemption-author'],
    unknownOperator: 'block',
    botsNeverApprove: true,
    escalation: ['leads'],
  },
  exemptions: [],
  neverDelegated: [],
  delegation: { maxMs: 72 * HOUR_MS, scope: null },
  breakGlass: {
    groups: ['security'],
    count: 2,
    maxDurationMs: 2 * HOUR_MS,
    reasonMinChars: 10,
    incidentUrl: 'https://incidents.acme.dev/',
    never: ['edit-policy'],
    reviewWithinMs: 48 * HOUR_MS,
  },
};

export const NO_HELD: HeldRecords = {
  approvals: [],
  revocations: [],
  lifts: [],
  delegations: [],
  glass: [],
};

const MOMENT: Moment = {
  repo: 'github:acme/web',
  targetRef: 'refs/heads/main',
  task: TASK,
  change: {
    ...{ base: sha('a'), tree: sha('b'), entries: digest('2') },
    ...{ files: 1, addedLines: 1, removedLines: 0 },
  },
  judgement: JUDGED,
  evidence: digest('e'),
  involved: {
    requester: person('dana'),
    operator: person('dana'),
    committers: [],
    agents: [],
    aliases: [],
  },
  records: NO_HELD,
  now: NOW,
};

type Changes = Omit<Partial<Moment>, 'records' | 'judgement' | 'change' | 'involved'> & {
  readonly gate?: Partial<GateJudgement>;
  readonly judgement?: Partial<Judgement>;
  readonly change?: Partial<Moment['change']>;
  readonly involved?: Partial<Moment['involved']>;
};

export function moment(records: Partial<HeldRecords> = {}, changes: Changes = {}): Moment {
  const { gate, judgement, change, involved, ...rest } = changes;
  const gates = [{ ...GATE, ...gate }];
  return {
    ...MOMENT,
    ...rest,
    change: { ...MOMENT.change, ...change },
    involved: { ...MOMENT.involved, ...involved },
    judgement: { ...JUDGED, gates, ...judgement },
    records: { ...NO_HELD, ...records },
  };
}

export const login = (name: string): Person =>
  name.includes(':') ? Person.parse(name) : person(name);

let made = 0;
const head = (prefix: string) => {
  made += 1;
  return {
    v: 1 as const,
    id: `${prefix}_${String(made).padStart(26, '0')}`,
    auth: { method: 'session' as const, assurance: 'session' as const, proof: null },
    nonce: '0'.repeat(32),
    createdAt: GIVEN,
  };
};
const held = <T>(record: T): Held<T> => ({ record, isAuthentic: true });

/** A yes to the gate of the moment, by this member of security. */
export function yes(name: string, over: Partial<Approval> = {}): Held<Approval> {
  const { repo, targetRef, change, evidence, judgement } = MOMENT;
  return held({
    ...head('apr'),
    decision: 'approve',
    gate: GATE.id,
    task: TASK,
    attempt: 1,
    subject: {
      ...{ repo, targetRef, base: change.base, tree: change.tree, change: change.entries },
      scope: GATE.scope,
    },
    policy: { effective: judgement.policy, gate: GATE.definition },
    evidence: { digest: evidence },
    shown: { diff: null, findings: [] },
    approver: { id: login(name), groups: ['security'], groupsDigest: digest('9') },
    onBehalfOf: null,
    expiresAt: '2026-01-08T00:00:00.000Z',
    supersedes: null,
    reason: null,
    ...over,
  });
}

export const no = (name: string, over: Partial<Approval> = {}): Held<Approval> =>
  yes(name, { decision: 'reject', reason: 'not this way', ...over });

export function takenBack(approval: Held<Approval>, by: string): Held<Revocation> {
  const { id } = approval.record;
  return held({ ...head('rev'), task: TASK, approval: id, by: login(by), reason: null });
}

export function lifted(veto: Held<Approval>, by: string, groups: string[] = []): Held<VetoLift> {
  const { id } = veto.record;
  const record = { task: TASK, veto: id, by: { id: login(by), groups }, reason: 'it is fine' };
  return held({ ...head('lft'), ...record });
}

export function lent(from: string, to: string, over: Partial<Delegation> = {}): Held<Delegation> {
  return held({
    ...head('dlg'),
    ...{ from: login(from), to: login(to), gates: [GATE.id] },
    createdAt: '2026-01-01T10:00:00.000Z',
    expiresAt: '2026-01-02T10:00:00.000Z',
    ...over,
  });
}

export function broke(name: string, over: Partial<GlassUse> = {}): Held<GlassUse> {
  const { repo, targetRef, change, evidence, judgement } = MOMENT;
  return held({
    ...head('brk'),
    ...{ task: TASK, repo, targetRef, tree: change.tree, evidence, gates: [GATE.id] },
    ...{ change: change.entries, policy: judgement.policy },
    reason: 'nobody can sign in',
    incidentUrl: 'https://incidents.acme.dev/7',
    by: { id: login(name), groups: ['security'] },
    ...over,
  });
}

export const unsigned = <T>({ record }: Held<T>): Held<T> => ({ record, isAuthentic: false });
