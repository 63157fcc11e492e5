/** What an agent may write, by its role: every layer that speaks of the role must allow it. */
import type { Facts } from '../orchestrator/domain/change.ts';
import type { Denial } from '../orchestrator/domain/judgement.ts';
import { coveredBy, keyed, nearlyCoveredBy } from './gates.ts';
import type { LoadedPolicy } from './parse.ts';
import { named } from './schema.ts';

/** Why a role of this layer may not write a path, or null. */
export function writeProblem(loaded: LoadedPolicy, role: string): (path: string) => string | null {
  const rule = named(loaded.policy.agents, role);
  if (rule === undefined) return () => null;
  const at = (part: string): string => loaded.where(['agents', role, part]);
  const isWritable = rule.write === undefined ? () => true : coveredBy(rule.write);
  const isReadonly = nearlyCoveredBy(rule.readonly);
  const isHidden = nearlyCoveredBy(rule.hidden);
  return (path) => {
    const on = keyed(path);
    if (isHidden(on)) return `is hidden from the ${role} (${at('hidden')})`;
    if (isReadonly(on)) return `is read-only for the ${role} (${at('readonly')})`;
    return isWritable(path) ? null : `is not among what the ${role} may write (${at('write')})`;
  };
}

type Made = { readonly facts: Pick<Facts, 'entries' | 'madeBy'> };

export function agentDenials(loaded: LoadedPolicy, { facts: { entries, madeBy } }: Made): Denial[] {
  if (madeBy === null) return [];
  const problemOf = writeProblem(loaded, madeBy);
  const reasons = new Map<string, string[]>();
  for (const { path } of entries) {
    const problem = problemOf(path);
    if (problem === null) continue;
    const paths = reasons.get(problem);
    if (paths === undefined) reasons.set(problem, [path]);
    else paths.push(path);
  }
  const where = loaded.where(['agents', madeBy]);
  return [...reasons].map(([problem, paths]) => {
    const more = paths.length > 1 ? ` and ${paths.length - 1} more` : '';
    const message = `"${paths[0]}"${more} ${problem}.`;
    return { code: 'agent_rights', message, paths, where };
  });
}
