/**
 * The decision over a change: a pure function of policy layers, facts and the time.
 *
 * Each layer is judged apart and the decisions are joined, so a layer can only tighten. What must
 * hold whatever a policy says is held against the whole: there is a layer, something proves the
 * change, no entry has a name or a target that leads astray, and a policy that the change brings
 * along must itself allow it. Without any of these the answer is no, in `evaluate` too.
 */
import { digestOf } from '../orchestrator/domain/canonical.ts';
import type { Entry, Facts } from '../orchestrator/domain/change.ts';
import type {
  Advice,
  Denial,
  GateJudgement,
  Judgement,
  Verdict,
} from '../orchestrator/domain/judgement.ts';
import { judgeAdvised } from './advice.ts';
import { pathsOf } from './candidate.ts';
import { isProof, membersOf, validatorOf } from './declared.ts';
import { entriesDigest } from './facts.ts';
import { subjectsOf } from './gates.ts';
import {
  type GateHit,
  join,
  joinGroups,
  type LayerDecision,
  maxSurface,
  mergeSlots,
  NOTHING_SAID,
  slotsOf,
} from './join.ts';
import { judgeLayer } from './layer.ts';
import type { LoadedPolicy } from './parse.ts';
import { pathProblem, printablePath } from './paths.ts';
import { proposedPolicy } from './proposed.ts';
import { breakGlassOf, delegationOf, separationOf } from './settings.ts';
import { linkDenials } from './symlinks.ts';

/**
 * `now` is ISO 8601, UTC; it matters to exemptions only. `advice` is what a model was heard to say: it is
 * part of what comes out, so that the same decision can be made again. Never throws on data of the right
 * shape.
 */
export function decide(
  layers: readonly LoadedPolicy[],
  facts: Facts,
  now: string,
  advice?: Advice,
): Judgement {
  const subjects = subjectsOf(facts.entries);
  // A layer knows the groups of those above it, and never those that come after.
  const judge = (
    layer: LoadedPolicy,
    above: readonly LoadedPolicy[],
    heard?: Advice,
  ): LayerDecision => {
    const members = (group: string) => membersOf([...above, layer], group, facts.groups);
    const asked = { facts, subjects, now, members };
    return heard === undefined ? judgeLayer(layer, asked) : judgeAdvised(layer, asked, heard);
  };
  const standing = layers
    .map((layer, index) => judge(layer, layers.slice(0, index)))
    .reduce(join, NOTHING_SAID);
  const advised =
    advice === undefined
      ? standing
      : layers
          .map((layer, index) => judge(layer, layers.slice(0, index), advice))
          .reduce(join, NOTHING_SAID);
  const proposed = proposedPolicy(facts);
  const brought =
    'policy' in proposed
      ? withoutNewChecks(judge(proposed.policy, layers), layers, proposed.policy)
      : NOTHING_SAID;
  const decision = join(advised, brought);
  const denied = 'denials' in proposed ? proposed.denials : [];
  const always = [...hygiene(facts), ...denied, ...missing(layers, standing, decision)];
  const heard = advice === undefined ? {} : { advice };
  return { ...verdictOf(decision, always), ...described(layers, decision, facts), ...heard };
}

/** A check that only the change itself declares is run once the change is in, and proves nothing before. */
function withoutNewChecks(
  said: LayerDecision,
  layers: readonly LoadedPolicy[],
  proposed: LoadedPolicy,
): LayerDecision {
  const isStanding = (id: string): boolean =>
    validatorOf(layers, id) !== null || validatorOf([proposed], id) === null;
  return {
    ...said,
    validators: said.validators.filter(isStanding),
    gates: said.gates.map((gate) => ({ ...gate, validators: gate.validators.filter(isStanding) })),
  };
}

/** The digest of the layers that judge, in their order, with their packs. */
export function policyDigest(layers: readonly LoadedPolicy[]): Judgement['policy'] {
  return digestOf(
    'policy',
    layers.map(({ digest, packs }) => [digest, ...packs.map((pack) => pack.digest)]),
  );
}

function verdictOf(
  decision: LayerDecision,
  always: readonly Denial[],
): Pick<Judgement, 'verdict' | 'wouldBe' | 'enforcement' | 'denials'> {
  const denials = [...always, ...decision.denials];
  const isHeld = decision.gates.some(({ approvals }) => approvals.length > 0);
  const wouldBe: Verdict = denials.length > 0 ? 'deny' : isHeld ? 'hold' : 'allow';
  if (decision.enforcement === 'enforce' || always.length > 0) {
    return { verdict: wouldBe, wouldBe, enforcement: 'enforce', denials };
  }
  return { verdict: 'allow', wouldBe, enforcement: 'evaluate', denials };
}

type Described = Omit<Judgement, 'verdict' | 'wouldBe' | 'enforcement' | 'denials'>;

function described(
  layers: readonly LoadedPolicy[],
  decision: LayerDecision,
  facts: Facts,
): Described {
  const { gates } = decision;
  const byPath = Map.groupBy(facts.entries, ({ path }) => path);
  return {
    riskClass: layers.length === 0 ? 'critical' : decision.riskClass,
    surface: maxSurface(...gates.map(({ surface }) => surface)),
    gates: gates.map((gate) => judged(gate, byPath)),
    validators: [...decision.validators],
    distinct: gates.some(({ distinct }) => distinct),
    needs: mergeSlots(gates.flatMap(({ approvals }) => slotsOf(approvals))),
    policy: policyDigest(layers),
    groups: groupsOf(layers, decision, facts),
    separation: separationOf(layers),
    exemptions: [...decision.exemptions],
    neverDelegated: [...decision.neverDelegated],
    delegation: delegationOf(layers),
    breakGlass: breakGlassOf(layers),
  };
}

/**
 * Who is asked for, who may lift a veto, and who may break the glass: of a group that several ask
 * for, those on whom all agree. No layer gets its people from one that comes after it.
 */
function groupsOf(
  layers: readonly LoadedPolicy[],
  decision: LayerDecision,
  facts: Facts,
): Judgement['groups'] {
  const beside = layers.flatMap(({ policy }, index) => {
    const glass = index === 0 ? (policy.breakGlass?.groups ?? []) : [];
    const named = [
      ...glass,
      ...(policy.separation?.escalation ? [policy.separation.escalation] : []),
    ];
    const above = layers.slice(0, index + 1);
    return named.map((group) => ({ [group]: membersOf(above, group, facts.groups) }));
  });
  return Object.fromEntries(
    Object.entries(beside.reduce(joinGroups, decision.groups)).map(
      ([group, { members, minAssurance }]) => [group, { members: [...members], minAssurance }],
    ),
  );
}

/**
 * The three things that must be there: a policy, a check, and what each check is. They are held
 * against all layers that stand, so a layer may bring what those above it leave to it. These are
 * the only refusals that one more layer can lift; one that the change brings along cannot, and neither
 * can what a model advises.
 */
function missing(
  layers: readonly LoadedPolicy[],
  standing: LayerDecision,
  { validators }: LayerDecision,
): Denial[] {
  const none = { paths: [], where: '' };
  if (layers.length === 0) {
    return [{ code: 'no_policy', message: 'No policy judges this change.', ...none }];
  }
  const proves = (id: string): boolean => {
    const rule = validatorOf(layers, id);
    return rule === null || isProof(rule);
  };
  if (!standing.validators.some(proves)) {
    const message =
      'Nothing would prove this change: no validator is required for what it touches.';
    return [{ code: 'nothing_proves', message, ...none }];
  }
  return validators
    .filter((id) => validatorOf(layers, id) === null)
    .map((id) => ({
      code: 'validator_unknown',
      message: `Validator ${id} is required and no policy declares it.`,
      ...none,
    }));
}

/** Held here too, although no such entry leaves a workspace: facts may come from elsewhere. */
function hygiene(facts: Facts): Denial[] {
  const named = pathsOf(facts.entries).flatMap((path) => {
    const problem = pathProblem(path);
    if (problem === null) return [];
    const message = `"${printablePath(Buffer.from(path))}" ${problem}.`;
    return [{ code: 'path_refused', message, paths: [path], where: '' }];
  });
  return [...named, ...linkDenials(facts)];
}

function judged(
  { distinct: _, ...gate }: GateHit,
  byPath: ReadonlyMap<string, Entry[]>,
): GateJudgement {
  const whys = gate.sources.map(({ why }) => why);
  const scope = entriesDigest(gate.paths.flatMap((path) => byPath.get(path) ?? []));
  return {
    ...gate,
    why: [...new Set(whys)].filter(Boolean).join(' '),
    scope:
      gate.findings.length === 0
        ? scope
        : digestOf('scope', { entries: scope, findings: gate.findings.map(({ key }) => key) }),
    definition: digestOf(
      'gates',
      gate.sources.map(({ definition }) => definition),
    ),
  };
}
