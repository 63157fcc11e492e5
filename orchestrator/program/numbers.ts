/** Numbers as people type them. */
import { InvalidArgumentError } from 'commander';

export function positive(text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number > 0) return number;
  throw new InvalidArgumentError('It must be a whole number above 0.');
}

const UNITS = { '': 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 } as const;
export const KEEP_BYTES = 20 * UNITS.g;

/** As in `500m` or `20g`; powers of 1024. */
export function bytes(text: string): number {
  const [, digits = '', unit = ''] = /^(\d{1,9})([kmgt]?)$/i.exec(text) ?? [];
  if (digits === '') throw new InvalidArgumentError('It must be a size, as in 500m or 20g.');
  return Number(digits) * UNITS[unit.toLowerCase() as keyof typeof UNITS];
}
