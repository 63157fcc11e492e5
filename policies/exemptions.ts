/**
 * Parts of a gate that its own file excuses for a while. An exemption that ran out excuses nothing,
 * and a path that is excused from one gate still meets all others, `unmatched` among them.
 */
import type { Exemption } from '../orchestrator/domain/judgement.ts';
import { coveredBy, type GateMatches } from './gates.ts';
import type { LoadedPolicy } from './parse.ts';
import type { ExemptionRule } from './schema.ts';

type Excused = { readonly matches: GateMatches; readonly exemptions: readonly Exemption[] };
type Gate = { readonly gate: string; readonly found: GateMatches; readonly now: string };

export function exempted(
  loaded: LoadedPolicy,
  rules: readonly ExemptionRule[],
  { gate, found, now }: Gate,
): Excused {
  const used = rules.flatMap((rule, index): Exemption[] => {
    if (rule.gate !== gate || !isHolding(rule, now)) return [];
    const paths = found.paths.filter(coveredBy(rule.paths));
    if (paths.length === 0) return [];
    const { id, why, ticket, grantedBy, expires } = rule;
    const where = loaded.where(['exemptions', index]);
    return [{ id, gate, layer: loaded.name, where, paths, why, ticket, grantedBy, expires }];
  });
  const excused = new Set(used.flatMap(({ paths }) => paths));
  const rest = (paths: readonly string[]) => paths.filter((path) => !excused.has(path));
  const { paths, covered, confusable } = found;
  return { matches: { paths: rest(paths), covered: rest(covered), confusable }, exemptions: used };
}

/** Through the end of its last day, UTC. */
export function isHolding({ expires }: Pick<ExemptionRule, 'expires'>, now: string): boolean {
  const moment = Date.parse(now);
  return Number.isFinite(moment) && moment < Date.parse(`${expires}T00:00:00Z`) + 86_400_000;
}
