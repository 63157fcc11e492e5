/** How two policies differ, as text: what is looser first. Pure. */
import { EFFECTS, type Effect, type PolicyChange } from '../domain/policy-change.ts';
import { columns } from './columns.ts';

const TITLES: Record<Effect, string> = {
  looser: 'Looser',
  'may be looser': 'May be looser: nobody can tell for every path',
  tighter: 'Tighter',
  neither: 'Neither',
};

export function policyDiffText(changes: readonly PolicyChange[]): string {
  if (changes.length === 0) return 'The two policies mean the same.';
  return EFFECTS.flatMap((effect) => {
    const found = changes.filter((change) => change.effect === effect);
    if (found.length === 0) return [];
    const rows = found.map(({ about, what, where }) => [`  ${about}: ${what}`, where]);
    return [`${TITLES[effect]} (${found.length})\n${columns(rows)}`];
  }).join('\n\n');
}
