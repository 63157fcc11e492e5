/** What of a policy no case fires: a rule that nobody tried may be misspelt, and nobody would know. */
import { type Judgement, RiskClass } from '../orchestrator/domain/judgement.ts';
import type { CaseResult } from './case-run.ts';
import type { LoadedPolicy } from './parse.ts';

type Rule = { readonly id: string; readonly where: string };

export type Coverage = {
  /** Gates and content rules that some case fires, of all. */
  readonly fired: number;
  readonly of: number;
  /** Whole percents, and 100 only when nothing is left out. */
  readonly percent: number;
  readonly rules: readonly Rule[];
  readonly exemptions: readonly Rule[];
  readonly classes: readonly RiskClass[];
  /** Cases on which no gate and no rule of the policy fires. */
  readonly idle: readonly string[];
};

export function coverageOf(
  layers: readonly LoadedPolicy[],
  results: readonly CaseResult[],
  options: { readonly packs: boolean },
): Coverage {
  const rules = layers.flatMap((layer) => rulesOf(layer, options));
  const judged = results.map(({ judgement }) => judgement);
  const sources = new Set(
    judged.flatMap(({ gates }) =>
      gates.flatMap((gate) => gate.sources.map(({ where }) => `${gate.id} ${where}`)),
    ),
  );
  const unfired = rules.filter(({ id, where }) => !sources.has(`${id} ${where}`));
  const fired = rules.length - unfired.length;
  const known = new Set(rules.map(({ id }) => id));
  return {
    fired,
    of: rules.length,
    percent: rules.length === 0 ? 100 : Math.floor((100 * fired) / rules.length),
    rules: unfired,
    exemptions: layers.flatMap((layer) => unusedExemptions(layer, judged)),
    classes: unusedClasses(layers, judged),
    idle: results
      .filter(({ judgement }) => !judgement.gates.some(({ id }) => known.has(id)))
      .map(({ name }) => name),
  };
}

function rulesOf(layer: LoadedPolicy, { packs }: { readonly packs: boolean }): Rule[] {
  return [layer, ...(packs ? layer.packs : [])].flatMap(({ policy, where }) => [
    ...policy.gates.map(({ id }, index) => ({ id, where: where(['gates', index]) })),
    ...policy.content.map(({ id }, index) => ({ id, where: where(['content', index]) })),
  ]);
}

function unusedExemptions({ policy, where }: LoadedPolicy, judged: readonly Judgement[]): Rule[] {
  return policy.exemptions
    .map(({ id }, index) => ({ id, where: where(['exemptions', index]) }))
    .filter(
      (one) =>
        !judged.some(({ exemptions }) => exemptions.some((used) => used.where === one.where)),
    );
}

/** Of the classes that the policy gives to anything. */
function unusedClasses(layers: readonly LoadedPolicy[], judged: readonly Judgement[]): RiskClass[] {
  const given = layers.flatMap(({ policy }) => [
    policy.unmatched,
    ...[...policy.gates, ...policy.content].map((rule) => rule.class),
  ]);
  const seen = new Set(
    judged.flatMap(({ riskClass, gates }) => [riskClass, ...gates.map((gate) => gate.riskClass)]),
  );
  return RiskClass.options.filter((risk) => given.includes(risk) && !seen.has(risk));
}
