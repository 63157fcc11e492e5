/** What a reviewing model says, and what the ledger says of who it was. Data of a model: shown, never run. */
import { z } from 'zod';

export const Severity = z.enum(['low', 'medium', 'high']);
export type Severity = z.infer<typeof Severity>;

/** As a model writes it. */
export const Remarks = z.strictObject({
  remarks: z.array(
    z.strictObject({
      path: z.string(),
      line: z.int().nonnegative(),
      severity: Severity,
      message: z.string(),
    }),
  ),
});
export type Remark = z.infer<typeof Remarks>['remarks'][number];

const Asked = z.object({ model: z.string(), vendor: z.string() });

/** The evidence file `review.json`. */
export const Review = z.object({
  /** Name that the policy has for the model that answered; null when none did. */
  by: z.string().nullable(),
  /** Why there is no answer; null when there is one. */
  problem: z.string().nullable(),
  remarks: z.array(
    z.object({ ...Remarks.shape.remarks.element.shape, path: z.string().nullable() }),
  ),
  /** Told from the ledger of the run: which models answered in each role. */
  edited: z.array(Asked),
  reviewed: z.array(Asked),
  /** Whether the policy asks for another vendor, and whether the ledger shows one; null when it cannot tell. */
  otherVendor: z.object({ asked: z.boolean(), shown: z.boolean().nullable() }),
});
export type Review = z.infer<typeof Review>;
