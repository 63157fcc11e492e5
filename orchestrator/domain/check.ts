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

/**
 * Counted from reports. `run` leaves out skipped tests; `flaky` are those of `run` that failed first and
 * passed when they were run once more: they fail nothing, and are never shown as plain green.
 */
export const TestCounts = z.object({
  run: z.int().nonnegative(),
  failed: z.int().nonnegative(),
  skipped: z.int().nonnegative(),
  flaky: z.int().nonnegative().default(0),
});
export type TestCounts = z.infer<typeof TestCounts>;

/** A key that earlier releases did not note has a default, so that their journals can be replayed. */
export const Check = z.object({
  validator: z.string(),
  /** Kind of validator, as the policy names it. */
  kind: z.string().default('not noted'),
  /** Digest of what was run: argv, image, limits. */
  definition: Digest,
  verdict: Verdict,
  /** Null where it has no tests to count. Their names are in the evidence file `tests.json`. */
  tests: TestCounts.nullable(),
  findings: z.array(Finding),
  /** What is said beside the verdict, as what was no better at the base. */
  notes: z.array(Finding).optional(),
  evidence: z.array(EvidenceFile),
  wallMs: z.int().nonnegative(),
  /** How often it was run for this verdict. */
  tries: z.int().min(1).default(1),
  /** The attempt whose check this is, where the same had been checked before; null when it ran now. */
  cachedFrom: z
    .object({ run: RunId, attempt: z.int().min(1) })
    .nullable()
    .default(null),
  /** Says what it found and decides nothing. */
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
  /** Tests that have the name of another one, and are counted and not listed. */
  shared: z.int().min(1).optional(),
});
export type TestNames = z.infer<typeof TestNames>;
export const TEST_NAMES_FILE = 'tests.json';
