/**
 * The policy file: every key there is, and the values a decision works with.
 *
 * Every object is strict, because a misspelt key that is skipped is a gate that is open. What is
 * left out takes the default that its part of `schema/` names. The input speaks snake case and
 * units as people write them; the output is camel case and says its unit in the name.
 */
import { z } from 'zod';
import { RiskClass } from '../orchestrator/domain/judgement.ts';
import { Budgets } from './schema/budgets.ts';
import { Classes } from './schema/classes.ts';
import { Contents, Gates, Limits, PackContents, PackGates } from './schema/gates.ts';
import {
  BreakGlass,
  Delegation,
  Exemptions,
  Groups,
  NeverDelegate,
  Separation,
} from './schema/people.ts';
import { Require } from './schema/require.ts';
import { Agents, Evidence, Models, Network } from './schema/rights.ts';
import { Validators } from './schema/validators.ts';
import { GroupName, key, Line } from './schema/words.ts';

export type { WindowRule } from './schema/budgets.ts';
export type { ClassRule } from './schema/classes.ts';
export type { ContentRule, GateRule, JudgedOperation } from './schema/gates.ts';
export type { ExemptionRule, GroupRule } from './schema/people.ts';
export type { RequireRule } from './schema/require.ts';
export type { NetworkRule, RoleRule, RouteRule } from './schema/rights.ts';
export type { RunningRule, ValidatorRule } from './schema/validators.ts';

/** Gates that the decision itself adds. Their names hold what no policy's gate may: a dot, or these words. */
export const OWN_GATES = [
  'unmatched',
  'limits',
  'path.confusable',
  'entry.type',
  'never.edit-policy',
] as const;

const ApiVersion = z.literal('proofhouse/v1', {
  error: 'expected proofhouse/v1; a policy of another version is never read by guessing',
});

const Pack = z
  .string()
  .regex(
    /^builtin:[a-z][a-z0-9-]*@[1-9][0-9]*$/,
    'expected builtin:NAME@MAJOR, as in builtin:core@1',
  );

function namedOnce({ value, issues }: z.core.ParsePayload<string[]>): void {
  for (const [index, pack] of value.entries()) {
    if (value.indexOf(pack) === index) continue;
    const message = `the pack \`${pack}\` is named above`;
    issues.push({ code: 'custom', input: pack, message, path: [index] });
  }
}

export const Policy = z
  .strictObject({
    apiVersion: key(ApiVersion, 'The version of this language.'),
    kind: key(z.literal('Policy'), 'Always Policy.'),
    metadata: key(
      z.strictObject({
        name: key(Line, 'What the policy is called.'),
        layer: key(
          z.enum(['org', 'repo', 'standalone']),
          'Whose it is: the organisation, the repository below one, or both in one file.',
        ),
        owner: key(GroupName, 'The group to ask about this file.'),
        why: key(Line.optional(), 'What it is for.'),
      }),
      'What this file is.',
    ),
    enforcement: key(
      z.enum(['evaluate', 'enforce']).default('enforce'),
      'evaluate: report and hold nothing, to try a policy.',
      'enforce wins',
    ),
    packs: key(
      z.array(Pack).max(20).check(namedOnce).default([]),
      'Gates and rules that come with Proofhouse, by major version.',
      'union',
    ),
    groups: key(
      Groups,
      'Who can be asked.',
      "the first layer that names a group; a repository's own begin with repo/",
    ),
    classes: key(Classes, 'What each risk class asks for.', 'field by field, the tighter'),
    unmatched: key(
      z
        .strictObject({ class: key(RiskClass, 'The class.', 'the higher') })
        .default({ class: 'medium' })
        .transform((given) => given.class),
      'What paths take that no gate covers. By default medium.',
      'the higher',
    ),
    gates: key(
      Gates.default([]),
      'Rules on where. Every gate that matches applies; order means nothing.',
      'union',
    ),
    content: key(Contents.default([]), 'Rules on what changed.', 'union'),
    limits: key(Limits, 'How large a change may be before people are asked.'),
    validators: key(
      Validators,
      'Checks, by name.',
      'a name belongs to the first layer that has it',
    ),
    require: key(Require, 'What the machine must have, or no run starts on it.'),
    network: key(Network, 'What each phase of a run may reach.'),
    budgets: key(Budgets, 'What a run may use up.'),
    models: key(Models, 'Which models may answer.'),
    agents: key(Agents, 'What an agent may write, see and use, by role.'),
    never_delegate: key(
      NeverDelegate,
      'What an agent never does by itself.',
      'union; absolute wins',
    ),
    separation: key(Separation, 'Whose approval never counts.'),
    exemptions: key(
      Exemptions,
      'Parts of gates of this file that are excused for a while.',
      'of its own layer only',
    ),
    break_glass: key(BreakGlass, 'What an emergency may open, and who.', 'of the first layer only'),
    delegation: key(Delegation, 'Whether a vote may be handed on. By default never.'),
    evidence: key(Evidence, 'What a published change carries.'),
  })
  .check((context) => {
    for (const { path, message, code } of ofItsLayer(context.value)) {
      const params = { code };
      context.issues.push({ code: 'custom', input: context.value, message, path, params });
    }
    for (const { path, message } of takenNames(context.value)) {
      context.issues.push({ code: 'custom', input: context.value, message, path });
    }
  })
  .transform(({ never_delegate: neverDelegate, break_glass: breakGlass, ...rest }) => ({
    ...rest,
    neverDelegate,
    breakGlass,
  }));
export type Policy = z.output<typeof Policy>;

/** A pack: gates and rules that take the classes, groups and people of the layer that names it. */
export const PackFile = z.strictObject({
  apiVersion: key(ApiVersion, 'The version of this language.'),
  kind: key(z.literal('Pack'), 'Always Pack.'),
  metadata: key(
    z.strictObject({
      name: key(Line, 'What the pack is called.'),
      version: key(z.int().min(1), 'Its major version; what it gates changes only with this.'),
      why: key(Line, 'What it is for.'),
    }),
    'What this file is.',
  ),
  gates: key(PackGates.default([]), 'Rules on where.', 'union'),
  content: key(PackContents.default([]), 'Rules on what changed.', 'union'),
});
export type PackFile = z.output<typeof PackFile>;

type Rules = { gates: readonly { id: string }[]; content: readonly { id: string }[] };

/** Gates and content rules share their names with each other and with ours. */
function takenNames({ gates, content }: Rules): { path: (string | number)[]; message: string }[] {
  const taken = new Set(gates.map(({ id }) => id));
  const own = (id: string): boolean => OWN_GATES.some((name) => name === id);
  const kept = `the names ${OWN_GATES.join(', ')} are kept for gates that Proofhouse adds`;
  const rules = [
    ...gates.map(({ id }, index) => ({ id, path: ['gates', index, 'id'], isTaken: false })),
    ...content.map(({ id }, index) => {
      return { id, path: ['content', index, 'id'], isTaken: taken.has(id) };
    }),
  ];
  return rules.flatMap(({ id, path, isTaken }) => {
    if (own(id)) return [{ path, message: kept }];
    return isTaken ? [{ path, message: `a gate has the name \`${id}\` too` }] : [];
  });
}

type Written = {
  metadata: { layer: string };
  groups: Record<string, unknown>;
  break_glass?: unknown;
  evidence?: { sign?: unknown } | undefined;
  never_delegate: readonly { absolute: boolean }[];
};
type LayerProblem = { path: (string | number)[]; message: string; code: string };

/** What a repository may not say below an organisation, and what an organisation leaves to it. */
function ofItsLayer(policy: Written): LayerProblem[] {
  const code = 'P0412';
  const groups = Object.keys(policy.groups);
  const { layer } = policy.metadata;
  if (layer !== 'repo') {
    return groups
      .filter((id) => id.startsWith('repo/'))
      .map((id) => ({
        path: ['groups', id],
        message: 'names that begin with repo/ are for groups of a repository layer',
        code,
      }));
  }
  const only = 'only the organisation says this; a repository layer cannot';
  return [
    ...(policy.break_glass === undefined ? [] : [{ path: ['break_glass'], message: only, code }]),
    ...(policy.evidence?.sign === undefined
      ? []
      : [{ path: ['evidence', 'sign'], message: only, code }]),
    ...policy.never_delegate.flatMap(({ absolute }, index) =>
      absolute ? [{ path: ['never_delegate', index, 'absolute'], message: only, code }] : [],
    ),
    ...groups
      .filter((id) => !id.startsWith('repo/'))
      .map((id) => ({
        path: ['groups', id],
        message: `a repository layer names its own groups repo/…, as in repo/${id}`,
        code,
      })),
  ];
}

/** The value under a name that a file chose. Never finds what every object has, as `constructor`. */
export function named<T>(record: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}
