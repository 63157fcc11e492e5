/**
 * What one policy layer says of a change, before it is joined with the others.
 *
 * Gates are additive and have no order: every one that matches applies. A path that no gate covers
 * takes the class `unmatched`; nothing is let through because nobody thought of it.
 */

import { digestOf, type Json } from '../orchestrator/domain/canonical.ts';
import type { Facts } from '../orchestrator/domain/change.ts';
import type { Person } from '../orchestrator/domain/ids.ts';
import type { RiskClass, Slot, Surface } from '../orchestrator/domain/judgement.ts';
import { matchGates } from './gates.ts';
import { compileGlob } from './glob.ts';
import {
  type Denial,
  type GateHit,
  join,
  type LayerDecision,
  maxClass,
  maxSurface,
  mergeSlots,
  NOTHING_SAID,
} from './join.ts';
import { brokenLimits } from './limits.ts';
import type { LoadedPolicy } from './parse.ts';
import type { GateRule, OWN_GATES } from './schema.ts';
import type { YamlPath } from './yaml-source.ts';

/** Who is in a group; empty when nobody declares it. */
export type Members = (group: string) => readonly Person[];

export function judgeLayer(loaded: LoadedPolicy, facts: Facts, members: Members): LayerDecision {
  const { policy } = loaded;
  const paths = facts.entries.map(({ path }) => path);
  const matches = matchGates(policy.gates, facts.entries);
  const limits = brokenLimits(policy.limits, facts);
  const declared = policy.gates.flatMap((gate, index) =>
    hit(loaded, declaredGate(gate, index, matches.gates[index]?.paths ?? [])),
  );
  const gates = [
    ...declared,
    ...policy.gates.flatMap((gate, index) =>
      hit(loaded, confusableGate(gate, index, matches.gates[index]?.confusable ?? [])),
    ),
    ...hit(loaded, limitsGate(policy.limits.over, limits.over, paths)),
    ...hit(loaded, unmatchedGate(policy.unmatched, matches.uncovered)).filter(asksForSomething),
  ];
  const uncovered = matches.uncovered.length > 0 ? [policy.unmatched] : [];
  const said: LayerDecision = {
    riskClass: maxClass(...gates.map((gate) => gate.riskClass), ...uncovered),
    gates,
    validators: [
      ...new Set([...gateValidators(policy.gates, declared), ...required(loaded, paths)]),
    ],
    denials: [
      ...gates.flatMap(shutFor),
      ...limits.absolute.map((broken) => tooLarge(loaded, broken)),
    ],
    groups: Object.fromEntries(groupsAsked(gates).map((group) => [group, members(group)])),
  };
  // Joining with nothing puts it in order, and makes one gate of those with the same name.
  return join(said, NOTHING_SAID);
}

type Candidate = {
  readonly id: string;
  readonly why: string;
  readonly at: YamlPath;
  readonly riskClass: RiskClass;
  readonly surface: Surface;
  readonly approvals: readonly Slot[];
  readonly paths: readonly string[];
  /** What an approval is bound to beside the class. */
  readonly definition: Json;
};

function hit(loaded: LoadedPolicy, gate: Candidate): GateHit[] {
  if (gate.paths.length === 0) return [];
  const rule = loaded.policy.classes[gate.riskClass];
  const definition = digestOf('gate', { gate: gate.definition, class: rule });
  const approvals = mergeSlots([...rule.approvals, ...gate.approvals]);
  return [
    {
      id: gate.id,
      sources: [{ layer: loaded.name, where: loaded.where(gate.at), why: gate.why, definition }],
      riskClass: gate.riskClass,
      surface: maxSurface(rule.surface, gate.surface),
      approvals,
      distinct: rule.distinct && approvals.length > 0,
      paths: [...new Set(gate.paths)].sort(),
      expiresMs: rule.expiresMs,
    },
  ];
}

function declaredGate(gate: GateRule, index: number, paths: readonly string[]): Candidate {
  return {
    id: gate.id,
    why: gate.why ?? '',
    at: ['gates', index],
    riskClass: gate.class,
    surface: gate.surface ?? 'ready-pr',
    approvals: gate.approvals,
    paths,
    definition: gate,
  };
}

function confusableGate(gate: GateRule, index: number, paths: readonly string[]): Candidate {
  const why = `Told from what gate ${gate.id} covers by letter case or Unicode form only.`;
  const own = ownGate('path-confusable', why, 'critical', paths);
  return { ...own, at: ['gates', index], definition: { id: own.id, of: gate } };
}

function limitsGate(riskClass: RiskClass, over: string[], paths: readonly string[]): Candidate {
  return ownGate('limits', over.join(' '), riskClass, over.length > 0 ? paths : []);
}

function unmatchedGate(riskClass: RiskClass, paths: readonly string[]): Candidate {
  return ownGate('unmatched', 'No gate covers these paths.', riskClass, paths);
}

function ownGate(
  id: (typeof OWN_GATES)[number],
  why: string,
  riskClass: RiskClass,
  paths: readonly string[],
): Candidate {
  const definition = { id };
  return { id, why, at: [id], riskClass, surface: 'ready-pr', approvals: [], paths, definition };
}

function asksForSomething({ approvals, surface }: GateHit): boolean {
  return approvals.length > 0 || surface === 'hold' || surface === 'forbid';
}

/** A gate that no approval can open. */
function shutFor({ id, sources, surface, approvals, paths }: GateHit): Denial[] {
  const at = sources.map(({ where }) => where).join(', ');
  const why = sources.flatMap(({ why: reason }) => (reason ? [` ${reason}`] : [])).join('');
  if (surface === 'forbid') {
    return [{ message: `Gate ${id} (${at}) forbids any change to what it covers.${why}`, paths }];
  }
  if (surface === 'hold' && approvals.length === 0) {
    return [
      {
        message: `Gate ${id} (${at}) holds the change and names nobody who may release it.`,
        paths,
      },
    ];
  }
  return [];
}

function tooLarge(loaded: LoadedPolicy, broken: string): Denial {
  const at = loaded.where(['limits', 'absolute']);
  return { message: `The change is over an absolute limit (${at}): ${broken}`, paths: [] };
}

function gateValidators(gates: readonly GateRule[], hits: readonly GateHit[]): string[] {
  const ids = new Set(hits.map(({ id }) => id));
  return gates.filter(({ id }) => ids.has(id)).flatMap(({ validators }) => validators);
}

function required({ policy }: LoadedPolicy, paths: readonly string[]): string[] {
  return Object.entries(policy.validators)
    .filter(([, { requiredFor }]) => {
      const patterns = requiredFor.map((pattern) => compileGlob(pattern, { self: true }));
      return paths.some((path) => patterns.some((matches) => matches(path)));
    })
    .map(([id]) => id);
}

function groupsAsked(gates: readonly GateHit[]): string[] {
  return gates.flatMap(({ approvals }) => approvals.map(({ group }) => group));
}
