/** What layers declare by name. The first layer that has a name owns it; later ones cannot redefine it. */
import type { Person } from '../orchestrator/domain/ids.ts';
import type { LoadedPolicy } from './parse.ts';
import { named, type ValidatorRule } from './schema.ts';

export function validatorOf(layers: readonly LoadedPolicy[], id: string): ValidatorRule | null {
  for (const { policy } of layers) {
    const rule = named(policy.validators, id);
    if (rule) return rule;
  }
  return null;
}

/** Members of a group; a group that nobody declares has none, so what asks for it stays shut. */
export function membersOf(layers: readonly LoadedPolicy[], group: string): readonly Person[] {
  for (const { policy } of layers) {
    const found = named(policy.groups, group);
    if (found) return found.members;
  }
  return [];
}
