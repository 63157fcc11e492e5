/**
 * Durations, sizes and counts as people write them: `15m`, `1MiB`, `250k`.
 * After parsing, a number says its unit in its name. Every number has a ceiling, so that no timer
 * overflows and every sum stays a whole number.
 */
import { z } from 'zod';

const SECOND_MS = 1_000;
const DURATIONS_MS: Record<string, number> = {
  s: SECOND_MS,
  m: 60 * SECOND_MS,
  h: 3_600 * SECOND_MS,
  d: 86_400 * SECOND_MS,
};
const SIZES_BYTES: Record<string, number> = { B: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 };
const COUNTS: Record<string, number> = { k: 1_000, M: 1_000_000 };

/** Longest time anything stays good. */
const DURATION_MAX_MS = 400 * 86_400 * SECOND_MS;
/** Longest time anything runs. Node's timers overflow at 24.8 days. */
const TIMEOUT_MAX_MS = 86_400 * SECOND_MS;
const SIZE_MAX_BYTES = 2 ** 40;
const COUNT_MAX = 1_000_000_000;
const COUNT_WORDS = 'a whole number such as 5000, 250k or 3M';
/** A sandbox with less cannot start Node. */
const MEMORY_MIN_BYTES = 64 * 2 ** 20;

/** How long something stays good, in milliseconds. */
export const Duration = measure(DURATIONS_MS, 1, DURATION_MAX_MS, {
  what: 'a time such as 30s, 15m, 72h or 7d, at most 400d',
});

/** How long something may run, in milliseconds. */
export const Timeout = measure(DURATIONS_MS, 1, TIMEOUT_MAX_MS, {
  what: 'a time such as 30s, 15m or 1h, at most 24h',
});

export const Size = measure(SIZES_BYTES, 1, SIZE_MAX_BYTES, {
  what: 'a size such as 256KiB or 1MiB, at most 1024GiB',
});

export const Memory = measure(SIZES_BYTES, MEMORY_MIN_BYTES, SIZE_MAX_BYTES, {
  what: 'a size such as 512MiB or 1GiB, at least 64MiB',
});

/** A whole number, written out or as `250k` or `3M`. */
export const Count = z
  .union([z.number(), z.string()], { error: `expected ${COUNT_WORDS}` })
  .refine((given) => isCount(countOf(given)), {
    error: `expected ${COUNT_WORDS}`,
    params: { code: 'P0106' },
  })
  .transform(countOf);

function countOf(given: number | string): number {
  return typeof given === 'number' ? given : amountOf(given, COUNTS);
}

function isCount(count: number): boolean {
  return Number.isInteger(count) && count >= 1 && count <= COUNT_MAX;
}

function measure(
  units: Record<string, number>,
  min: number,
  max: number,
  { what }: { what: string },
) {
  return z
    .string({ error: `expected ${what}` })
    .refine((text) => amountOf(text, units) >= min && amountOf(text, units) <= max, {
      error: `expected ${what}`,
      params: { code: 'P0106' },
    })
    .transform((text) => amountOf(text, units));
}

/** Not a number when the text is no amount in these units. */
function amountOf(text: string, units: Record<string, number>): number {
  const [, digits, unit = ''] = /^([1-9][0-9]{0,8})([A-Za-z]+)$/.exec(text) ?? [];
  return Number(digits) * (Object.hasOwn(units, unit) ? (units[unit] ?? Number.NaN) : Number.NaN);
}
