/** Which models may answer: of the first route that holds in each layer, what all of them name. */
import type { RiskClass } from '../orchestrator/domain/judgement.ts';
import { MODEL_ROLES, type ModelRole } from '../orchestrator/domain/money.ts';
import type { LoadedPolicy } from './parse.ts';
import type { RouteRule } from './schema.ts';

type Stage = RouteRule['stage'];
const STAGES: Readonly<Record<ModelRole, Stage>> = {
  ...{ plan: 'plan', edit: 'code', review: 'review', extract: 'extract', title: 'title' },
};

export type ModelRules = {
  /** Of each role the models that may answer, first to last; null for any. */
  readonly plan: Readonly<Record<ModelRole, readonly string[] | null>>;
  readonly free: readonly string[];
  /** Whether what only looks like a key may reach a model. */
  readonly secretShapes: 'block' | 'allow';
  /** Roles that no vendor may answer both of in one run. */
  readonly apart: readonly (readonly [ModelRole, ModelRole])[];
};

/**
 * What holds for the calls of a run. What a change will touch is not known while a model works on it, so
 * each call goes where one for the class critical may: a model that is not trusted with that writes
 * nothing that could turn out to be.
 */
export function modelRules(layers: readonly LoadedPolicy[]): ModelRules {
  const plan = (role: ModelRole) => modelsFor(layers, STAGES[role], 'critical');
  const routes = layers.flatMap(({ policy }) => policy.models?.routes ?? []);
  const differs = (role: ModelRole): boolean =>
    routes.some((route) => route.stage === STAGES[role] && route.differ_from !== undefined);
  return {
    plan: {
      plan: plan('plan'),
      edit: plan('edit'),
      review: plan('review'),
      extract: plan('extract'),
      title: plan('title'),
    },
    free: freeModels(layers),
    secretShapes: secretShapes(layers),
    apart: MODEL_ROLES.flatMap((role) =>
      role !== 'edit' && differs(role) ? [[role, 'edit'] as const] : [],
    ),
  };
}

/** Only the first layer can allow it, and those below may take that back. */
function secretShapes(layers: readonly LoadedPolicy[]): ModelRules['secretShapes'] {
  const [first, ...rest] = layers.map(({ policy }) => policy.models?.secret_shapes);
  return first === 'allow' && !rest.includes('block') ? 'allow' : 'block';
}

/** A layer below may take the word of the first back, and never give it. */
export function freeModels(layers: readonly LoadedPolicy[]): string[] {
  const [first, ...rest] = layers.map(({ policy }) => policy.models);
  const others = rest.flatMap((models) => (models === undefined ? [] : [models.free]));
  return (first?.free ?? []).filter((id) => others.every((free) => free.includes(id)));
}

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
