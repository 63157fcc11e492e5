/** Differences of what proves a change, how large it may be, and what a run may reach, use and write. */
import type { PolicyChange } from '../../orchestrator/domain/policy-change.ts';
import { budgetOf } from '../budgets.ts';
import { coversHost } from '../hosts.ts';
import { lasting } from '../looser.ts';
import type { LoadedPolicy } from '../parse.ts';
import type {
  NetworkRule,
  Policy,
  RoleRule,
  RouteRule,
  RunningRule,
  ValidatorRule,
  WindowRule,
} from '../schema.ts';
import { type Both, cameAt, goneFrom, paired, told } from './both.ts';
import { risk } from './classes.ts';
import {
  allowing,
  asking,
  ceiling,
  covering,
  type Difference,
  excusing,
  flag,
  floor,
  isSame,
  missing,
  ordered,
  other,
} from './compare.ts';
import { requirements } from './require.ts';

export function rightsChanges(both: Both): PolicyChange[] {
  const { before, after } = both;
  const [old, now] = [before.policy, after.policy];
  return [
    ...told(both, 'limits', ['limits'], limits(old, now)),
    ...validatorChanges(both),
    ...told(both, 'require', ['require'], requirements(old, now)),
    ...told(both, 'network', ['network'], network(old, now)),
    ...told(both, 'budgets', ['budgets'], budgets(before, after)),
    ...told(
      both,
      'models',
      ['models'],
      [...routes(old, now), ...free(old, now), ...shapes(old, now), ...data(old, now)],
    ),
    ...roleChanges(both),
    ...told(both, 'evidence', ['evidence'], evidence(old, now)),
  ];
}

function limits({ limits: old }: Policy, policy: Policy): Difference[] {
  const now = policy.limits;
  return [
    ...ceiling('max_files', [old.maxFiles, now.maxFiles]),
    ...ceiling('max_changed_lines', [old.maxChangedLines, now.maxChangedLines]),
    ...ceiling('max_file_bytes', [old.maxFileBytes, now.maxFileBytes]),
    ...ceiling('max_binary_bytes', [old.maxBinaryBytes, now.maxBinaryBytes]),
    ...ceiling('max_new_dependencies', [old.maxNewDependencies, now.maxNewDependencies]),
    ...risk('over', policy, [old.over, now.over]),
    ...ceiling('absolute.max_files', [old.absolute.maxFiles, now.absolute.maxFiles]),
    ...ceiling('absolute.max_changed_lines', [
      old.absolute.maxChangedLines,
      now.absolute.maxChangedLines,
    ]),
  ];
}

function validatorChanges(both: Both): PolicyChange[] {
  const { before, after } = both;
  return paired(before.policy.validators, after.policy.validators).flatMap(({ name, old, now }) => {
    const about = `validator ${name}`;
    const at = ['validators', name];
    if (now === null) return [goneFrom(both, about, at, { effect: 'looser', what: 'is gone' })];
    if (old === null) return [cameAt(both, about, at, { effect: 'tighter', what: 'is new' })];
    return told(both, about, at, validator(old, now));
  });
}

function validator(old: ValidatorRule, now: ValidatorRule): Difference[] {
  const paths = covering('required_for', [old.requiredFor, now.requiredFor]);
  if ('timeoutMs' in old && 'timeoutMs' in now) return [...running(old, now), ...paths];
  const inspects = ({ requiredFor: _, ...what }: ValidatorRule) => what;
  return [...other('what it looks for', [inspects(old), inspects(now)], 'may be looser'), ...paths];
}

function running(old: RunningRule, now: RunningRule): Difference[] {
  const inspects = ({ timeoutMs: _, memoryBytes: __, minTests: ___, ...rest }: RunningRule) => {
    const { requiredFor: ____, testsFrom: _____, ...what } = rest;
    return what;
  };
  return [
    ...other('what it runs or reads', [inspects(old), inspects(now)], 'may be looser'),
    ...floor('min_tests', [old.minTests, now.minTests]),
    ...ordered('tests_from', ['head', 'base'], [old.testsFrom, now.testsFrom]),
    ...other('timeout', [old.timeoutMs, now.timeoutMs]),
    ...other('memory', [old.memoryBytes, now.memoryBytes]),
  ];
}

type Allowed = NetworkRule['agent'];

/** What a layer leaves open that says nothing of the network. */
const UNSAID = { setup: ['package-registry'], agent: ['model-gateway'] } as const;

function network(old: Policy, now: Policy): Difference[] {
  return (['setup', 'agent'] as const).flatMap((phase) => {
    const [was, is] = [old, now].map((policy) => policy.network?.[phase] ?? []) as [
      Allowed,
      Allowed,
    ];
    const doors = ({ network: said }: Policy, all: Allowed): string[] =>
      said === undefined ? [...UNSAID[phase]] : all.flatMap(({ via }) => via ?? []);
    return [
      ...allowing(phase, [doors(old, was), doors(now, is)]),
      ...ways(is)
        .filter((way) => !isCovered(way, was))
        .map((way) => hostText('looser', phase, way)),
      ...ways(was)
        .filter((way) => !isCovered(way, is))
        .map((way) => hostText('tighter', phase, way)),
    ];
  });
}

type Way = { readonly host: string; readonly port: number; readonly method: string };

function ways(allowed: Allowed): Way[] {
  return allowed.flatMap(({ host, ports, methods }) =>
    host === null ? [] : ports.flatMap((port) => methods.map((method) => ({ host, port, method }))),
  );
}

function isCovered({ host, port, method }: Way, allowed: Allowed): boolean {
  return ways(allowed).some(
    (way) =>
      way.port === port &&
      way.method === method &&
      // Of two wildcards the one is in the other when its name is.
      (way.host === host || coversHost(way.host, host.replace(/^\*\./, 'x.'))),
  );
}

function hostText(
  effect: 'looser' | 'tighter',
  phase: string,
  { host, port, method }: Way,
): Difference {
  const verb = effect === 'looser' ? 'now also' : 'no longer';
  return { effect, what: `${phase}: ${verb} ${method} ${host}:${port}` };
}

function budgets(before: LoadedPolicy, after: LoadedPolicy): Difference[] {
  const [old, now] = [budgetOf([before]), budgetOf([after])];
  const [was, is] = [before.policy.budgets, after.policy.budgets];
  const usd = (micro: number): string => `$${micro / 1_000_000}`;
  return [
    ...ceiling('per_task.usd', [old.microUsd, now.microUsd], usd),
    ...ceiling('per_task.tokens', [old.tokens, now.tokens]),
    ...ceiling('per_task.turns', [old.turns, now.turns]),
    ...ceiling('per_task.wall', [old.wallMs, now.wallMs], lasting),
    ...ceiling('per_task.retries', [old.attemptsMax - 1, now.attemptsMax - 1]),
    ...ceiling('per_task.refusals', [old.refusals, now.refusals]),
    ...ceiling('per_task.cache_misses', [old.cacheMisses, now.cacheMisses]),
    ...ceiling('per_task: told to end after', [old.wrapUpMs, now.wrapUpMs], lasting),
    ...windows(was.windows, is.windows),
    ...ceiling('per_repo_day.usd', [was.perRepoDay.microUsd, is.perRepoDay.microUsd], usd),
    ...ceiling('per_repo_day.tasks', [was.perRepoDay.tasks, is.perRepoDay.tasks]),
    ...ordered('on_exceed', ['pause', 'ask', 'fail'], [was.onExceed, is.onExceed]),
  ];
}

/** Those of one scope are compared number by number. */
function windows(was: readonly WindowRule[], is: readonly WindowRule[]): Difference[] {
  const scope = ({ of, name, per }: WindowRule): string =>
    `${of}${name === null ? '' : ` ${name}`} per ${per}`;
  const scopes = [...new Set([...was, ...is].map(scope))];
  const usd = (micro: number): string => `$${micro / 1_000_000}`;
  return scopes.flatMap((name) => {
    const both = (of: 'microUsd' | 'tokens' | 'calls') => {
      const least = (rules: readonly WindowRule[]): number | null => {
        const found = rules.flatMap((rule) => (scope(rule) === name ? (rule[of] ?? []) : []));
        return found.length > 0 ? Math.min(...found) : null;
      };
      return [least(was), least(is)] as const;
    };
    return [
      ...ceiling(`${name}: usd`, both('microUsd'), usd),
      ...ceiling(`${name}: tokens`, both('tokens')),
      ...ceiling(`${name}: turns`, both('calls')),
    ];
  });
}

function routes(old: Policy, now: Policy): Difference[] {
  const key = ({ stage, class: classes }: RouteRule): string =>
    `${stage} ${classes?.join(', ') ?? 'any class'}`;
  const [was, is] = [old.models?.routes ?? [], now.models?.routes ?? []];
  // The first that holds is taken, so another list of conditions may send anything elsewhere.
  if (!isSame(was.map(key), is.map(key))) {
    if (was.length === 0)
      return [{ effect: 'tighter', what: 'routes: was any model, is a list now' }];
    if (is.length === 0)
      return [{ effect: 'looser', what: 'routes: was a list, is any model now' }];
    return [{ effect: 'may be looser', what: 'routes: other stages, classes or another order' }];
  }
  return was.flatMap((route, index) => {
    const after = is[index];
    if (after === undefined) return [];
    const name = `route ${key(route)}`;
    const found = allowing(name, [route.use, after.use]);
    const order = found.length === 0 ? other(`${name}: the order`, [route.use, after.use]) : [];
    const differ = flag(`${name}: differ_from`, [
      route.differ_from !== undefined,
      after.differ_from !== undefined,
    ]);
    return [...found, ...order, ...differ];
  });
}

function free(old: Policy, now: Policy): Difference[] {
  return allowing('free', [old.models?.free ?? [], now.models?.free ?? []]);
}

function shapes(old: Policy, now: Policy): Difference[] {
  const said = ({ models }: Policy) => models?.secret_shapes ?? 'block';
  return ordered('secret_shapes', ['allow', 'block'], [said(old), said(now)]);
}

function data(old: Policy, now: Policy): Difference[] {
  const byPaths = (policy: Policy): Record<string, string[]> =>
    Object.fromEntries(
      (policy.models?.data ?? []).map(({ paths, providers }) => [paths.join(', '), providers]),
    );
  const [was, is] = [byPaths(old), byPaths(now)];
  const hasNew = missing(Object.keys(is), Object.keys(was)).length > 0;
  return paired(was, is).flatMap(({ name, old: before, now: after }): Difference[] => {
    if (after === null) {
      return [{ effect: hasNew ? 'may be looser' : 'looser', what: `data: no longer ${name}` }];
    }
    if (before === null) return [{ effect: 'tighter', what: `data: now also ${name}` }];
    return allowing(`data ${name}`, [before, after]);
  });
}

function roleChanges(both: Both): PolicyChange[] {
  const { before, after } = both;
  return paired(before.policy.agents, after.policy.agents).flatMap(({ name, old, now }) => {
    const about = `agent ${name}`;
    const at = ['agents', name];
    if (now === null) {
      const what = 'is gone, and may write anything';
      return [goneFrom(both, about, at, { effect: 'looser', what })];
    }
    if (old === null) return [cameAt(both, about, at, { effect: 'tighter', what: 'is new' })];
    return told(both, about, at, role(old, now));
  });
}

const ON_OTHER = ['alarm', 'refuse'] as const;

function role(old: RoleRule, now: RoleRule): Difference[] {
  const write =
    old.write && now.write
      ? excusing('write', [old.write, now.write])
      : allowing('write', [old.write ?? null, now.write ?? null]);
  return [
    ...write,
    ...covering('readonly', [old.readonly, now.readonly]),
    ...covering('hidden', [old.hidden, now.hidden]),
    ...allowing('tools.allow', [old.tools.allow ?? null, now.tools.allow ?? null]),
    ...asking('tools.ask', [old.tools.ask, now.tools.ask]),
    ...asking('tools.deny', [old.tools.deny, now.tools.deny]),
    ...allowing('expected_harness', [old.expectedHarness ?? null, now.expectedHarness ?? null]),
    ...ordered('on_other_harness', ON_OTHER, [old.onOtherHarness, now.onOtherHarness]),
  ];
}

function evidence({ evidence: old }: Policy, { evidence: now }: Policy): Difference[] {
  return [
    ...flag('sign', [old?.sign !== undefined, now?.sign !== undefined]),
    ...asking('attest', [old?.attest ?? [], now?.attest ?? []]),
    ...floor('retain', [old?.retain ?? null, now?.retain ?? null], lasting),
    ...asking('publish', [old?.publish ?? [], now?.publish ?? []]),
  ];
}
