/**
 * The decision over a change: a pure function of policy layers and facts.
 *
 * Each layer is judged apart and the decisions are joined, so a layer can only tighten. Two rules
 * ask for something to be there and are therefore held against the whole: there must be a layer,
 * and something must prove the change. Without either the answer is no.
 */

import { digestOf } from '../orchestrator/domain/canonical.ts';
import type { Facts } from '../orchestrator/domain/change.ts';
import type { GateJudgement, Judgement } from '../orchestrator/domain/judgement.ts';
import { membersOf, validatorOf } from './declared.ts';
import { scopeDigest } from './facts.ts';
import { type Denial, type GateHit, join, type LayerDecision, NOTHING_SAID } from './join.ts';
import { judgeLayer } from './layer.ts';
import type { LoadedPolicy } from './parse.ts';

export function decide(layers: readonly LoadedPolicy[], facts: Facts): Judgement {
  const decision = layers
    // A layer knows the groups of those above it, and never those that come after.
    .map((layer, index) => {
      const above = layers.slice(0, index + 1);
      return judgeLayer(layer, facts, (group) => membersOf(above, group));
    })
    .reduce(join, NOTHING_SAID);
  const denials = [...decision.denials, ...missing(layers, decision)];
  const isHeld = decision.gates.some(({ approvals }) => approvals.length > 0);
  return {
    verdict: denials.length > 0 ? 'deny' : isHeld ? 'hold' : 'allow',
    riskClass: layers.length === 0 ? 'critical' : decision.riskClass,
    gates: decision.gates.map((gate) => judged(gate, facts)),
    validators: [...decision.validators],
    denials: denials.map(({ message, paths }) => ({
      code: 'change_denied',
      message,
      paths: [...paths],
    })),
    distinct: decision.gates.some(({ distinct }) => distinct),
    policy: policyDigest(layers),
    groups: Object.fromEntries(
      Object.entries(decision.groups).map(([group, members]) => [group, [...members]]),
    ),
  };
}

/** The digest of the layers that judge, in their order. */
export function policyDigest(layers: readonly LoadedPolicy[]): Judgement['policy'] {
  return digestOf(
    'policy',
    layers.map(({ digest }) => digest),
  );
}

function missing(layers: readonly LoadedPolicy[], { validators }: LayerDecision): Denial[] {
  if (layers.length === 0) return [{ message: 'No policy judges this change.', paths: [] }];
  if (validators.length === 0) {
    const message =
      'Nothing would prove this change: no validator is required for what it touches.';
    return [{ message, paths: [] }];
  }
  return validators
    .filter((id) => validatorOf(layers, id) === null)
    .map((id) => ({
      message: `Validator ${id} is required and no policy declares it.`,
      paths: [],
    }));
}

function judged(gate: GateHit, { entries }: Facts): GateJudgement {
  const { id, sources, riskClass, surface, expiresMs } = gate;
  const text = (part: (source: GateHit['sources'][number]) => string, glue: string): string =>
    [...new Set(sources.map(part))].filter(Boolean).join(glue);
  return {
    id,
    why: text(({ why }) => why, ' '),
    layer: text(({ layer }) => layer, ', '),
    where: text(({ where }) => where, ', '),
    riskClass,
    surface,
    approvals: gate.approvals.map((slot) => ({ ...slot })),
    paths: [...gate.paths],
    scope: scopeDigest(entries, gate.paths),
    definition: digestOf(
      'gates',
      sources.map(({ definition }) => definition),
    ),
    expiresMs,
  };
}
