/**
 * What differs between two policies in what they mean: each difference is looser, tighter or
 * neither, by a rule for its kind of key, and the looser ones come first. Where it cannot be told,
 * as for one pattern in place of another, it may be looser, and counts as if it were.
 */
import { EFFECTS, type PolicyChange } from '../../orchestrator/domain/policy-change.ts';
import type { LoadedPolicy } from '../parse.ts';
import { type Both, told } from './both.ts';
import { risk } from './classes.ts';
import { type Difference, ordered, other } from './compare.ts';
import { gateChanges } from './gates.ts';
import { peopleChanges } from './people.ts';
import { rightsChanges } from './rights.ts';

export function policyDiff(before: LoadedPolicy, after: LoadedPolicy): PolicyChange[] {
  const both: Both = { before, after };
  const changes = [
    ...topChanges(both),
    ...gateChanges(both),
    ...peopleChanges(both),
    ...rightsChanges(both),
  ];
  return EFFECTS.flatMap((effect) => changes.filter((change) => change.effect === effect));
}

export function isLooser({ effect }: Pick<PolicyChange, 'effect'>): boolean {
  return effect === 'looser' || effect === 'may be looser';
}

function topChanges(both: Both): PolicyChange[] {
  const [old, now] = [both.before.policy, both.after.policy];
  const at = (key: string, found: readonly Difference[]): PolicyChange[] =>
    told(both, 'policy', [key], found);
  return [
    ...at(
      'enforcement',
      ordered('enforcement', ['evaluate', 'enforce'], [old.enforcement, now.enforcement]),
    ),
    ...at('unmatched', risk('unmatched', now, [old.unmatched, now.unmatched])),
    // Another place has other rights: of two layers the first owns the names.
    ...at('metadata', other('layer', [old.metadata.layer, now.metadata.layer], 'may be looser')),
    ...at('metadata', other('name', [old.metadata.name, now.metadata.name])),
    ...at('metadata', other('owner', [old.metadata.owner, now.metadata.owner])),
    ...at('metadata', other('why', [old.metadata.why, now.metadata.why])),
  ];
}
