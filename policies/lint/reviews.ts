/** Reviews that nobody makes, and gates that they could never raise. */

import type { ReviewRule } from '../schema/review.ts';
import { named } from '../schema.ts';
import type { YamlPath } from '../yaml-source.ts';
import type { Found, Linting } from './report.ts';

export function reviewFindings(linting: Linting): Found[] {
  return Object.entries(linting.loaded.policy.validators).flatMap(([id, rule]) =>
    rule.kind === 'review'
      ? [...raiseFindings(linting, rule, ['validators', id]), ...routeFindings(linting, id)]
      : [],
  );
}

function raiseFindings({ loaded, layers }: Linting, rule: ReviewRule, path: YamlPath): Found[] {
  const declared = layers.flatMap(({ policy, packs }) =>
    [policy, ...packs.map((pack) => pack.policy)].flatMap(({ gates }) => gates.map(({ id }) => id)),
  );
  // Another layer may declare it, where this one is not all there is.
  const severity = loaded.policy.metadata.layer === 'standalone' ? 'error' : 'warning';
  return rule.raises.flatMap((gate, index): Found[] => {
    if (declared.includes(gate)) return [];
    const message = `a remark raises the gate \`${gate}\`, which is not declared`;
    return [{ code: 'P0416', severity, path: [...path, 'raises', index], message }];
  });
}

function routeFindings({ layers, isLast }: Linting, id: string): Found[] {
  const routes = layers.flatMap(({ policy }) => policy.models?.routes ?? []);
  const rule = layers.map(({ policy }) => named(policy.validators, id)).find(Boolean);
  if (!isLast || routes.some(({ stage }) => stage === 'review')) return [];
  const isRequired = rule?.kind === 'review' && rule.required;
  const message = `no route names a model for review, so \`${id}\` ${isRequired ? 'lets nothing through' : 'is never read by anybody'}`;
  const hint = 'under models › routes: { stage: review, use: […], differ_from: code.vendor }';
  const severity = isRequired ? 'error' : 'warning';
  return [{ code: 'P0417', severity, path: ['validators', id], message, hint, part: 'key' }];
}
