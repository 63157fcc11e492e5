/**
 * What people write besides approvals, each record under a signature of its own, and what a run
 * keeps of all of it. A record says what was done; what it is worth is found out each time.
 */
import { z } from 'zod';
import { Approval, Auth } from './approval.ts';
import { Envelope } from './dsse.ts';
import { Digest, Person, RunId, Sha } from './ids.ts';

const id = (prefix: string) => z.string().regex(new RegExp(`^${prefix}_[0-9a-z]{26}$`));
const nonce = z.string().regex(/^[0-9a-f]{32}$/);
const Reason = z.string().trim().min(1).max(4000);
/** Who did it, and those of the groups in question that they were in. */
const By = z.strictObject({ id: Person, groups: z.array(z.string()) });
const common = { v: z.literal(1), auth: Auth, nonce, createdAt: z.iso.datetime() };

/** A yes is taken back by who gave it. */
export const Revocation = z.strictObject({
  ...common,
  id: id('rev'),
  task: RunId,
  approval: z.string(),
  by: Person,
  reason: Reason.nullable(),
});
export type Revocation = z.infer<typeof Revocation>;

/** One veto is lifted: by who gave it, or by somebody in every group of escalation. */
export const VetoLift = z.strictObject({
  ...common,
  id: id('lft'),
  task: RunId,
  veto: z.string(),
  by: By,
  reason: Reason,
});
export type VetoLift = z.infer<typeof VetoLift>;

/** A vote is handed to a named person for a while. One hop: who was handed one cannot hand it on. */
export const Delegation = z.strictObject({
  ...common,
  id: id('dlg'),
  from: Person,
  to: Person,
  gates: z.array(z.string()).min(1).max(100),
  expiresAt: z.iso.datetime(),
});
export type Delegation = z.infer<typeof Delegation>;

/** One person's part in opening gates of one change in an emergency. */
export const GlassUse = z.strictObject({
  ...common,
  id: id('brk'),
  task: RunId,
  repo: z.string(),
  targetRef: z.string(),
  tree: Sha,
  /** Digest of the raw entries. */
  change: Digest,
  evidence: Digest,
  /** Digest of the layers that judged. A gate may mean something else under another policy. */
  policy: Digest,
  gates: z.array(z.string()).min(1).max(100),
  reason: Reason,
  incidentUrl: z.string().max(2000),
  by: By,
});
export type GlassUse = z.infer<typeof GlassUse>;

/** Somebody looked at an emergency afterwards. */
export const GlassReview = z.strictObject({
  ...common,
  id: id('rvw'),
  task: RunId,
  by: Person,
  note: Reason,
});
export type GlassReview = z.infer<typeof GlassReview>;

/** Every kind of record that is signed; a signature of one kind never passes as another. */
export const RECORD_KINDS = {
  approval: Approval,
  revocation: Revocation,
  veto_lift: VetoLift,
  delegation: Delegation,
  break_glass: GlassUse,
  break_glass_review: GlassReview,
} as const;
export type RecordKind = keyof typeof RECORD_KINDS;
export type RecordOf<K extends RecordKind> = z.infer<(typeof RECORD_KINDS)[K]>;

export type Signed<T> = { readonly record: T; readonly envelope: Envelope };
const signed = <T extends z.ZodType>(record: T) => z.strictObject({ record, envelope: Envelope });
export const SignedApproval = signed(Approval);
export const SignedRevocation = signed(Revocation);
export const SignedVetoLift = signed(VetoLift);
export const SignedDelegation = signed(Delegation);
export const SignedGlassUse = signed(GlassUse);
export const SignedGlassReview = signed(GlassReview);
export type SignedApproval = z.infer<typeof SignedApproval>;
export type SignedDelegation = z.infer<typeof SignedDelegation>;

/** What people decided on a run, in the order in which it was written. Nothing is ever taken out. */
export const Records = z.strictObject({
  approvals: z.array(SignedApproval),
  revocations: z.array(SignedRevocation),
  lifts: z.array(SignedVetoLift),
  /** Those that approvals of this run were given under. */
  delegations: z.array(SignedDelegation),
  glass: z.array(SignedGlassUse),
});
export type Records = z.infer<typeof Records>;

export const NO_RECORDS: Records = {
  approvals: [],
  revocations: [],
  lifts: [],
  delegations: [],
  glass: [],
};

/** With these behind what was written before. */
export function withMore(records: Records, more: Partial<Records>): Records {
  const both = <T>(had: readonly T[], added: readonly T[] = []): T[] => [...had, ...added];
  return {
    approvals: both(records.approvals, more.approvals),
    revocations: both(records.revocations, more.revocations),
    lifts: both(records.lifts, more.lifts),
    delegations: both(records.delegations, more.delegations),
    glass: both(records.glass, more.glass),
  };
}

/** Records that outlive a run. An emergency is reviewed when a review of its run is kept too. */
export const KeptRecord = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('delegation'), id: z.string(), signed: SignedDelegation }),
  z.strictObject({
    kind: z.literal('review_due'),
    id: z.string(),
    task: RunId,
    /** Who broke the glass, and may therefore not review it. */
    by: z.array(Person),
    dueAt: z.iso.datetime(),
  }),
  z.strictObject({ kind: z.literal('review'), id: z.string(), signed: SignedGlassReview }),
]);
export type KeptRecord = z.infer<typeof KeptRecord>;
