/**
 * What a model's hint may do to a judgement: add gates that the policy declares, and nothing else. The
 * type has no word for less, and the hint is joined like one layer more, which only ever tightens.
 * What a small model was talked into by the text it read can so cost a person a look, and never save one.
 */
import { hit, shutFor, writtenGate } from './candidate.ts';
import { groupsOf, join, type LayerDecision, maxClass, NOTHING_SAID } from './join.ts';
import { type Asked, judgeLayer, rulesOf } from './layer.ts';
import type { LoadedPolicy } from './parse.ts';

/** Names of gates that a change should pass although none of its paths asks for it. */
export type Advice = { readonly add: readonly string[] };

export function judgeAdvised(loaded: LoadedPolicy, asked: Asked, { add }: Advice): LayerDecision {
  const said = judgeLayer(loaded, asked);
  const paths = asked.facts.entries.map(({ path }) => path);
  const gates = rulesOf(loaded).flatMap(({ origin, gates: rules }) =>
    rules.flatMap((rule, index) =>
      add.includes(rule.id)
        ? hit(loaded, writtenGate(origin, ['gates', index], rule, { paths, findings: [] }))
        : [],
    ),
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
