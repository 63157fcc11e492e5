/** What one run may use up: of each number the smallest that any layer names. */
import type { ModelRole } from '../orchestrator/domain/money.ts';
import type { Task } from '../orchestrator/domain/task.ts';
import { membersOf } from './declared.ts';
import type { LoadedPolicy } from './parse.ts';
import type { Policy, WindowRule } from './schema.ts';

export type RunBudget = {
  readonly microUsd: number | null;
  readonly tokens: number | null;
  readonly turns: number | null;
  /** Of one attempt. */
  readonly wallMs: number;
  readonly attemptsMax: number;
  /** Model calls one after another that were refused, or missed the cache, before a run ends. */
  readonly refusals: number | null;
  readonly cacheMisses: number | null;
  /** How much of its time an agent has before it is told to come to an end. */
  readonly wrapUpMs: number;
};

type Numbers = Exclude<keyof Policy['budgets'], 'perRepoDay' | 'onExceed' | 'windows'>;

const WALL_DEFAULT_MS = 30 * 60_000;
const RETRIES_DEFAULT = 2;
const REFUSALS_DEFAULT = 25;
const WRAP_UP_DEFAULT_PERCENT = 80;

/** Where the first layer is silent the default is its word; no other layer lifts it. */
export function budgetOf(layers: readonly LoadedPolicy[]): RunBudget {
  const least = (key: Numbers, byDefault?: number): number | null => {
    const [first, ...rest] = layers.map(({ policy }) => policy.budgets[key]);
    const named = [first ?? byDefault ?? [], ...rest.map((one) => one ?? [])].flat();
    return named.length > 0 ? Math.min(...named) : null;
  };
  const wallMs = least('wallMs', WALL_DEFAULT_MS) ?? WALL_DEFAULT_MS;
  const percent = least('wrapUpPercent', WRAP_UP_DEFAULT_PERCENT) ?? WRAP_UP_DEFAULT_PERCENT;
  return {
    microUsd: least('microUsd'),
    tokens: least('tokens'),
    turns: least('turns'),
    wallMs,
    attemptsMax: (least('retries', RETRIES_DEFAULT) ?? RETRIES_DEFAULT) + 1,
    refusals: least('refusals', REFUSALS_DEFAULT),
    cacheMisses: least('cacheMisses'),
    wrapUpMs: Math.floor((wallMs * percent) / 100),
  };
}

/** Tasks of one repository that may be started on a day. */
export function tasksPerDay(layers: readonly LoadedPolicy[]): number | null {
  const named = layers.flatMap(({ policy }) => policy.budgets.perRepoDay.tasks ?? []);
  return named.length > 0 ? Math.min(...named) : null;
}

type Ceiling = {
  readonly microUsd: number | null;
  readonly tokens: number | null;
  readonly calls: number | null;
};

/** What the calls of a run count for beside it, and the ceilings over that. */
export type Spending = {
  readonly accounts: readonly string[];
  readonly windows: readonly (Ceiling & {
    readonly account: string;
    readonly per: 'day' | 'month';
  })[];
  readonly roles: Readonly<Partial<Record<ModelRole, Ceiling>>>;
};

type Asked = Pick<Task, 'repository' | 'requester'>;

/** Every window of every layer holds by itself, so a layer can only add one. */
export function spendingOf(layers: readonly LoadedPolicy[], task: Asked): Spending {
  const repository = `repository:${task.repository}`;
  const rules = layers.flatMap(({ policy }) => policy.budgets.windows);
  const days = layers.flatMap(({ policy: { budgets } }) => budgets.perRepoDay.microUsd ?? []);
  const windows = [
    ...days.map((microUsd) => {
      return { account: repository, per: 'day' as const, microUsd, tokens: null, calls: null };
    }),
    ...rules.flatMap((rule) => windowOf(layers, rule, task)),
  ];
  const own = ['organisation', repository, `requester:${task.requester}`];
  const accounts = [...new Set([...own, ...windows.map(({ account }) => account)])];
  return { accounts, windows, roles: rolesOf(rules) };
}

function windowOf(
  layers: readonly LoadedPolicy[],
  { of, name, per, microUsd, tokens, calls }: WindowRule,
  task: Asked,
): Spending['windows'] {
  if (per === 'task' || of === 'role') return [];
  const accounts = {
    organisation: 'organisation',
    repository: `repository:${task.repository}`,
    requester: `requester:${task.requester}`,
    team: `team:${name}`,
  };
  if (of === 'team' && !countsIn(layers, name ?? '', task)) return [];
  return [{ account: accounts[of], per, microUsd, tokens, calls }];
}

/** Where nobody can tell who is in a team, everybody counts: a ceiling that held for nobody would be none. */
function countsIn(layers: readonly LoadedPolicy[], team: string, { requester }: Asked): boolean {
  const { members } = membersOf(layers, team);
  return members.length === 0 || members.some((member) => member === requester);
}

function rolesOf(rules: readonly WindowRule[]): Spending['roles'] {
  const roles: Partial<Record<ModelRole, Ceiling>> = {};
  for (const { of, name, microUsd, tokens, calls } of rules) {
    if (of !== 'role') continue;
    // The schema takes no other name for a role.
    const role = name as ModelRole;
    const before = roles[role];
    roles[role] = {
      microUsd: smaller(before?.microUsd, microUsd),
      tokens: smaller(before?.tokens, tokens),
      calls: smaller(before?.calls, calls),
    };
  }
  return roles;
}

function smaller(one: number | null | undefined, other: number | null): number | null {
  if (one === null || one === undefined) return other;
  return other === null ? one : Math.min(one, other);
}
