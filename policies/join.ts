/**
 * Joining what layers say. Layers are judged apart and their decisions joined, never their
 * documents merged, so a layer can only tighten: gates are united, classes and surfaces take the
 * higher, expiries the shorter, members of a group what all agree on.
 *
 * Invariant: `join` is commutative, associative and idempotent, `NOTHING_SAID` is its identity, and
 * `join(a, b)` is never looser than `a`.
 */
import type { Digest, Person } from '../orchestrator/domain/ids.ts';
import { RiskClass, type Slot, Surface } from '../orchestrator/domain/judgement.ts';

/** Where a gate came from. A gate that two layers declare has two. */
export type GateSource = {
  readonly layer: string;
  readonly where: string;
  readonly why: string;
  readonly definition: Digest;
};

/** A gate that matched. */
export type GateHit = {
  readonly id: string;
  readonly sources: readonly GateSource[];
  readonly riskClass: RiskClass;
  readonly surface: Surface;
  readonly approvals: readonly Slot[];
  readonly distinct: boolean;
  readonly paths: readonly string[];
  readonly expiresMs: number;
};

export type Denial = { readonly message: string; readonly paths: readonly string[] };

export type LayerDecision = {
  readonly riskClass: RiskClass;
  readonly gates: readonly GateHit[];
  readonly validators: readonly string[];
  readonly denials: readonly Denial[];
  /** Members of every group asked for; a group nobody declared has none. */
  readonly groups: Readonly<Record<string, readonly Person[]>>;
};

export const NOTHING_SAID: LayerDecision = {
  riskClass: 'low',
  gates: [],
  validators: [],
  denials: [],
  groups: {},
};

export function join(a: LayerDecision, b: LayerDecision): LayerDecision {
  return {
    riskClass: maxClass(a.riskClass, b.riskClass),
    gates: united([...a.gates, ...b.gates], (gate) => gate.id, joinGates),
    validators: [...new Set([...a.validators, ...b.validators])].sort(),
    denials: united([...a.denials, ...b.denials], ({ message }) => message, joinDenials),
    groups: joinGroups(a.groups, b.groups),
  };
}

export function maxClass(...classes: readonly RiskClass[]): RiskClass {
  return highest(RiskClass.options, classes);
}

export function maxSurface(...surfaces: readonly Surface[]): Surface {
  return highest(Surface.options, surfaces);
}

/** So many of each group as the most demanding of the slots asks. */
export function mergeSlots(slots: readonly Slot[]): Slot[] {
  return united(slots, ({ group }) => group, joinSlots);
}

function joinGates(a: GateHit, b: GateHit): GateHit {
  return {
    id: a.id,
    sources: united([...a.sources, ...b.sources], sourceKey, (source) => source),
    riskClass: maxClass(a.riskClass, b.riskClass),
    surface: maxSurface(a.surface, b.surface),
    approvals: mergeSlots([...a.approvals, ...b.approvals]),
    distinct: a.distinct || b.distinct,
    paths: [...new Set([...a.paths, ...b.paths])].sort(),
    expiresMs: Math.min(a.expiresMs, b.expiresMs),
  };
}

function joinDenials(a: Denial, b: Denial): Denial {
  return { message: a.message, paths: [...new Set([...a.paths, ...b.paths])].sort() };
}

function joinSlots(a: Slot, b: Slot): Slot {
  return { group: a.group, count: Math.max(a.count, b.count) };
}

function joinGroups(
  a: LayerDecision['groups'],
  b: LayerDecision['groups'],
): LayerDecision['groups'] {
  const entries = united([...Object.entries(a), ...Object.entries(b)], ([group]) => group, both);
  return Object.fromEntries(entries);
}

type Group = readonly [group: string, members: readonly Person[]];

function both([group, members]: Group, [, others]: Group): Group {
  return [group, members.filter((member) => others.includes(member))];
}

function sourceKey({ layer, where, why, definition }: GateSource): string {
  return JSON.stringify([layer, where, why, definition]);
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
