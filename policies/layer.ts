/**
 * What one policy layer says of a change, before it is joined with the others.
 *
 * Gates are additive and have no order: every one that matches applies. A path that no gate covers
 * takes the class `unmatched`; nothing is let through because nobody thought of it. The gates of a
 * pack take the classes and the people of the layer that names the pack.
 */
import type { Facts } from '../orchestrator/domain/change.ts';
import type { Denial, Exemption } from '../orchestrator/domain/judgement.ts';
import { agentDenials } from './agents.ts';
import {
  type Candidate,
  hit,
  isAsking,
  type Origin,
  ownGate,
  shutFor,
  writtenGate,
} from './candidate.ts';
import { contentGates } from './content.ts';
import { exempted } from './exemptions.ts';
import {
  coveredBy,
  type GateMatches,
  isForTarget,
  isRules,
  matchGates,
  nearlyCoveredBy,
  type Subject,
} from './gates.ts';
import {
  type GateHit,
  type GroupMembers,
  groupsOf,
  join,
  type LayerDecision,
  maxClass,
  NOTHING_SAID,
} from './join.ts';
import { brokenLimits } from './limits.ts';
import type { LoadedPolicy } from './parse.ts';
import type { GateRule } from './schema.ts';
import { linksInto } from './symlinks.ts';

/** Who is in a group; empty when nobody declares it. */
export type Members = (group: string) => GroupMembers;

export type Asked = {
  readonly facts: Facts;
  readonly subjects: readonly Subject[];
  /** ISO 8601, UTC. */
  readonly now: string;
  readonly members: Members;
};

export function judgeLayer(loaded: LoadedPolicy, asked: Asked): LayerDecision {
  const { policy } = loaded;
  const { facts, members } = asked;
  const declared = declaredGates(loaded, asked);
  const limits = brokenLimits(policy.limits, facts);
  const uncovered = uncoveredPaths(declared, facts);
  const gates = [
    ...declared.flatMap(({ candidate }) => hit(loaded, candidate)),
    ...declared.flatMap((gate) => hit(loaded, confusableGate(gate))),
    ...rulesOf(loaded).flatMap(({ origin, content }) =>
      contentGates(origin, content, asked).flatMap((candidate) => hit(loaded, candidate)),
    ),
    ...addedGates(loaded, asked, limits.over).flatMap((candidate) => hit(loaded, candidate)),
    ...hit(loaded, unmatchedGate(loaded, uncovered)).filter(isAsking),
  ];
  const rest = uncovered.length > 0 ? [policy.unmatched] : [];
  const riskClass = maxClass(...gates.map((gate) => gate.riskClass), ...rest);
  const said: LayerDecision = {
    enforcement: policy.enforcement,
    riskClass,
    gates,
    validators: [
      ...gates.flatMap(({ validators }) => validators),
      ...required(loaded, asked),
      ...(policy.classes[riskClass].validators ?? []),
    ],
    denials: [
      ...gates.flatMap(shutFor),
      ...limits.absolute.map((broken) => tooLarge(loaded, broken)),
      ...declared.flatMap((gate) => companionDenials(gate, facts)),
      ...linksInto(() => askingGates(loaded, declared), facts),
      ...agentDenials(loaded, asked),
      ...editDenials(loaded, asked),
    ],
    groups: Object.fromEntries(groupsAsked(gates).map((group) => [group, members(group)])),
    exemptions: declared.flatMap(({ exemptions }) => exemptions),
    neverDelegated: policy.neverDelegate.map(({ action, absolute, gate }) => {
      return { action, absolute, approvals: gate ? [gate] : [] };
    }),
  };
  // Joining with nothing puts it in order, and makes one gate of those with the same name.
  return join(said, NOTHING_SAID);
}

/** A gate of the layer or of one of its packs, with what it matched. */
export type Declared = {
  readonly rule: GateRule;
  readonly candidate: Candidate;
  readonly matches: GateMatches;
  readonly exemptions: readonly Exemption[];
};

export type Rules = { origin: Origin; gates: GateRule[]; content: Content };

export function rulesOf(loaded: LoadedPolicy): Rules[] {
  const { policy, packs } = loaded;
  return [
    { origin: loaded, gates: policy.gates, content: policy.content },
    ...packs.map((pack) => ({
      origin: pack,
      gates: pack.policy.gates,
      content: pack.policy.content,
    })),
  ];
}

type Content = LoadedPolicy['policy']['content'];

export function declaredGates(loaded: LoadedPolicy, { facts, subjects, now }: Asked): Declared[] {
  return rulesOf(loaded).flatMap(({ origin, gates }) => {
    const matched = matchGates(gates, subjects);
    return gates.flatMap((rule, index) => {
      const found = matched[index];
      if (found === undefined || !isForTarget(rule.branches, facts.target)) return [];
      // Only the file that declares a gate may excuse from it, and a pack is another file.
      const rules = origin === loaded ? loaded.policy.exemptions : [];
      const { matches, exemptions } = exempted(loaded, rules, { gate: rule.id, found, now });
      const candidate = gateOf(origin, rule, index, matches.paths);
      return [{ rule, candidate, matches, exemptions }];
    });
  });
}

function gateOf(
  origin: Origin,
  rule: GateRule,
  index: number,
  paths: readonly string[],
): Candidate {
  return writtenGate(origin, ['gates', index], rule, { paths, findings: [] });
}

function uncoveredPaths(declared: readonly Declared[], { entries }: Facts): string[] {
  const covered = new Set(declared.flatMap(({ matches }) => matches.covered));
  return entries.map(({ path }) => path).filter((path) => !covered.has(path));
}

function confusableGate({ candidate, matches }: Declared): Candidate {
  const { id: of, at, origin } = candidate;
  const why = `Told from what gate ${of} covers by letter case or Unicode form only.`;
  const id = 'path.confusable';
  const own = ownGate(origin, { id, why, at, riskClass: 'critical', paths: matches.confusable });
  return { ...own, definition: { id, of, from: origin.name } };
}

/** Gates that no policy has to write. */
function addedGates(
  loaded: LoadedPolicy,
  { subjects }: Asked,
  over: readonly string[],
): Candidate[] {
  const types = subjects.filter(({ operations }) =>
    operations.some((operation) => ['type', 'link', 'gitlink'].includes(operation)),
  );
  return [
    ownGate(loaded, {
      id: 'limits',
      why: over.join(' '),
      at: ['limits'],
      riskClass: loaded.policy.limits.over,
      paths: over.length > 0 ? subjects.map(({ on }) => on.path) : [],
    }),
    ownGate(loaded, {
      id: 'entry.type',
      why: 'A symlink, a submodule, or a file that became something else: its content is not what it looks like.',
      at: ['gates'],
      riskClass: 'high',
      paths: types.map(({ on }) => on.path),
    }),
    ...editGate(loaded, subjects),
  ];
}

/** Where a layer leaves edits of the rules to somebody who is asked. */
function editGate(loaded: LoadedPolicy, subjects: readonly Subject[]): Candidate[] {
  return loaded.policy.neverDelegate.flatMap(({ action, gate }, index) => {
    if (action !== 'edit-policy' || gate === undefined) return [];
    const id = 'never.edit-policy';
    const why = 'No agent edits the rules it is judged by without somebody.';
    const at = ['never_delegate', index];
    const own = ownGate(loaded, { id, why, at, riskClass: 'low', paths: editedRules(subjects) });
    return [{ ...own, approvals: [gate], definition: { id, asks: gate } }];
  });
}

function unmatchedGate(loaded: LoadedPolicy, paths: readonly string[]): Candidate {
  const why = 'No gate covers these paths.';
  const riskClass = loaded.policy.unmatched;
  return ownGate(loaded, { id: 'unmatched', why, at: ['unmatched'], riskClass, paths });
}

/** Every gate of a layer and its packs that asks somebody, whatever a change touches. */
export function guardsOf(loaded: LoadedPolicy, target: string): GateRule[] {
  return rulesOf(loaded).flatMap(({ origin, gates }) =>
    gates.filter((rule, index) => {
      const candidate = gateOf(origin, rule, index, ['any']);
      return isForTarget(rule.branches, target) && hit(loaded, candidate).some(isAsking);
    }),
  );
}

/** A new symlink must not lead to what one of these guards: its content would be edited unseen. */
function askingGates(loaded: LoadedPolicy, declared: readonly Declared[]) {
  return declared.flatMap(({ rule, candidate }) => {
    const asks = hit(loaded, { ...candidate, paths: ['any'] }).some(isAsking);
    return asks ? [{ ...rule, where: candidate.origin.where(candidate.at) }] : [];
  });
}

function companionDenials({ rule, candidate, matches }: Declared, { entries }: Facts): Denial[] {
  if (matches.paths.length === 0) return [];
  const where = candidate.origin.where(candidate.at);
  return rule.require_with.flatMap((pattern) => {
    const covers = coveredBy([pattern]);
    if (entries.some(({ path }) => covers(path))) return [];
    const message = `Gate ${rule.id} (${where}) wants something at "${pattern}" to change too.`;
    return [{ code: 'companion_missing', message, paths: [...matches.paths], where }];
  });
}

/** Where letter case means nothing, `.Proofhouse/` is the same folder. */
function editedRules(subjects: readonly Subject[]): string[] {
  return subjects.filter(({ on }) => isRules(on)).map(({ on }) => on.path);
}

function editDenials(loaded: LoadedPolicy, { subjects }: Asked): Denial[] {
  const index = loaded.policy.neverDelegate.findIndex(({ action, absolute }) => {
    return action === 'edit-policy' && absolute;
  });
  const paths = editedRules(subjects);
  if (index < 0 || paths.length === 0) return [];
  const where = loaded.where(['never_delegate', index]);
  const message = `No agent edits the rules it is judged by, and nobody can allow it (${where}).`;
  return [{ code: 'never_delegated', message, paths, where }];
}

function tooLarge(loaded: LoadedPolicy, broken: string): Denial {
  const where = loaded.where(['limits', 'absolute']);
  const message = `The change is over an absolute limit (${where}): ${broken}`;
  return { code: 'over_limit', message, paths: [], where };
}

/** A path that only looks as though it were outside needs the check too. */
function required({ policy }: LoadedPolicy, { subjects }: Asked): string[] {
  return Object.entries(policy.validators)
    .filter(([, { requiredFor }]) => {
      const covers = nearlyCoveredBy(requiredFor);
      return subjects.some(({ on }) => covers(on));
    })
    .map(([id]) => id);
}

function groupsAsked(gates: readonly GateHit[]): string[] {
  return gates.flatMap(({ approvals }) => groupsOf(approvals));
}
