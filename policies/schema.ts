/**
 * The policy file: every key there is, and the values a decision works with.
 *
 * Every object is strict, because a misspelt key that is skipped is a gate that is open. What is
 * left out takes the default named here. The input speaks snake case and units as people write
 * them; the output is camel case and says its unit in the name.
 */
import { z } from 'zod';
import { Operation } from '../orchestrator/domain/change.ts';
import { Person } from '../orchestrator/domain/ids.ts';
import { RiskClass, Surface } from '../orchestrator/domain/judgement.ts';
import { globProblem } from './glob.ts';
import { Count, Duration, Memory, Size, Timeout } from './units.ts';

/** Gates that the decision itself adds; no policy may name its own like these. */
export const OWN_GATES = ['unmatched', 'limits', 'path-confusable'] as const;

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
const GIB = 2 ** 30;

const Id = z.string().regex(/^[a-z0-9][a-z0-9-]{0,39}$/, {
  error: 'expected a name of at most 40 lower-case letters, digits and dashes',
});
const Line = z.string().trim().min(1, 'expected some text').max(500);
const Argv = z
  .array(z.string().regex(/^[^\0]+$/, 'expected some text'))
  .min(1, 'expected a command and its arguments')
  .max(64);

/** A path-glob that means something; see `globProblem`. */
const Glob = z.string().check((context) => {
  const problem = globProblem(context.value);
  if (problem === null) return;
  const params = { code: 'P0203' };
  context.issues.push({ code: 'custom', input: context.value, message: problem, params });
});
const Globs = z.array(Glob).max(200);

const Asked = z.strictObject({ group: Id, count: z.int().min(1).max(20).default(1) });
const Approvals = z.array(Asked).max(20);

const ClassKeys = z.strictObject({
  approvals: Approvals.optional(),
  distinct: z.boolean().optional(),
  surface: Surface.optional(),
  expires: Duration.optional(),
});

export type ClassRule = {
  readonly approvals: readonly { readonly group: string; readonly count: number }[];
  readonly distinct: boolean;
  readonly surface: Surface;
  readonly expiresMs: number;
};

const CLASS_DEFAULTS: Record<RiskClass, ClassRule> = {
  low: { approvals: [], distinct: false, surface: 'ready-pr', expiresMs: 7 * DAY_MS },
  medium: { approvals: [], distinct: false, surface: 'ready-pr', expiresMs: 7 * DAY_MS },
  high: {
    approvals: [{ group: 'platform', count: 1 }],
    distinct: false,
    surface: 'hold',
    expiresMs: 3 * DAY_MS,
  },
  critical: {
    approvals: [{ group: 'security', count: 1 }],
    distinct: true,
    surface: 'hold',
    expiresMs: DAY_MS,
  },
};

const Classes = z
  .strictObject({
    low: ClassKeys.optional(),
    medium: ClassKeys.optional(),
    high: ClassKeys.optional(),
    critical: ClassKeys.optional(),
  })
  .default({})
  .transform((given) => {
    const rule = (name: RiskClass): ClassRule => {
      const { expires, ...keys } = given[name] ?? {};
      const written = Object.entries({ ...keys, expiresMs: expires });
      const set = Object.fromEntries(written.filter(([, value]) => value !== undefined));
      return { ...CLASS_DEFAULTS[name], ...set };
    };
    return {
      low: rule('low'),
      medium: rule('medium'),
      high: rule('high'),
      critical: rule('critical'),
    };
  });

const Gate = z.strictObject({
  id: Id.refine((id) => !OWN_GATES.some((own) => own === id), {
    error: `the names ${OWN_GATES.join(', ')} are kept for gates that Proofhouse adds`,
  }),
  why: Line.optional(),
  class: RiskClass,
  surface: Surface.optional(),
  paths: Globs.min(1, 'expected at least one pattern'),
  except: Globs.default([]),
  operations: z
    .array(Operation)
    .min(1, 'expected at least one operation')
    .default(Operation.options),
  approvals: Approvals.default([]),
  validators: z.array(Id).max(50).default([]),
});
export type GateRule = z.output<typeof Gate>;

const Gates = z
  .array(Gate)
  .max(500)
  .check((context) => {
    const seen = new Set<string>();
    for (const [index, { id }] of context.value.entries()) {
      const message = `another gate has the name \`${id}\``;
      const path = [index, 'id'];
      if (seen.has(id)) context.issues.push({ code: 'custom', input: id, message, path });
      seen.add(id);
    }
  });

const Limits = z
  .strictObject({
    max_files: Count.optional(),
    max_changed_lines: Count.optional(),
    max_file_bytes: Size.optional(),
    max_binary_bytes: Size.optional(),
    over: z.strictObject({ class: RiskClass }).default({ class: 'high' }),
    absolute: z
      .strictObject({ max_files: Count.optional(), max_changed_lines: Count.optional() })
      .default({}),
  })
  .default({ over: { class: 'high' }, absolute: {} })
  .transform((given) => ({
    maxFiles: given.max_files ?? null,
    maxChangedLines: given.max_changed_lines ?? null,
    maxFileBytes: given.max_file_bytes ?? null,
    maxBinaryBytes: given.max_binary_bytes ?? null,
    over: given.over.class,
    absolute: {
      maxFiles: given.absolute.max_files ?? null,
      maxChangedLines: given.absolute.max_changed_lines ?? null,
    },
  }));

const inspection = {
  timeout: Timeout.default(10 * MINUTE_MS),
  memory: Memory.default(GIB),
  min_tests: z
    .int()
    .min(1, 'a check that runs no test proves nothing; expected 1 or more')
    .default(1),
  required_for: Globs.default(['**']),
};

/** The folders of a tree and of `/out` are named from their root, and never left. */
const TreePath = z
  .string()
  .regex(
    /^(?!\/)(?!.*(^|\/)\.{1,2}(\/|$))[^\0\\]+$/,
    'expected a path below the root, without `..`',
  );

const Command = z
  .strictObject({
    kind: z.literal('command').optional(),
    run: Argv,
    image: z
      .string()
      .regex(
        /^(base|browser|sha256:[0-9a-f]{64})$/,
        'expected base, browser or an image id sha256:…',
      )
      .default('base'),
    reports: z.strictObject({ junit: TreePath.pipe(Glob) }),
    ...inspection,
  })
  .transform(({ kind: _, timeout, memory, min_tests, required_for, ...rest }) => ({
    kind: 'command' as const,
    ...rest,
    ...limitsOf(timeout, memory),
    minTests: min_tests,
    requiredFor: required_for,
  }));

const Playwright = z
  .strictObject({
    kind: z.literal('playwright'),
    app: z.strictObject({ run: Argv, port: z.int().min(1).max(65_535) }),
    tests: TreePath,
    ...inspection,
  })
  .transform(({ timeout, memory, min_tests, required_for, ...rest }) => ({
    ...rest,
    ...limitsOf(timeout, memory),
    minTests: min_tests,
    requiredFor: required_for,
  }));

function limitsOf(timeoutMs: number, memoryBytes: number) {
  return { timeoutMs, memoryBytes };
}

const ValidatorRule = z.discriminatedUnion('kind', [Command, Playwright]);
export type ValidatorRule = z.output<typeof ValidatorRule>;

const Via = <Door extends string>(door: Door) =>
  z.strictObject({ allow: z.array(z.strictObject({ via: z.literal(door) })).max(1) });

/** Left out, both doors are open in their phase; written, only what it allows is. */
const Network = z
  .strictObject({
    default: z.literal('deny').default('deny'),
    phases: z.strictObject({
      dependencies: Via('package-registry').optional(),
      agent: Via('model-gateway').optional(),
      validate: z
        .strictObject({ allow: z.array(z.never()).max(0, 'checks reach nothing; expected []') })
        .optional(),
    }),
  })
  .transform(({ phases }) => ({
    dependencies: (phases.dependencies?.allow.length ?? 0) > 0,
    agent: (phases.agent?.allow.length ?? 0) > 0,
  }))
  .optional()
  .transform((doors) => doors ?? { dependencies: true, agent: true });

const Budgets = z
  .strictObject({
    per_task: z
      .strictObject({
        usd: z.number().min(0).max(1_000_000).optional(),
        tokens: Count.optional(),
        wall: Timeout.optional(),
        turns: Count.optional(),
        retries: z.int().min(0).max(8).optional(),
      })
      .default({}),
  })
  .default({ per_task: {} })
  .transform(({ per_task: { usd, tokens, wall, turns, retries } }) => ({
    microUsd: usd === undefined ? null : Math.round(usd * 1_000_000),
    tokens: tokens ?? null,
    wallMs: wall ?? null,
    turns: turns ?? null,
    retries: retries ?? null,
  }));

export const Policy = z.strictObject({
  apiVersion: z.literal('proofhouse/v1'),
  kind: z.literal('Policy'),
  metadata: z.strictObject({
    name: Line,
    layer: z.enum(['org', 'repo', 'standalone']),
    owner: Id,
    why: Line.optional(),
  }),
  groups: z
    .record(
      Id,
      z
        .strictObject({ members: z.array(Person).max(1_000) })
        // A person named twice is one person.
        .transform(({ members }) => ({ members: [...new Set(members)].sort() })),
    )
    .default({}),
  classes: Classes,
  unmatched: z
    .strictObject({ class: RiskClass })
    .default({ class: 'medium' })
    .transform((given) => given.class),
  gates: Gates.default([]),
  limits: Limits,
  validators: z.record(Id, ValidatorRule).default({}),
  network: Network,
  budgets: Budgets,
});
export type Policy = z.output<typeof Policy>;

/** The value under a name that a file chose. Never finds what every object has, as `constructor`. */
export function named<T>(record: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}
