/** How two values of one key differ, by the kind of key: what is tighter is a matter of the kind. */
import { canonical, type Json } from '../../orchestrator/domain/canonical.ts';
import type { Requirement } from '../../orchestrator/domain/judgement.ts';
import type { Effect } from '../../orchestrator/domain/policy-change.ts';
import { isAskedBy, requirementText } from '../looser.ts';

export type Difference = { readonly effect: Effect; readonly what: string };

/** Words from loose to tight. */
export function ordered<T extends string>(
  key: string,
  words: readonly T[],
  [before, after]: readonly [T, T],
): Difference[] {
  if (before === after) return [];
  const effect = words.indexOf(after) < words.indexOf(before) ? 'looser' : 'tighter';
  return [{ effect, what: `${key}: ${before} became ${after}` }];
}

const FLAGS = ['false', 'true'] as const;

/** True is tight. */
export function flag(key: string, [before, after]: readonly [boolean, boolean]): Difference[] {
  return ordered(key, FLAGS, [before ? 'true' : 'false', after ? 'true' : 'false']);
}

type Show = (value: number) => string;

/** The smaller the tighter; null is no bound at all. */
export function ceiling(
  key: string,
  [before, after]: readonly [number | null, number | null],
  show: Show = String,
): Difference[] {
  if (before === after) return [];
  const isLooser = after === null || (before !== null && after > before);
  return [{ effect: isLooser ? 'looser' : 'tighter', what: became(key, [before, after], show) }];
}

/** The larger the tighter; null asks for nothing. */
export function floor(
  key: string,
  [before, after]: readonly [number | null, number | null],
  show: Show = String,
): Difference[] {
  if (before === after) return [];
  const isLooser = after === null || (before !== null && after < before);
  return [{ effect: isLooser ? 'looser' : 'tighter', what: became(key, [before, after], show) }];
}

function became(
  key: string,
  [before, after]: readonly [number | null, number | null],
  show: Show,
): string {
  const word = (value: number | null): string => (value === null ? 'none' : show(value));
  return `${key}: ${word(before)} became ${word(after)}`;
}

type Lists = readonly [before: readonly string[], after: readonly string[]];

/** The more the tighter. */
export function asking(key: string, [before, after]: Lists): Difference[] {
  return [
    ...missing(before, after).map((item) => gone('looser', key, item)),
    ...missing(after, before).map((item) => come('tighter', key, item)),
  ];
}

/** The fewer the tighter; null allows everything. */
export function allowing(
  key: string,
  [before, after]: readonly [readonly string[] | null, readonly string[] | null],
): Difference[] {
  if (before === null && after === null) return [];
  if (before === null) return [{ effect: 'tighter', what: `${key}: was anything, is a list now` }];
  if (after === null) return [{ effect: 'looser', what: `${key}: was a list, is anything now` }];
  return [
    ...missing(after, before).map((item) => come('looser', key, item)),
    ...missing(before, after).map((item) => gone('tighter', key, item)),
  ];
}

/**
 * Patterns under which something is asked. A pattern that came may cover what one that is gone did,
 * and nobody can tell for every path there may ever be.
 */
export function covering(key: string, [before, after]: Lists): Difference[] {
  const hasNew = missing(after, before).length > 0;
  return asking(key, [before, after]).map((one) =>
    one.effect === 'looser' && hasNew ? { ...one, effect: 'may be looser' } : one,
  );
}

/** Patterns under which nothing is asked. */
export function excusing(key: string, [before, after]: Lists): Difference[] {
  const hasLess = missing(before, after).length > 0;
  return allowing(key, [before, after]).map((one) =>
    one.effect === 'looser' && hasLess ? { ...one, effect: 'may be looser' } : one,
  );
}

export function requiring(
  key: string,
  [before, after]: readonly [readonly Requirement[], readonly Requirement[]],
): Difference[] {
  const lost = before.filter((asked) => !isAskedBy(asked, after));
  const more = after.filter((asked) => !isAskedBy(asked, before));
  if (lost.length + more.length === 0)
    return other(`${key}: the way it is written`, [before, after]);
  return [
    ...lost.map((asked) => gone('looser', key, requirementText(asked))),
    ...more.map((asked) => come('tighter', key, requirementText(asked))),
  ];
}

/** What differs and has no order. */
export function other(
  key: string,
  [before, after]: readonly [unknown, unknown],
  effect: Effect = 'neither',
): Difference[] {
  return isSame(before, after) ? [] : [{ effect, what: `${key} changed` }];
}

export function isSame(a: unknown, b: unknown): boolean {
  return plain(a) === plain(b);
}

/** What came from YAML is plain data, and what is left out is not there. */
function plain(value: unknown): string {
  return canonical(JSON.parse(JSON.stringify(value ?? null)) as Json);
}

export function missing(these: readonly string[], among: readonly string[]): string[] {
  return [...new Set(these)].filter((item) => !among.includes(item));
}

function gone(effect: Effect, key: string, item: string): Difference {
  return { effect, what: `${key}: no longer ${item}` };
}

function come(effect: Effect, key: string, item: string): Difference {
  return { effect, what: `${key}: now also ${item}` };
}
