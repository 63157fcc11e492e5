/**
 * Approval vectors: a judgement, a moment and the records that people wrote, and what they come to.
 * Ids, digests and logins are any strings: they are compared, never computed.
 *
 * `approval-001` is written whole. In every other vector a judgement, a gate, the moment or a record
 * leaves out what is as in the first of its kind there; a list of records that is left out is empty.
 */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { Approval } from '../../../../orchestrator/domain/approval.ts';
import { GateJudgement, Judgement } from '../../../../orchestrator/domain/judgement.ts';
import type { Held, Moment } from '../../../../policies/moment.ts';
import { tally } from '../../../../policies/tally.ts';

const Name = z.string().max(200);
const Digest = Name.brand<'Digest'>();
const Sha = Name.brand<'Sha'>();
const Person = Name.brand<'Person'>();
const Task = Name.brand<'RunId'>();
const Time = z.string().max(40);
const signature = { signature: z.enum(['valid', 'invalid']) };

const Gate = z.strictObject({
  id: Name,
  surface: GateJudgement.shape.surface,
  bind: GateJudgement.shape.bind,
  carryForward: GateJudgement.shape.carryForward,
  approvals: GateJudgement.shape.approvals,
  findings: GateJudgement.shape.findings,
  scope: Digest,
  definition: Digest,
  expiresMs: z.int().positive(),
});

const Judged = z.strictObject({
  distinct: z.boolean(),
  policy: Digest,
  gates: z.array(Gate),
  groups: z.record(
    z.string(),
    z.strictObject({
      members: z.array(Person),
      minAssurance: z.enum(['session', 'forge', 'signed']),
    }),
  ),
  separation: Judgement.shape.separation,
  exemptions: z.array(z.strictObject({ grantedBy: Person })),
  delegation: Judgement.shape.delegation,
  breakGlass: Judgement.shape.breakGlass,
});

const At = z.strictObject({
  repo: Name,
  targetRef: Name,
  task: Task,
  base: Sha,
  tree: Sha,
  change: Digest,
  evidence: Digest,
  requester: Person,
  operator: Person.nullable(),
  committers: z.array(Person),
  agents: z.array(Person),
  aliases: z.array(z.array(Person)),
  now: Time,
});

const By = z.strictObject({ id: Person, groups: z.array(Name) });
const Given = z.strictObject({
  ...signature,
  id: Name,
  decision: Approval.shape.decision,
  gate: Name,
  task: Task,
  subject: z.strictObject({
    ...{ repo: Name, targetRef: Name, base: Sha, tree: Sha, change: Digest, scope: Digest },
  }),
  policy: z.strictObject({ effective: Digest, gate: Digest }),
  evidence: Digest,
  approver: By,
  onBehalfOf: Person.nullable(),
  assurance: z.enum(['session', 'forge', 'signed']),
  createdAt: Time,
  expiresAt: Time,
});
const Revoked = z.strictObject({ ...signature, id: Name, task: Task, approval: Name, by: Person });
const Lifted = z.strictObject({
  ...{ ...signature, id: Name, task: Task, veto: Name, by: By },
  assurance: Approval.shape.auth.shape.assurance,
});
const Lent = z.strictObject({
  ...{ ...signature, id: Name, from: Person, to: Person, gates: z.array(Name) },
  ...{ createdAt: Time, expiresAt: Time },
});
const Broke = z.strictObject({
  ...{ ...signature, id: Name, task: Task, repo: Name, targetRef: Name, tree: Sha },
  ...{ change: Digest, evidence: Digest, policy: Digest, gates: z.array(Name) },
  ...{ reason: z.string(), incidentUrl: z.string(), by: By, createdAt: Time },
  assurance: Approval.shape.auth.shape.assurance,
});

const Input = z.strictObject({
  judgement: Judged,
  moment: At,
  records: z.strictObject({
    approvals: z.array(Given),
    revocations: z.array(Revoked),
    lifts: z.array(Lifted),
    delegations: z.array(Lent),
    glass: z.array(Broke),
  }),
});

export function answer(input: unknown): unknown {
  const { open, lapsed, counted, satisfied } = tally(momentFrom(Input.parse(whole(input))));
  return {
    satisfied,
    open: open.map(({ gate, group, missing }) => ({ gate, group, missing })),
    lapsed: lapsed.map(({ id, code }) => ({ id, code })),
    carried: counted.flatMap(({ approval, carried }) => (carried ? [approval.id] : [])),
  };
}

type Part = Record<string, unknown>;
const Part = z.record(z.string(), z.unknown());
const Sparse = z.strictObject({
  judgement: Part.default({}),
  moment: Part.default({}),
  records: z.record(z.string(), z.array(Part)).default({}),
});
/** The input with everything that it leaves out. */
function whole(input: unknown): unknown {
  const sparse = Sparse.parse(input);
  const { judgement, moment, records } = FIRST;
  const gates = z.array(Part).parse(sparse.judgement['gates'] ?? judgement['gates']);
  const [gate = {}] = z.array(Part).parse(judgement['gates']);
  return {
    judgement: {
      ...judgement,
      ...sparse.judgement,
      gates: gates.map((one) => ({ ...gate, ...one })),
    },
    moment: { ...moment, ...sparse.moment },
    records: Object.fromEntries(
      Object.entries(records).map(([kind, [first = {}]]) => [
        kind,
        (sparse.records[kind] ?? []).map((one) => filled(one, first)),
      ]),
    ),
  };
}

function filled(one: Part, first: Part): Part {
  const nested = Object.entries(one).map(([key, value]) => {
    const under = Part.safeParse(first[key]);
    const over = Part.safeParse(value);
    return [key, under.success && over.success ? { ...under.data, ...over.data } : value];
  });
  return { ...first, ...Object.fromEntries(nested) };
}

const FIRST = Sparse.parse(
  z
    .array(z.object({ input: z.unknown() }))
    .min(1)
    .parse(JSON.parse(readFileSync(new URL('../approval.json', import.meta.url), 'utf8')))
    .at(0)?.input,
);

function momentFrom({ judgement, moment, records }: z.infer<typeof Input>): Moment {
  const { base, tree, change, requester, operator, committers, agents, aliases, ...place } = moment;
  return {
    ...place,
    change: { base, tree, entries: change, files: 1, addedLines: 1, removedLines: 0 },
    involved: { requester, operator, committers, agents, aliases },
    judgement: judgedFrom(judgement),
    records: {
      approvals: records.approvals.map(approvalFrom),
      revocations: records.revocations.map((one) => held(one, { reason: null })),
      lifts: records.lifts.map(({ assurance, ...rest }) =>
        held(rest, { auth: { ...AUTH, assurance }, reason: 'it is fine' }),
      ),
      delegations: records.delegations.map((one) => held(one, {})),
      glass: records.glass.map(({ assurance, ...rest }) =>
        held(rest, { auth: { ...AUTH, assurance } }),
      ),
    },
  };
}

function judgedFrom(judged: z.infer<typeof Judged>): Judgement {
  const risk = { riskClass: 'high', surface: 'hold' } as const;
  return {
    ...judged,
    ...risk,
    verdict: 'hold',
    enforcement: 'enforce',
    wouldBe: 'hold',
    gates: judged.gates.map((gate) => ({
      ...{ why: '', sources: [], validators: [], paths: [] },
      ...risk,
      ...gate,
    })),
    exemptions: judged.exemptions.map(({ grantedBy }) => ({
      ...{ id: 'e', gate: '', layer: '', where: '', paths: [], why: '', ticket: null },
      ...{ grantedBy, expires: '2099-01-01' },
    })),
    ...{ validators: [], denials: [], needs: [], neverDelegated: [] },
  };
}

const AUTH = { method: 'session', assurance: 'session', proof: null } as const;
const COMMON = { v: 1, auth: AUTH, nonce: '', createdAt: '2026-01-01T00:00:00Z' } as const;

function approvalFrom(given: z.infer<typeof Given>): Held<Approval> {
  const { evidence, approver, assurance, ...rest } = given;
  return held(rest, {
    attempt: 1,
    evidence: { digest: evidence },
    shown: { diff: null, findings: [] },
    approver: { ...approver, groupsDigest: evidence },
    auth: { ...AUTH, assurance },
    supersedes: null,
    reason: null,
  });
}

function held<A extends { signature: string }, B extends object>(
  { signature: said, ...record }: A,
  more: B,
): Held<Omit<A, 'signature'> & B & typeof COMMON> {
  return { record: { ...COMMON, ...record, ...more } as never, isAuthentic: said === 'valid' };
}
