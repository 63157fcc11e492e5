/**
 * What a run is at each moment, and what can happen to it. A phase holds exactly what is true then;
 * events are in the past tense. The table that leads from one to the other is `run.ts`.
 */
import { z } from 'zod';
import { Lapse } from './approval.ts';
import { Change } from './change.ts';
import { Check, Finding } from './check.ts';
import { FAULT_CODES } from './faults.ts';
import { Digest, Person, Sha } from './ids.ts';
import { Judgement } from './judgement.ts';
import {
  Records,
  SignedApproval,
  SignedDelegation,
  SignedGlassUse,
  SignedRevocation,
  SignedVetoLift,
} from './records.ts';

/** How much a workspace may hold, and what holds it to that; only what is watched is not held hard. */
export const Quota = z.object({
  kind: z.enum(['ext4', 'tmpfs', 'watched']),
  bytes: z.int().positive(),
  inodes: z.int().positive(),
});
export type Quota = z.infer<typeof Quota>;

/** What the base commit fixed before the agent started. Nothing in a workspace can change it. */
export const Prepared = z.object({
  base: Sha,
  policy: Digest,
  rules: Digest.nullable(),
  /** The agent and its version, as in `codex 0.169.0`. */
  agent: z.string(),
  /** Image id of the agent's sandbox. */
  image: z.string(),
  model: z.string(),
  /** Of the facts about the machine, kept as evidence. Null in runs of releases that read none. */
  machine: Digest.nullable().default(null),
  /** What the base's files ask of the workspace and is not done, at most 50. */
  ignored: z.array(Finding).max(50).default([]),
  attemptsMax: z.int().min(1).max(9),
  /** Left out in journals that were begun before workspaces had one. */
  quota: Quota.optional(),
});
export type Prepared = z.infer<typeof Prepared>;

/** What an agent's own events say of its end; whose events say nothing of it was cut short. */
export const Verdict = z.enum(['completed', 'failed', 'cut_short']);
export type Verdict = z.infer<typeof Verdict>;

/** How an agent's process ended. Its exit code is noted and never believed. */
export const Ending = z.object({
  ended: z.enum(['exited', 'timed_out', 'oom', 'lost']),
  exitCode: z.int().nullable(),
  /** Left out of a program that nobody knows, and in journals of releases that did not look. */
  verdict: Verdict.optional(),
  /** The agent's last words, redacted, at most 2,000 characters. Shown, never parsed. */
  said: z.string(),
});
export type Ending = z.infer<typeof Ending>;

const code = z.enum(FAULT_CODES);

export const Outcome = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('published'), pullRequest: z.int(), url: z.string(), commit: Sha }),
  z.object({ kind: z.literal('rejected'), by: Person, reason: z.string() }),
  z.object({ kind: z.literal('gave_up'), code, findings: z.array(Finding) }),
  z.object({ kind: z.literal('denied'), code, findings: z.array(Finding) }),
  z.object({ kind: z.literal('broke'), code, message: z.string() }),
  z.object({ kind: z.literal('cancelled'), by: Person }),
  z.object({ kind: z.literal('expired') }),
  z.object({ kind: z.literal('nothing_to_do'), said: z.string() }),
]);
export type Outcome = z.infer<typeof Outcome>;

/** What every phase between the queue and the end carries. */
export const Going = z.object({
  attempt: z.int().min(1),
  breaks: z.int().min(0),
  /** What earlier attempts came to, to tell progress from going round in circles. */
  tried: z.array(z.object({ tree: Sha, findings: z.array(z.string()) })),
  /** What people decided, kept through every attempt: some of it may count for the next change too. */
  records: Records,
});
export const Given = Going.extend({
  /** Why the attempt before this one was not enough; empty in the first. */
  findings: z.array(Finding),
  /** What the attempt before this one left; the next goes on from it. */
  previous: Change.nullable(),
});
export const Sealed = Going.extend({ prepared: Prepared, change: Change });
const Proven = Sealed.extend({
  judgement: Judgement,
  checks: z.array(Check),
  evidence: Digest,
});

export type Going = z.infer<typeof Going>;
export type Given = z.infer<typeof Given>;
export type Sealed = z.infer<typeof Sealed>;

const phase = <P extends string>(name: P) => ({ phase: z.literal(name) });
export const RunState = z.discriminatedUnion('phase', [
  z.object(phase('queued')),
  Given.extend(phase('preparing')),
  Given.extend({ ...phase('working'), prepared: Prepared }),
  Given.extend({ ...phase('sealing'), prepared: Prepared, ending: Ending }),
  Sealed.extend(phase('judging')),
  Sealed.extend({ ...phase('validating'), judgement: Judgement }),
  Proven.extend({ ...phase('awaiting_approval'), expiresAt: z.iso.datetime() }),
  Proven.extend(phase('publishing')),
  z.object({ ...phase('done'), outcome: Outcome }),
]);
export type RunState = z.infer<typeof RunState>;

/** How many people quorum found still missing: the table knows no policy. */
const counted = { openSlots: z.int().min(0) };
const event = <T extends string>(name: T) => ({ type: z.literal(name) });
export const RunEvent = z.discriminatedUnion('type', [
  z.object(event('claimed')),
  z.object({ ...event('workspace_ready'), prepared: Prepared }),
  z.object({ ...event('agent_finished'), ending: Ending }),
  z.object({ ...event('limit_reached'), limit: z.string(), message: z.string() }),
  z.object({
    ...event('change_sealed'),
    change: Change,
    /** What came out with it and is no reason to refuse it; left out in older journals. */
    findings: z.array(Finding).optional(),
  }),
  z.object({ ...event('nothing_changed') }),
  z.object({ ...event('change_refused'), findings: z.array(Finding).min(1) }),
  z.object({ ...event('judged'), judgement: Judgement }),
  z.object({
    ...event('validation_passed'),
    checks: z.array(Check).min(1),
    evidence: Digest,
    expiresAt: z.iso.datetime(),
    ...counted,
    /** Approvals of an earlier change that count for this one. */
    carried: z.array(z.string()),
    lapsed: z.array(Lapse),
  }),
  z.object({
    ...event('validation_failed'),
    checks: z.array(Check),
    findings: z.array(Finding).min(1),
  }),
  z.object({
    ...event('approved'),
    approval: SignedApproval,
    delegation: SignedDelegation.nullable(),
    ...counted,
  }),
  z.object({ ...event('vetoed'), veto: SignedApproval }),
  z.object({ ...event('veto_lifted'), lift: SignedVetoLift, ...counted }),
  z.object({ ...event('revoked'), revocation: SignedRevocation }),
  z.object({ ...event('glass_broken'), use: SignedGlassUse, ...counted }),
  z.object({ ...event('rejected'), by: Person, reason: z.string().min(1) }),
  z.object({ ...event('sent_back'), by: Person, reason: z.string().min(1) }),
  z.object(event('expired')),
  z.object({ ...event('approvals_went_stale'), reasons: z.array(z.string()).min(1) }),
  z.object({
    ...event('pull_request_opened'),
    number: z.int(),
    url: z.string(),
    commit: Sha,
    /** Ids of the approvals and emergency openings that this used up. */
    consumed: z.array(z.string()),
    /** The list of the bundle's files, and its signature; left out in older journals. */
    bundle: z.object({ manifest: Digest, envelope: Digest }).optional(),
  }),
  z.object({ ...event('base_moved'), prepared: Prepared, change: Change }),
  z.object({ ...event('base_conflicts'), findings: z.array(Finding).min(1) }),
  z.object({ ...event('machinery_broke'), code, message: z.string(), final: z.boolean() }),
  z.object({ ...event('cancelled'), by: Person }),
]);
export type RunEvent = z.infer<typeof RunEvent>;

export type Phase = RunState['phase'];
export type In<P extends Phase> = Extract<RunState, { phase: P }>;
