/**
 * The checks of one change: which are asked for, over which tree, and all of them at once as far as
 * memory goes. Whatever was going on when a controller died is begun anew, under the same names.
 */
import { validatorOf } from '../../policies/declared.ts';
import { isOfTheExam } from '../../policies/detect/exam.ts';
import type { ReviewRule } from '../../policies/schema/review.ts';
import type { RunningRule, ValidatorRule } from '../../policies/schema.ts';
import type { Facts } from '../domain/change.ts';
import type { Check } from '../domain/check.ts';
import { Fault } from '../domain/faults.ts';
import type { Digest, Sha } from '../domain/ids.ts';
import type { Place, Service } from '../ports.ts';
import { atOnce, type Piece } from './at-once.ts';
import type { BaseRules } from './base-rules.ts';
import { knownOr } from './known-check.ts';
import type { StageTools } from './tools.ts';

export type Checking = {
  readonly place: Place;
  readonly tree: Sha;
  readonly rules: Pick<BaseRules, 'layers' | 'plan' | 'file'>;
  /** Digest of the policy that the change was judged by. */
  readonly policy: Digest;
  /** Names of the validators that it needs. */
  readonly ids: readonly string[];
  readonly facts: () => Promise<Facts>;
};

type Named<R> = { readonly id: string; readonly rule: R };
/** A review is made of what all others came to; it is no business of this file. */
type InspectingRule = Exclude<ValidatorRule, RunningRule | ReviewRule>;

/** In the order of their names as they were asked for. */
export async function checksOf(
  tools: StageTools,
  checking: Checking,
  signal: AbortSignal,
): Promise<Check[]> {
  const asked = checking.ids.map((id) => ({ id, rule: ruleOf(checking, id) }));
  const compared = asked.flatMap(({ rule }) => comparedBy(checking, rule));
  const running = distinct([...asked.filter(isRunning), ...compared]);
  const bases = distinct(compared);
  const composed = await composedTree(tools, checking, running);
  const baseTree = bases.length === 0 ? null : await tools.source.baseTree(checking.place);
  const pieces = [
    ...running.map((one) => piece(tools, checking, { one, tree: treeOf(checking, one, composed) })),
    ...bases.map((one) => piece(tools, checking, { one: ofBase(one), tree: baseTree })),
  ];
  const made = await atOnce(pieces, tools.checksMemoryBytes, signal);
  const found = new Map(pieces.map(({ id }, index) => [id, made[index]]));
  const inspected = await inspections(tools, checking, { asked, found }, signal);
  return asked.map(({ id }) => there(inspected.get(id) ?? found.get(id), id));
}

function there(check: Check | undefined, id: string): Check {
  if (check === undefined)
    throw new Fault('internal', `the check ${id} was asked for and not made`);
  return check;
}

function ruleOf({ rules }: Checking, id: string): ValidatorRule {
  const rule = validatorOf(rules.layers, id);
  if (rule !== null) return rule;
  throw new Fault('policy_invalid', `no policy layer declares validator "${id}"`);
}

function isRunning(one: Named<ValidatorRule>): one is Named<RunningRule> {
  return 'timeoutMs' in one.rule;
}

function isInspecting(one: Named<ValidatorRule>): one is Named<InspectingRule> {
  return !isRunning(one) && one.rule.kind !== 'review';
}

function comparedBy(checking: Checking, rule: ValidatorRule): Named<RunningRule>[] {
  if (rule.kind !== 'tests-weakened') return [];
  return rule.compare.map((id) => {
    const other = ruleOf(checking, id);
    // Base tests over new code have the names of the base, whatever the change did to its own.
    if (other.kind === 'command' && other.testsFrom === 'base')
      throw new Fault(
        'policy_invalid',
        `tests-weakened cannot compare "${id}", which runs the tests of the base commit`,
      );
    if (other.kind === 'command') return { id, rule: other };
    throw new Fault('policy_invalid', `validator "${id}" has no tests to compare: ${other.kind}`);
  });
}

function distinct<R>(all: readonly Named<R>[]): Named<R>[] {
  return [...new Map(all.map((one) => [one.id, one])).values()];
}

/** A name that no validator can have, as theirs begin with no dash; short, for sandboxes are called by it. */
const nameAtBase = (id: string): string => `-b-${id}`;

const ofBase = ({ id, rule }: Named<RunningRule>): Named<RunningRule> => ({
  id: nameAtBase(id),
  // The base is looked at as it is; how many tests it has to have is no question.
  rule: { ...rule, testsFrom: 'head' },
});

/** Of base tests and new code; null when no validator asks for it. */
async function composedTree(
  { source }: StageTools,
  { place, tree }: Checking,
  running: readonly Named<RunningRule>[],
): Promise<Sha | null> {
  if (!running.some(({ rule }) => rule.testsFrom === 'base')) return null;
  return source.withBaseFiles(place, tree, isOfTheExam);
}

function treeOf(
  { tree }: Checking,
  { rule }: Named<RunningRule>,
  composed: Sha | null,
): Sha | null {
  return rule.testsFrom === 'base' ? composed : tree;
}

type Over = { readonly one: Named<RunningRule>; readonly tree: Sha | null };

function piece(
  tools: StageTools,
  checking: Checking,
  { one: { id, rule }, tree }: Over,
): Piece<Check> & { readonly id: string } {
  const { place, rules, policy } = checking;
  const { services } = rules.file;
  if (tree === null) throw new Fault('internal', `there is no tree for the check ${id}`);
  const request = { place, tree, plan: rules.plan, id, services };
  return {
    id,
    bytes: bytesOf(rule, services),
    work: (signal) =>
      knownOr(tools, { ...request, definition: rule, policy }, async () => {
        const check =
          rule.kind === 'command'
            ? await tools.validators.command({ ...request, definition: rule }, signal)
            : await tools.validators.playwright({ ...request, definition: rule }, signal);
        return rule.testsFrom === 'base' ? withTrees(tools, checking, check, tree) : check;
      }),
  };
}

/** An app under test has this much, in a sandbox of its own. */
const APP_BYTES = 512 * 2 ** 20;

function bytesOf(rule: RunningRule, services: readonly Service[]): number {
  const beside = services.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0);
  return rule.memoryBytes + beside + (rule.kind === 'command' ? 0 : APP_BYTES);
}

/** What was looked at is neither the change nor the base, so both are named. */
async function withTrees(
  { evidence }: StageTools,
  { place, tree }: Checking,
  check: Check,
  checked: Sha,
): Promise<Check> {
  const trees = { checked, codeFrom: { tree }, testsFrom: { commit: place.base } };
  const bytes = Buffer.from(JSON.stringify(trees));
  const file = {
    ...{ name: 'trees.json', digest: await evidence.put(bytes) },
    ...{ bytes: bytes.length, mediaType: 'application/json' },
  };
  return { ...check, evidence: [...check.evidence, file] };
}

type Made = {
  readonly asked: readonly Named<ValidatorRule>[];
  readonly found: ReadonlyMap<string, Check | undefined>;
};

async function inspections(
  tools: StageTools,
  checking: Checking,
  { asked, found }: Made,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Check>> {
  const checks = new Map<string, Check>();
  for (const { id, rule } of asked.filter(isInspecting)) {
    const compared = comparedBy(checking, rule).map(({ id: validator }) => ({
      validator,
      head: there(found.get(validator), validator),
      base: there(found.get(nameAtBase(validator)), validator),
    }));
    const { place, tree } = checking;
    const inspection = { place, tree, id, compared, facts: await checking.facts() };
    checks.set(id, await inspect(tools, { ...inspection, rule }, signal));
  }
  return checks;
}

type Inspecting = Omit<Parameters<StageTools['inspectors']['size']>[0], 'definition'>;

function inspect(
  { inspectors }: StageTools,
  { rule, ...inspection }: Inspecting & { readonly rule: InspectingRule },
  signal: AbortSignal,
): Promise<Check> {
  switch (rule.kind) {
    case 'secrets':
      return inspectors.secrets({ ...inspection, definition: rule }, signal);
    case 'tests-weakened':
      return inspectors.testsWeakened({ ...inspection, definition: rule }, signal);
    case 'dependencies':
      return inspectors.dependencies({ ...inspection, definition: rule }, signal);
    case 'size':
      return inspectors.size({ ...inspection, definition: rule }, signal);
  }
}
