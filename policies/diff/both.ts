/** Two policies side by side, and where a difference between them is written. */
import type { PolicyChange } from '../../orchestrator/domain/policy-change.ts';
import type { LoadedPolicy } from '../parse.ts';
import type { YamlPath } from '../yaml-source.ts';
import type { Difference } from './compare.ts';

export type Both = { readonly before: LoadedPolicy; readonly after: LoadedPolicy };

/** Differences at a path that both policies have, or that the new one leaves out. */
export function told(
  { after }: Both,
  about: string,
  at: YamlPath,
  differences: readonly Difference[],
): PolicyChange[] {
  return differences.map((one) => ({ ...one, about, where: after.where(at) }));
}

export function cameAt(
  { after }: Both,
  about: string,
  at: YamlPath,
  difference: Difference,
): PolicyChange {
  return { ...difference, about, where: after.where(at) };
}

export function goneFrom(
  { before }: Both,
  about: string,
  at: YamlPath,
  difference: Difference,
): PolicyChange {
  return { ...difference, about, where: before.where(at) };
}

/** Of named things: what both have, what only the old one has, and what only the new one has. */
export function paired<T>(
  before: Readonly<Record<string, T>>,
  after: Readonly<Record<string, T>>,
): { name: string; old: T | null; now: T | null }[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  const of = (all: Readonly<Record<string, T>>, name: string): T | null =>
    Object.hasOwn(all, name) ? (all[name] ?? null) : null;
  return [...names].map((name) => ({ name, old: of(before, name), now: of(after, name) }));
}

/** Things of a list by their names. */
export function byName<T>(
  items: readonly T[],
  nameOf: (item: T) => string,
): Readonly<Record<string, { readonly item: T; readonly index: number }>> {
  return Object.fromEntries(items.map((item, index) => [nameOf(item), { item, index }]));
}
