/** What a validator says of a change. Nothing the agent printed is in here. */
import { z } from 'zod';
import { Digest } from './ids.ts';

export const Verdict = z.enum(['passed', 'failed', 'unknown']);
export type Verdict = z.infer<typeof Verdict>;

/** One reason inside a check, in words an agent or a person can act on. */
export const Finding = z.object({
  validator: z.string(),
  /** Stable code of the rule that spoke, as in `tests_failed`. */
  code: z.string(),
  message: z.string(),
  where: z.string().optional(),
});
export type Finding = z.infer<typeof Finding>;

/** A stored file, found again by its digest. */
export const EvidenceFile = z.object({
  name: z.string(),
  digest: Digest,
  bytes: z.int().nonnegative(),
  mediaType: z.string(),
});
export type EvidenceFile = z.infer<typeof EvidenceFile>;

export const Check = z.object({
  validator: z.string(),
  /** Digest of what was run: argv, image, limits. */
  definition: Digest,
  verdict: Verdict,
  tests: z.object({ run: z.int(), failed: z.int(), skipped: z.int() }).nullable(),
  findings: z.array(Finding),
  /** What is said beside the verdict, as what was no better at the base. */
  notes: z.array(Finding).optional(),
  evidence: z.array(EvidenceFile),
  wallMs: z.int().nonnegative(),
});
export type Check = z.infer<typeof Check>;
