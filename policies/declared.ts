/** What layers declare by name. The first layer that has a name owns it; later ones cannot redefine it. */
import type { Facts } from '../orchestrator/domain/change.ts';
import type { GroupMembers } from './join.ts';
import type { LoadedPolicy } from './parse.ts';
import { named, type ValidatorRule } from './schema.ts';

export function validatorOf(layers: readonly LoadedPolicy[], id: string): ValidatorRule | null {
  for (const { policy } of layers) {
    const rule = named(policy.validators, id);
    if (rule) return rule;
  }
  return null;
}

/** Whether a check of it can prove a change: what only says something proves nothing, whatever it says. */
export function isProof(rule: ValidatorRule): boolean {
  return rule.kind !== 'review' && !('advisory' in rule && rule.advisory === true);
}

/**
 * Members of a group; a group that nobody declares has none, so what asks for it stays shut.
 * `snapshot` has the members of groups that a policy names by team or file.
 */
export function membersOf(
  layers: readonly LoadedPolicy[],
  group: string,
  snapshot: Facts['groups'] = {},
): GroupMembers {
  for (const { policy } of layers) {
    const rule = named(policy.groups, group);
    if (rule === undefined) continue;
    const { members, from, minAssurance } = rule;
    const found = members ?? (from === null ? [] : (named(snapshot, from) ?? []));
    // In order and once each, whoever took the snapshot.
    return { members: [...new Set(found)].sort(), minAssurance };
  }
  return { members: [], minAssurance: 'session' };
}
