/** What the policy says of one change: a value that can be stored, shown, compared and made again. */
import { z } from 'zod';
import { Digest, Person } from './ids.ts';

export const RiskClass = z.enum(['low', 'medium', 'high', 'critical']);
export type RiskClass = z.infer<typeof RiskClass>;

/** What may happen to a change of this class before people agreed. Ordered from loose to tight. */
export const Surface = z.enum(['ready-pr', 'draft-pr', 'hold', 'forbid']);
export type Surface = z.infer<typeof Surface>;

/** How much of what a person saw must still be so for their yes to count. From loose to tight. */
export const Bind = z.enum(['change', 'tree', 'evidence']);
export type Bind = z.infer<typeof Bind>;

/** Whether a yes outlives a new tree in which nothing that the gate covers changed. */
export const CarryForward = z.enum(['scoped', 'never']);
export type CarryForward = z.infer<typeof CarryForward>;

/** How we know who somebody is: this machine's word, the forge's, or a signature of their own. */
export const Assurance = z.enum(['session', 'forge', 'signed']);
export type Assurance = z.infer<typeof Assurance>;

export const Verdict = z.enum(['allow', 'hold', 'deny']);
export type Verdict = z.infer<typeof Verdict>;

/** So many different people of one group must agree. */
export const Slot = z.object({ group: z.string(), count: z.int().positive() });
export type Slot = z.infer<typeof Slot>;

/** One of several lists of slots must be filled, whichever. */
export const AnyOf = z.object({ anyOf: z.array(z.array(Slot).min(1)).min(1) });
export type AnyOf = z.infer<typeof AnyOf>;

/** A list of these is read as "and". */
export const Requirement = z.union([Slot, AnyOf]);
export type Requirement = z.infer<typeof Requirement>;

/** Which layer asked, where it is written, and what it asked for: the explanation of a gate. */
export const GateSource = z.object({
  layer: z.string(),
  /** As in `.proofhouse/policy.yaml:44:5`. */
  where: z.string(),
  why: z.string(),
  riskClass: RiskClass,
  surface: Surface,
  approvals: z.array(Requirement),
  /** Digest of the gate's definition with its class. */
  definition: Digest,
});
export type GateSource = z.infer<typeof GateSource>;

export const GateJudgement = z.object({
  id: z.string(),
  why: z.string(),
  /** One for each layer that declares the gate. */
  sources: z.array(GateSource).min(1),
  riskClass: RiskClass,
  surface: Surface,
  bind: Bind,
  carryForward: CarryForward,
  approvals: z.array(Requirement),
  validators: z.array(z.string()),
  /** The changed paths that this gate matched, sorted. */
  paths: z.array(z.string()),
  /** What a detector found, by content and never by line, sorted. Empty for a gate on paths. */
  findings: z.array(
    z.object({ key: z.string(), message: z.string(), detector: z.string().nullable() }),
  ),
  /** Digest of the raw entries and findings it matched: an approval is for these and no others. */
  scope: Digest,
  /** Digest over the definitions of all sources. */
  definition: Digest,
  /** Milliseconds an approval of this gate stays good. */
  expiresMs: z.int().positive(),
});
export type GateJudgement = z.infer<typeof GateJudgement>;

/** Whose approval never counts, by what they had to do with the change. */
export const Excluded = z.enum([
  'requester',
  'operator',
  'committers',
  'agents',
  'exemption-author',
]);
export type Excluded = z.infer<typeof Excluded>;

export const Separation = z.object({
  exclude: z.array(Excluded),
  unknownOperator: z.enum(['allow', 'block']),
  botsNeverApprove: z.boolean(),
  /** Groups, of each of which a person must be a member to lift somebody else's veto. */
  escalation: z.array(z.string()),
});
export type Separation = z.infer<typeof Separation>;

/** A part of a gate that its own layer excuses for a while. */
export const Exemption = z.object({
  id: z.string(),
  gate: z.string(),
  layer: z.string(),
  where: z.string(),
  paths: z.array(z.string()),
  why: z.string(),
  ticket: z.string().nullable(),
  grantedBy: Person,
  expires: z.iso.date(),
});
export type Exemption = z.infer<typeof Exemption>;

export const BreakGlass = z.object({
  groups: z.array(z.string()).min(1),
  count: z.int().min(2),
  maxDurationMs: z.int().positive(),
  reasonMinChars: z.int().positive(),
  incidentUrl: z.string(),
  /** Gates, actions and validators that no emergency opens. */
  never: z.array(z.string()),
  reviewWithinMs: z.int().positive(),
});
export type BreakGlass = z.infer<typeof BreakGlass>;

export const Denial = z.object({
  code: z.string(),
  message: z.string(),
  paths: z.array(z.string()),
  /** What asked for it; empty when no policy did. */
  where: z.string(),
});
export type Denial = z.infer<typeof Denial>;

/** Something that an agent never does by itself. */
export const NeverDelegated = z.object({
  action: z.string(),
  /** Nobody can allow it. Otherwise `approvals` can. */
  absolute: z.boolean(),
  approvals: z.array(Slot),
});
export type NeverDelegated = z.infer<typeof NeverDelegated>;

export const Judgement = z.object({
  verdict: Verdict,
  /** `evaluate` reports and holds nothing: the verdict is then `allow` where `wouldBe` is not. */
  enforcement: z.enum(['evaluate', 'enforce']),
  wouldBe: Verdict,
  riskClass: RiskClass,
  surface: Surface,
  /** Every gate that matched, open or not; a gate without approvals asks for nobody. */
  gates: z.array(GateJudgement),
  /** Ids of validators that must pass, sorted. */
  validators: z.array(z.string()),
  /** Why the change may not go on at all; empty unless it would be denied. */
  denials: z.array(Denial),
  /** One person may fill one slot only. */
  distinct: z.boolean(),
  /** The most that any gate asks of each group, sorted; alternatives are in the gates only. */
  needs: z.array(Slot),
  /** Digest over all layers that spoke. */
  policy: Digest,
  /** Who is in each group that is asked for, lifts vetoes or breaks the glass, as the policy judged. */
  groups: z.record(z.string(), z.object({ members: z.array(Person), minAssurance: Assurance })),
  separation: Separation,
  exemptions: z.array(Exemption),
  neverDelegated: z.array(NeverDelegated),
  /** Null where nobody may hand their vote on. */
  delegation: z
    .object({ maxMs: z.int().positive(), scope: z.array(z.string()).nullable() })
    .nullable(),
  breakGlass: BreakGlass.nullable(),
});
export type Judgement = z.infer<typeof Judgement>;
