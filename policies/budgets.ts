/** What one run may use up: of each number the smallest that any layer names. */
import type { LoadedPolicy } from './parse.ts';
import type { Policy } from './schema.ts';

export type RunBudget = {
  readonly microUsd: number | null;
  readonly tokens: number | null;
  readonly turns: number | null;
  /** Of one attempt. */
  readonly wallMs: number;
  readonly attemptsMax: number;
};

type Numbers = Exclude<keyof Policy['budgets'], 'perRepoDay' | 'onExceed'>;

const WALL_DEFAULT_MS = 30 * 60_000;
const RETRIES_DEFAULT = 2;

/** Where the first layer is silent the default is its word; no other layer lifts it. */
export function budgetOf(layers: readonly LoadedPolicy[]): RunBudget {
  const least = (key: Numbers, byDefault?: number): number | null => {
    const [first, ...rest] = layers.map(({ policy }) => policy.budgets[key]);
    const named = [first ?? byDefault ?? [], ...rest.map((one) => one ?? [])].flat();
    return named.length > 0 ? Math.min(...named) : null;
  };
  return {
    microUsd: least('microUsd'),
    tokens: least('tokens'),
    turns: least('turns'),
    wallMs: least('wallMs', WALL_DEFAULT_MS) ?? WALL_DEFAULT_MS,
    attemptsMax: (least('retries', RETRIES_DEFAULT) ?? RETRIES_DEFAULT) + 1,
  };
}
