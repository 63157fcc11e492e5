/**
 * One person's decision on one gate for one change, bound to digests.
 *
 * It names everything that its giver saw and everything by which they may be asked again. Whether it
 * counts is not written here: that is found out anew each time (`policies/standing.ts`).
 */
import { z } from 'zod';
import { Digest, Person, RunId, Sha } from './ids.ts';
import { Assurance } from './judgement.ts';

/** What the decision is about: a change in its place, and the part of it that the gate covers. */
export const Subject = z.strictObject({
  repo: z.string(),
  /** Fully qualified, as in `refs/heads/main`. */
  targetRef: z.string(),
  base: Sha,
  tree: Sha,
  /** Digest of the raw entries. */
  change: Digest,
  scope: Digest,
});
export type Subject = z.infer<typeof Subject>;

/** How we know who it was. */
export const Auth = z.strictObject({
  method: z.enum(['session', 'github-review', 'github-comment', 'oidc', 'ssh-sig', 'webauthn']),
  assurance: Assurance,
  /** What the method left behind: who the machine says typed it, or the address of a comment. */
  proof: z.string().nullable(),
});
export type Auth = z.infer<typeof Auth>;

export const Approval = z.strictObject({
  v: z.literal(1),
  id: z.string().regex(/^apr_[0-9a-z]{26}$/),
  /** A rejection keeps the gate shut until it is taken back. */
  decision: z.enum(['approve', 'reject']),
  gate: z.string(),
  task: RunId,
  attempt: z.int().min(1),
  subject: Subject,
  policy: z.strictObject({
    /** Over all layers. Noted, and not compared: what binds is the gate. */
    effective: Digest,
    /** Digest of the gate's definition. */
    gate: Digest,
  }),
  evidence: z.strictObject({ digest: Digest }),
  /** What was there to look at; null when no diff was made. */
  shown: z.strictObject({ diff: Digest.nullable(), findings: z.array(z.string()) }),
  approver: z.strictObject({
    id: Person,
    /** Those of the gate's groups that the person was in; the delegator's when they act for one. */
    groups: z.array(z.string()),
    /** Digest of who was in those groups. */
    groupsDigest: Digest,
  }),
  /** Whose vote this is, when that person handed it on. */
  onBehalfOf: Person.nullable(),
  auth: Auth,
  nonce: z.string().regex(/^[0-9a-f]{32}$/),
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime(),
  /** Id of the decision of the same person that this one replaces. */
  supersedes: z.string().nullable(),
  /** Why; null for a yes without words. */
  reason: z.string().nullable(),
});
export type Approval = z.infer<typeof Approval>;

/**
 * Every way in which a yes can stop counting, in the order in which they are asked: the first that
 * fits is the one that is told. Stable: they are in journals, in evidence and in vectors.
 */
export const LAPSES = [
  'bad_signature',
  'repeated',
  'other_repository',
  'other_target',
  'other_task',
  'gate_gone',
  'revoked',
  'superseded',
  'vetoed',
  'operator_unknown',
  'bot',
  'requester',
  'operator',
  'committer',
  'agent',
  'exemption_author',
  'delegation_forbidden',
  'delegation_missing',
  'delegation_ended',
  'time_unreadable',
  'from_the_future',
  'expired',
  'gate_redefined',
  'scope_changed',
  'change_changed',
  'tree_changed',
  'evidence_changed',
  'not_a_member',
  'left_the_group',
  'weak_assurance',
] as const;
export type LapseCode = (typeof LAPSES)[number];

/** A yes that does not count, and why, in a sentence. */
export const Lapse = z.strictObject({
  id: z.string(),
  code: z.enum(LAPSES),
  reason: z.string(),
});
export type Lapse = z.infer<typeof Lapse>;
