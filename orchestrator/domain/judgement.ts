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
  layer: z.string().describe('Layer or pack that says it.'),
  where: z.string().describe('File, line and column, as in .proofhouse/policy.yaml:44:5.'),
  why: z.string().describe('Reason that is written there.'),
  riskClass: RiskClass.describe('Class that it asks for.'),
  surface: Surface.describe('What it lets happen before people agreed.'),
  approvals: z.array(Requirement).describe('Who it asks for.'),
  definition: Digest.describe("Digest of the gate's definition with its class."),
});
export type GateSource = z.infer<typeof GateSource>;

export const GateJudgement = z.object({
  id: z.string().describe('Name of the gate.'),
  why: z.string().describe('Reason of the first that declares it.'),
  sources: z.array(GateSource).min(1).describe('One for each layer that declares the gate.'),
  riskClass: RiskClass.describe('Highest class that a source asks for.'),
  surface: Surface.describe('Tightest that a source asks for.'),
  bind: Bind.describe('How much of what a person saw must still be so for their yes to count.'),
  carryForward: CarryForward.describe(
    'Whether a yes outlives a new tree in which nothing that the gate covers changed.',
  ),
  approvals: z.array(Requirement).describe('Who must agree; all of these.'),
  validators: z.array(z.string()).describe('Validators that must pass.'),
  paths: z.array(z.string()).describe('The changed paths that this gate matched, sorted.'),
  findings: z
    .array(z.object({ key: z.string(), message: z.string(), detector: z.string().nullable() }))
    .describe(
      'What a detector found, by content and never by line, sorted. Empty for a gate on paths.',
    ),
  scope: Digest.describe(
    'Digest of the raw entries and findings it matched: an approval is for these and no others.',
  ),
  definition: Digest.describe('Digest over the definitions of all sources.'),
  expiresMs: z.int().positive().describe('Milliseconds an approval of this gate stays good.'),
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
  exclude: z
    .array(Excluded)
    .describe('Whose approval never counts, by what they had to do with the change.'),
  unknownOperator: z
    .enum(['allow', 'block'])
    .describe('Whether an approval counts while it is unknown who ran the agent.'),
  botsNeverApprove: z.boolean().describe('Whether accounts of programs are left out.'),
  escalation: z
    .array(z.string())
    .describe("Groups, of each of which a person must be a member to lift somebody else's veto."),
});
export type Separation = z.infer<typeof Separation>;

/** A part of a gate that its own layer excuses for a while. */
export const Exemption = z.object({
  id: z.string().describe('Name of the exemption.'),
  gate: z.string().describe('Gate that it excuses from.'),
  layer: z.string().describe('Layer that declares it.'),
  where: z.string().describe('File, line and column.'),
  paths: z.array(z.string()).describe('Changed paths that it takes out of the gate.'),
  why: z.string().describe('Reason that is written there.'),
  ticket: z.string().nullable().describe('Ticket that it names, or null.'),
  grantedBy: Person.describe('Who granted it.'),
  expires: z.iso.date().describe('Last day on which it counts.'),
});
export type Exemption = z.infer<typeof Exemption>;

export const BreakGlass = z.object({
  groups: z.array(z.string()).min(1).describe('Groups whose members may open.'),
  count: z.int().min(2).describe('So many of them together.'),
  maxDurationMs: z.int().positive().describe('Milliseconds it stays open at most.'),
  reasonMinChars: z.int().positive().describe('Length of a reason at least.'),
  incidentUrl: z.string().describe('How the address of an incident begins.'),
  never: z.array(z.string()).describe('Gates, actions and validators that no emergency opens.'),
  reviewWithinMs: z.int().positive().describe('Milliseconds in which it is reviewed.'),
});
export type BreakGlass = z.infer<typeof BreakGlass>;

export const Denial = z.object({
  code: z.string().describe('Stable code.'),
  message: z.string().describe('Sentence for people.'),
  paths: z
    .array(z.string())
    .describe('Changed paths that it is about; empty for the change as a whole.'),
  where: z.string().describe('What asked for it; empty when no policy did.'),
});
export type Denial = z.infer<typeof Denial>;

/** Something that an agent never does by itself. */
export const NeverDelegated = z.object({
  action: z.string().describe('Something that an agent never does by itself.'),
  absolute: z.boolean().describe('Nobody can allow it. Otherwise `approvals` can.'),
  approvals: z.array(Slot).describe('Who can allow it.'),
});
export type NeverDelegated = z.infer<typeof NeverDelegated>;

/** What a model was heard to say of a change: gates to add, and there is no word for less. */
export const Advice = z.object({
  add: z
    .array(z.string())
    .min(1)
    .describe('Names of gates that it adds, as the policy declares them.'),
  by: z.string().describe('The model, by its name in the policy.'),
  raised: z
    .array(z.object({ gate: z.string(), validator: z.string(), by: z.string() }))
    .min(1)
    .optional()
    .describe('Those of them that remarks of a review raised: by which validator and model.'),
});
export type Advice = z.infer<typeof Advice>;

export const Judgement = z.object({
  verdict: Verdict.describe('What happens to the change: it goes on, waits for people, or ends.'),
  enforcement: z
    .enum(['evaluate', 'enforce'])
    .describe(
      'evaluate reports and holds nothing: the verdict is then allow where wouldBe is not.',
    ),
  wouldBe: Verdict.describe('Verdict if the policy were enforced.'),
  riskClass: RiskClass.describe('Highest class of the change.'),
  surface: Surface.describe('Tightest of its gates.'),
  gates: z
    .array(GateJudgement)
    .describe('Every gate that matched, open or not; a gate without approvals asks for nobody.'),
  validators: z.array(z.string()).describe('Ids of validators that must pass, sorted.'),
  denials: z
    .array(Denial)
    .describe('Why the change may not go on at all; empty unless it would be denied.'),
  distinct: z.boolean().describe('One person may fill one slot only.'),
  needs: z
    .array(Slot)
    .describe(
      'The most that any gate asks of each group, sorted; alternatives are in the gates only.',
    ),
  policy: Digest.describe('Digest over all layers that spoke.'),
  groups: z
    .record(z.string(), z.object({ members: z.array(Person), minAssurance: Assurance }))
    .describe(
      'Who is in each group that is asked for, lifts vetoes or breaks the glass, as the policy judged.',
    ),
  separation: Separation.describe('Whose approvals do not count.'),
  exemptions: z
    .array(Exemption)
    .describe('Parts of gates that their own layer excuses for a while.'),
  neverDelegated: z.array(NeverDelegated).describe('What an agent never does by itself.'),
  delegation: z
    .object({ maxMs: z.int().positive(), scope: z.array(z.string()).nullable() })
    .nullable()
    .describe('How long and for which gates a vote may be handed on; null where nobody may.'),
  breakGlass: BreakGlass.nullable().describe(
    'Who may open in an emergency; null where nobody may.',
  ),
  advice: Advice.optional().describe('What a model added; left out where none was heard.'),
});
export type Judgement = z.infer<typeof Judgement>;
