/**
 * Joining what layers say. Layers are judged apart and their decisions joined, never their
 * documents merged, so a layer can only tighten: gates are united, classes, surfaces and bindings
 * take the tighter, expiries the shorter, members of a group what all agree on.
 *
 * Invariant: `join` is commutative, associative and idempotent, `NOTHING_SAID` is its identity, and
 * `join(a, b)` is never looser than `a`. What must be there at all, as a check that proves the
 * change, is no field of a decision: `decide` holds it against all layers together.
 */
import { canonical } from '../orchestrator/domain/canonical.ts';
import type { Person } from '../orchestrator/domain/ids.ts';
import {
  Assurance,
  Bind,
  CarryForward,
  type Denial,
  type Exemption,
  type GateJudgement,
  type GateSource,
  Judgement,
  type NeverDelegated,
  type Requirement,
  RiskClass,
  type Slot,
  Surface,
} from '../orchestrator/domain/judgement.ts';

/** A gate that matched, before the digests that the whole change is needed for. */
export type GateHit = Omit<GateJudgement, 'why' | 'scope' | 'definition'> & {
  readonly distinct: boolean;
};

export type GroupMembers = {
  readonly members: readonly Person[];
  readonly minAssurance: Assurance;
};

export type LayerDecision = {
  readonly enforcement: Judgement['enforcement'];
  readonly riskClass: RiskClass;
  readonly gates: readonly GateHit[];
  readonly validators: readonly string[];
  readonly denials: readonly Denial[];
  /** Every group asked for; a group nobody declared has no members. */
  readonly groups: Readonly<Record<string, GroupMembers>>;
  readonly exemptions: readonly Exemption[];
  readonly neverDelegated: readonly NeverDelegated[];
};

export const NOTHING_SAID: LayerDecision = {
  enforcement: 'evaluate',
  riskClass: 'low',
  gates: [],
  validators: [],
  denials: [],
  groups: {},
  exemptions: [],
  neverDelegated: [],
};

export function join(a: LayerDecision, b: LayerDecision): LayerDecision {
  return {
    enforcement: highest(ENFORCEMENTS, [a.enforcement, b.enforcement]),
    riskClass: maxClass(a.riskClass, b.riskClass),
    gates: united([...a.gates, ...b.gates], (gate) => gate.id, joinGates),
    validators: sorted([...a.validators, ...b.validators]),
    denials: united([...a.denials, ...b.denials].map(inOrder), denialKey, joinDenials),
    groups: joinGroups(a.groups, b.groups),
    exemptions: united([...a.exemptions, ...b.exemptions], canonical, (one) => one),
    neverDelegated: united(
      [...a.neverDelegated, ...b.neverDelegated],
      ({ action }) => action,
      joinNever,
    ),
  };
}

const ENFORCEMENTS = Judgement.shape.enforcement.options;

export function maxClass(...classes: readonly RiskClass[]): RiskClass {
  return highest(RiskClass.options, classes);
}

export function maxSurface(...surfaces: readonly Surface[]): Surface {
  return highest(Surface.options, surfaces);
}

/** So many of each group as the most demanding of the slots asks, and every choice once. */
export function mergeRequirements(all: readonly Requirement[]): Requirement[] {
  const choices = all.filter((item) => 'anyOf' in item);
  return [...mergeSlots(slotsOf(all)), ...united(choices, canonical, (one) => one)];
}

export function slotsOf(all: readonly Requirement[]): Slot[] {
  return all.filter((item) => 'group' in item);
}

export function mergeSlots(slots: readonly Slot[]): Slot[] {
  return united(slots, ({ group }) => group, joinSlots);
}

export function groupsOf(all: readonly Requirement[]): string[] {
  const slots = all.flatMap((item) => ('anyOf' in item ? item.anyOf.flat() : [item]));
  return sorted(slots.map(({ group }) => group));
}

export function sorted(texts: readonly string[]): string[] {
  return [...new Set(texts)].sort();
}

function joinGates(a: GateHit, b: GateHit): GateHit {
  return {
    id: a.id,
    sources: united([...a.sources, ...b.sources], sourceKey, (source) => source),
    riskClass: maxClass(a.riskClass, b.riskClass),
    surface: maxSurface(a.surface, b.surface),
    bind: highest(Bind.options, [a.bind, b.bind]),
    carryForward: highest(CarryForward.options, [a.carryForward, b.carryForward]),
    approvals: mergeRequirements([...a.approvals, ...b.approvals]),
    validators: sorted([...a.validators, ...b.validators]),
    distinct: a.distinct || b.distinct,
    paths: sorted([...a.paths, ...b.paths]),
    findings: united([...a.findings, ...b.findings], ({ key }) => key, firstFinding),
    expiresMs: Math.min(a.expiresMs, b.expiresMs),
  };
}

function joinDenials(a: Denial, b: Denial): Denial {
  return { ...a, paths: sorted([...a.paths, ...b.paths]) };
}

function inOrder(denial: Denial): Denial {
  return { ...denial, paths: sorted(denial.paths) };
}

function denialKey({ code, where, message }: Denial): string {
  return canonical([code, where, message]);
}

function joinNever(a: NeverDelegated, b: NeverDelegated): NeverDelegated {
  const approvals = mergeSlots([...a.approvals, ...b.approvals]);
  return { action: a.action, absolute: a.absolute || b.absolute, approvals };
}

function joinSlots(a: Slot, b: Slot): Slot {
  return { group: a.group, count: Math.max(a.count, b.count) };
}

type Finding = GateHit['findings'][number];

function firstFinding(a: Finding, b: Finding): Finding {
  return canonical(a) <= canonical(b) ? a : b;
}

export function joinGroups(
  a: LayerDecision['groups'],
  b: LayerDecision['groups'],
): LayerDecision['groups'] {
  const entries = united([...Object.entries(a), ...Object.entries(b)], ([group]) => group, both);
  return Object.fromEntries(entries);
}

type Group = readonly [group: string, GroupMembers];

function both([group, one]: Group, [, other]: Group): Group {
  const members = one.members.filter((member) => other.members.includes(member));
  const minAssurance = highest(Assurance.options, [one.minAssurance, other.minAssurance]);
  return [group, { members, minAssurance }];
}

/** In the order of layers and places; two that differ in anything are two. */
function sourceKey(source: GateSource): string {
  return JSON.stringify([source.layer, source.where, canonical(source)]);
}

/** One item per key, in the order of the keys; items with the same key become one. */
function united<T>(items: readonly T[], key: (item: T) => string, merge: (a: T, b: T) => T): T[] {
  const byKey = new Map<string, T>();
  for (const item of items) {
    const before = byKey.get(key(item));
    byKey.set(key(item), before === undefined ? item : merge(before, item));
  }
  return [...byKey].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, item]) => item);
}

function highest<T extends string>(order: readonly T[], values: readonly T[]): T {
  const top = Math.max(0, ...values.map((value) => order.indexOf(value)));
  const [value] = order.slice(top);
  if (value === undefined) throw new RangeError('an order has at least one value');
  return value;
}
