/** What a validator says of a change. Nothing the agent printed is in here. */
import { z } from 'zod';
import { Digest, RunId } from './ids.ts';

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
  /** What kind of validator it was; left out in journals of releases that had one that counted tests. */
  kind: z.string().default('command'),
  /** Digest of what was run: argv, image, limits. */
  definition: Digest,
  verdict: Verdict,
  tests: z
    .object({
      run: z.int(),
      failed: z.int(),
      skipped: z.int(),
      /** Failed, and passed in the one re-run. */
      flaky: z.int().default(0),
    })
    .nullable(),
  findings: z.array(Finding),
  evidence: z.array(EvidenceFile),
  wallMs: z.int().nonnegative(),
  /** Whose result this is, when the same tree was checked in the same way before. */
  cachedFrom: z
    .object({ run: RunId, attempt: z.int().min(1) })
    .nullable()
    .default(null),
  /** Shown, and stops nothing. */
  advisory: z.boolean().default(false),
});
export type Check = z.infer<typeof Check>;

/** What a check that read reports keeps as `tests.json`: names, sorted, of at most 10,000 tests. */
export const TestNames = z.object({
  passed: z.array(z.string()),
  failed: z.array(z.string()),
  skipped: z.array(z.string()),
  flaky: z.array(z.string()),
  /** Some are left out because there were more. */
  cut: z.boolean().optional(),
});
export type TestNames = z.infer<typeof TestNames>;
export const TEST_NAMES_FILE = 'tests.json';
