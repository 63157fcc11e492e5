/** Versions that a layer above requires to be newer already. */
import { isAtLeast } from '../../orchestrator/domain/versions.ts';
import type { Found, Linting } from './report.ts';

export function requirementFindings({ loaded, layers }: Linting): Found[] {
  const above = layers.slice(0, layers.indexOf(loaded));
  return (['engine', 'runc', 'kernel', 'git'] as const).flatMap((name): Found[] => {
    const own = loaded.policy.require[name];
    const other = above.find(({ policy: { require } }) => {
      const theirs = require[name];
      return own !== null && theirs !== null && isAtLeast(theirs, own);
    });
    if (own === null || other === undefined) return [];
    const where = other.where(['require', name]);
    const message = `${name} ${own} adds nothing to ${other.policy.require[name]} (${where})`;
    return [{ code: 'P0415', severity: 'info', path: ['require', name], message }];
  });
}
