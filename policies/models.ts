/** Which models may answer: of the first route that holds in each layer, what all of them name. */
import type { RiskClass } from '../orchestrator/domain/judgement.ts';
import type { LoadedPolicy } from './parse.ts';
import type { RouteRule } from './schema.ts';

/** Null when no layer says anything of this stage: any model may. An empty list: none may. */
export function modelsFor(
  layers: readonly LoadedPolicy[],
  stage: RouteRule['stage'],
  riskClass: RiskClass,
): string[] | null {
  const said = layers.flatMap(({ policy }) => {
    const routes = (policy.models?.routes ?? []).filter((route) => route.stage === stage);
    const route = routes.find(({ class: classes }) => classes?.includes(riskClass) ?? true);
    // A layer that has routes for a stage and none for this class names no model for it.
    return routes.length === 0 ? [] : [route?.use ?? []];
  });
  const [first, ...rest] = said;
  if (first === undefined) return null;
  return first.filter((model) => rest.every((models) => models.includes(model)));
}
