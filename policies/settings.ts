/** What a decision says of people beside its gates: whose approval never counts, what an emergency may open. Of all layers the stricter. */
import type { BreakGlass, Judgement, Separation } from '../orchestrator/domain/judgement.ts';
import { Excluded } from '../orchestrator/domain/judgement.ts';
import { sorted } from './join.ts';
import type { LoadedPolicy } from './parse.ts';

/** What holds where the first layer is silent: nobody who had to do with a change approves it. */
const DEFAULT: NonNullable<LoadedPolicy['policy']['separation']> = {
  exclude: [...Excluded.options],
  unknownOperator: 'block',
  botsNeverApprove: true,
  escalation: null,
};

/** The silence of the first layer is the default; that of the others adds nothing. */
export function separationOf(layers: readonly LoadedPolicy[]): Separation {
  const [first, ...rest] = layers.map(({ policy }) => policy.separation);
  const said = [first ?? DEFAULT, ...rest.flatMap((one) => one ?? [])];
  return {
    exclude: inWords(new Set(said.flatMap((one) => one.exclude))),
    unknownOperator: said.some((one) => one.unknownOperator === 'block') ? 'block' : 'allow',
    botsNeverApprove: said.some((one) => one.botsNeverApprove),
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

/** The first layer must allow it, and those below may shorten it and name fewer gates. */
export function delegationOf(layers: readonly LoadedPolicy[]): Judgement['delegation'] {
  const [first, ...rest] = layers.map(({ policy }) => policy.delegation);
  if (first === undefined) return null;
  const rules = [first, ...rest.flatMap((one) => one ?? [])];
  const scopes = rules.flatMap(({ scope }) => (scope === null ? [] : [scope]));
  const named = sorted(scopes.flat());
  return {
    maxMs: Math.min(...rules.map(({ maxMs }) => maxMs)),
    scope:
      scopes.length === 0
        ? null
        : named.filter((gate) => scopes.every((scope) => scope.includes(gate))),
  };
}
