/**
 * What a model's hint may do to a judgement: add gates that the policy declares, and nothing else. The
 * type has no word for less, and the hint is joined like one layer more, which only ever tightens.
 * What a small model was talked into by the text it read can so cost a person a look, and never save one.
 */
import type { Judgement } from '../orchestrator/domain/judgement.ts';
import { hit, shutFor, writtenGate } from './candidate.ts';
import { validatorOf } from './declared.ts';
import { isForTarget } from './gates.ts';
import { groupsOf, join, type LayerDecision, maxClass, NOTHING_SAID } from './join.ts';
import { type Asked, judgeLayer, rulesOf } from './layer.ts';
import type { LoadedPolicy } from './parse.ts';

/** Names of gates that a change should pass although none of its paths asks for it. */
export type Advice = { readonly add: readonly string[] };

export type Advisable = { readonly id: string; readonly why: string };

/** So many are asked about: the question has to stay small. */
const ADVISABLE_MAX = 64;

/** Those of `openable` that a model is asked about. */
export function advisable(
  layers: readonly LoadedPolicy[],
  judgement: Pick<Judgement, 'gates'>,
  target: string,
): Advisable[] {
  return openable(layers, judgement, target).slice(0, ADVISABLE_MAX);
}

/**
 * Gates that a hint could add to a judgement. Not those that hold already, nor one that would end the
 * run: what a model takes for a reason may cost somebody a look, and not the work.
 */
export function openable(
  layers: readonly LoadedPolicy[],
  judgement: Pick<Judgement, 'gates'>,
  target: string,
): Advisable[] {
  const out = new Set(judgement.gates.map(({ id }) => id));
  const found = new Map<string, Advisable>();
  for (const { loaded, origin, rule, index } of layers.flatMap(gatesIn)) {
    const any = { paths: ['any'], findings: [] };
    const gates = hit(loaded, writtenGate(origin, ['gates', index], rule, any));
    const isProvable = rule.validators.every((id) => validatorOf(layers, id) !== null);
    if (!isProvable || gates.some((gate) => shutFor(gate).length > 0)) out.add(rule.id);
  }
  for (const { rule } of layers.flatMap(gatesIn)) {
    if (out.has(rule.id) || found.has(rule.id) || !isForTarget(rule.branches, target)) continue;
    found.set(rule.id, { id: rule.id, why: rule.why ?? '' });
  }
  return [...found.values()];
}

function gatesIn(loaded: LoadedPolicy) {
  return rulesOf(loaded).flatMap(({ origin, gates }) =>
    gates.map((rule, index) => ({ loaded, origin, rule, index })),
  );
}

export function judgeAdvised(loaded: LoadedPolicy, asked: Asked, { add }: Advice): LayerDecision {
  const said = judgeLayer(loaded, asked);
  const paths = asked.facts.entries.map(({ path }) => path);
  const gates = gatesIn(loaded).flatMap(({ origin, rule, index }) =>
    add.includes(rule.id)
      ? hit(loaded, writtenGate(origin, ['gates', index], rule, { paths, findings: [] }))
      : [],
  );
  const asks = groupsOf(gates.flatMap(({ approvals }) => approvals));
  return join(said, {
    ...NOTHING_SAID,
    gates,
    riskClass: maxClass('low', ...gates.map((gate) => gate.riskClass)),
    validators: gates.flatMap(({ validators }) => validators),
    denials: gates.flatMap(shutFor),
    groups: Object.fromEntries(asks.map((group) => [group, asked.members(group)])),
  });
}
