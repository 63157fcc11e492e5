/**
 * Whether one judgement of a change asks for less than another: the order in which layers are
 * joined, read the other way round. `join(a, b)` is never looser than `a`.
 *
 * A gate may have another name, or be several: what it asked for each of its paths must still be
 * asked by some gate on that path. Who is in a group is no matter of one change; `diff` tells that.
 */
import type {
  Denial,
  GateJudgement,
  Judgement,
  Requirement,
  Slot,
} from '../orchestrator/domain/judgement.ts';
import {
  Bind,
  CarryForward,
  RiskClass,
  Surface,
  Verdict,
} from '../orchestrator/domain/judgement.ts';
import type { Loosening } from '../orchestrator/domain/policy-change.ts';
import { slotsOf } from './join.ts';

const ENFORCEMENTS = ['evaluate', 'enforce'] as const;

export function loosenings(before: Judgement, after: Judgement): Loosening[] {
  return [
    ...before.gates.flatMap((gate) => gateLoosenings(gate, after.gates)),
    ...before.denials.flatMap((denial) => deniedStill(denial, after.denials)),
    ...before.validators
      .filter((id) => !after.validators.includes(id))
      .map((id) => whole('validator', id, '')),
    ...lower('enforcement', ENFORCEMENTS, before.enforcement, after.enforcement),
    ...lower('verdict', Verdict.options, before.verdict, after.verdict),
    ...lower('class', RiskClass.options, before.riskClass, after.riskClass),
    ...lower('surface', Surface.options, before.surface, after.surface),
    ...(before.distinct && !after.distinct ? [whole('distinct', 'distinct people', '')] : []),
  ];
}

/** Whether whoever fills the new requirements has filled this old one. */
export function isAskedBy(asked: Requirement, now: readonly Requirement[]): boolean {
  const slots = slotsOf(now);
  if (isFilledBy(asked, slots)) return true;
  // Of a choice nobody knows which one people take, so each must do.
  return now.some(
    (item) => 'anyOf' in item && item.anyOf.every((some) => isFilledBy(asked, [...slots, ...some])),
  );
}

export function requirementText(asked: Requirement): string {
  if ('group' in asked) return `${asked.group} ×${asked.count}`;
  return asked.anyOf.map((slots) => slots.map(requirementText).join(' and ')).join(' or ');
}

function isFilledBy(asked: Requirement, slots: readonly Slot[]): boolean {
  if ('anyOf' in asked)
    return asked.anyOf.some((some) => some.every((one) => isFilledBy(one, slots)));
  return slots.some(({ group, count }) => group === asked.group && count >= asked.count);
}

function whole(part: Loosening['part'], before: string, after: string): Loosening {
  return { part, gate: null, before, after, where: '' };
}

function lower<T extends string>(
  part: Loosening['part'],
  order: readonly T[],
  before: T,
  after: T,
): Loosening[] {
  return order.indexOf(after) < order.indexOf(before) ? [whole(part, before, after)] : [];
}

function gateLoosenings(gate: GateJudgement, now: readonly GateJudgement[]): Loosening[] {
  const matched = [...gate.paths, ...gate.findings.map(({ key }) => key)];
  const enough = now.filter((other) => shortfalls(gate, other).length === 0);
  const seen = new Set(
    enough.flatMap(({ paths, findings }) => [...paths, ...findings.map(({ key }) => key)]),
  );
  const lost = matched.filter((item) => !seen.has(item));
  if (lost.length === 0) return [];
  const same = now.find(({ id }) => id === gate.id);
  const less = same === undefined ? [] : shortfalls(gate, same);
  if (less.length > 0) return less;
  return [{ ...of(gate, 'gate', pathsText(lost), ''), where: whereOf(gate) }];
}

/** What a gate asks for that another does not, wherever the two apply. */
function shortfalls(gate: GateJudgement, other: GateJudgement): Loosening[] {
  const order = <T extends string>(
    part: Loosening['part'],
    words: readonly T[],
    [before, after]: readonly [T, T],
  ): Loosening[] =>
    words.indexOf(after) < words.indexOf(before) ? [of(gate, part, before, after)] : [];
  const asks = other.approvals.map(requirementText).join(', ');
  return [
    ...order('class', RiskClass.options, [gate.riskClass, other.riskClass]),
    ...order('surface', Surface.options, [gate.surface, other.surface]),
    ...order('bind', Bind.options, [gate.bind, other.bind]),
    ...order('carry forward', CarryForward.options, [gate.carryForward, other.carryForward]),
    ...gate.approvals
      .filter((asked) => !isAskedBy(asked, other.approvals))
      .map((asked) => of(gate, 'needs', requirementText(asked), asks)),
    ...(other.expiresMs > gate.expiresMs
      ? [of(gate, 'expiry', lasting(gate.expiresMs), lasting(other.expiresMs))]
      : []),
  ];
}

function of(
  gate: GateJudgement,
  part: Loosening['part'],
  before: string,
  after: string,
): Loosening {
  return { part, gate: gate.id, before, after, where: whereOf(gate) };
}

function whereOf({ sources }: GateJudgement): string {
  return sources.map(({ where }) => where).join(', ');
}

function deniedStill({ code, message, paths, where }: Denial, now: readonly Denial[]): Loosening[] {
  const same = now.filter((denial) => denial.code === code);
  const covered = new Set(same.flatMap((denial) => denial.paths));
  if (same.length > 0 && paths.every((path) => covered.has(path))) return [];
  return [{ part: 'denial', gate: null, before: message, after: '', where }];
}

const SHOWN_MAX = 3;

function pathsText(paths: readonly string[]): string {
  const more = paths.length - SHOWN_MAX;
  return paths.slice(0, SHOWN_MAX).join(', ') + (more > 0 ? ` and ${more} more` : '');
}

const UNITS: readonly (readonly [unit: string, ms: number])[] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
];

/** In the largest unit that says it exactly, as people write it in a policy. */
export function lasting(ms: number): string {
  const [unit, size] = UNITS.find(([, length]) => ms % length === 0) ?? ['ms', 1];
  return `${ms / size}${unit}`;
}
