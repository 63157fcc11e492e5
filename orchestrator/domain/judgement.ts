/** What the policy says of one change: a value that can be stored, shown and compared. */
import { z } from 'zod';
import { Digest, Person } from './ids.ts';

export const RiskClass = z.enum(['low', 'medium', 'high', 'critical']);
export type RiskClass = z.infer<typeof RiskClass>;

/** What may happen to a change of this class before people agreed. Ordered from loose to tight. */
export const Surface = z.enum(['ready-pr', 'draft-pr', 'hold', 'forbid']);
export type Surface = z.infer<typeof Surface>;

/** So many different people of one group must agree. */
export const Slot = z.object({ group: z.string(), count: z.int().positive() });
export type Slot = z.infer<typeof Slot>;

export const GateJudgement = z.object({
  id: z.string(),
  why: z.string(),
  /** The policy layer that declared the gate: its name and where, as in `.proofhouse/policy.yaml:44:5`. */
  layer: z.string(),
  where: z.string(),
  riskClass: RiskClass,
  surface: Surface,
  approvals: z.array(Slot),
  /** The changed paths that this gate matched, sorted. */
  paths: z.array(z.string()),
  /** Digest of the raw entries it matched: an approval is for these and no others. */
  scope: Digest,
  /** Digest of the gate's definition with its class and groups. */
  definition: Digest,
  /** Milliseconds an approval of this gate stays good. */
  expiresMs: z.int().positive(),
});
export type GateJudgement = z.infer<typeof GateJudgement>;

export const Judgement = z.object({
  verdict: z.enum(['allow', 'hold', 'deny']),
  riskClass: RiskClass,
  /** Every gate that matched, open or not; a gate without approvals asks for nobody. */
  gates: z.array(GateJudgement),
  /** Ids of validators that must pass, sorted. */
  validators: z.array(z.string()),
  /** Why the change may not go on at all; empty unless the verdict is `deny`. */
  denials: z.array(z.object({ code: z.string(), message: z.string(), paths: z.array(z.string()) })),
  /** One person may fill one slot only. */
  distinct: z.boolean(),
  /** Digest over all layers that spoke. */
  policy: Digest,
  /** Who is in each group that a gate asks for, as the policy said when it judged. */
  groups: z.record(z.string(), z.array(Person)),
});
export type Judgement = z.infer<typeof Judgement>;
