/** What a decision says of people beside its gates: whose approval never counts, what an emergency may open. Of all layers the stricter. */
import type { BreakGlass, Judgement, Separation } from '../orchestrator/domain/judgement.ts';
import { Excluded } from '../orchestrator/domain/judgement.ts';
import { sorted } from './join.ts';
import type { LoadedPolicy } from './parse.ts';

/** Where no layer says otherwise, nobody who had to do with a change approves it. */
export function separationOf(layers: readonly LoadedPolicy[]): Separation {
  const said = layers.flatMap(({ policy }) => policy.separation ?? []);
  const exclude = new Set(said.flatMap((one) => one.exclude));
  return {
    exclude: said.length === 0 ? [...Excluded.options] : inWords(exclude),
    unknownOperator:
      said.every((one) => one.unknownOperator === 'allow') && said.length > 0 ? 'allow' : 'block',
    botsNeverApprove: said.length === 0 || said.some((one) => one.botsNeverApprove),
    escalation: sorted(said.flatMap(({ escalation }) => escalation ?? [])),
  };
}

function inWords(exclude: ReadonlySet<Excluded>): Excluded[] {
  return Excluded.options.filter((word) => word === 'requester' || exclude.has(word));
}

/** Only the organisation says this, or the one file that stands for both. */
export function breakGlassOf(layers: readonly LoadedPolicy[]): BreakGlass | null {
  return layers[0]?.policy.breakGlass ?? null;
}

/** Every layer must allow it; the shortest time and the gates that all of them name. */
export function delegationOf(layers: readonly LoadedPolicy[]): Judgement['delegation'] {
  const said = layers.map(({ policy }) => policy.delegation);
  if (said.length === 0 || said.some((one) => one === undefined)) return null;
  const rules = said.flatMap((one) => one ?? []);
  const scopes = rules.flatMap(({ scope }) => (scope === null ? [] : [scope]));
  const [first, ...rest] = scopes;
  return {
    maxMs: Math.min(...rules.map(({ maxMs }) => maxMs)),
    scope: first
      ? sorted(first.filter((gate) => rest.every((scope) => scope.includes(gate))))
      : null,
  };
}
