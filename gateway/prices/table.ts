/**
 * What models cost at their makers' own addresses, as data: dollars for a million tokens of each class,
 * since when, until when, and where it is written. A price that changed is a new row and the old one
 * gets its end; what was spent before is never priced anew.
 *
 * Standard service only. What is not here has no price, and where money is limited it is not asked.
 */
import { z } from 'zod';
import type { Price, Rates } from '../../orchestrator/domain/money.ts';
import { rateIn } from '../../orchestrator/domain/money.ts';

const Usd = z
  .string()
  .refine(
    (text) => rateIn(text) !== null,
    'expected dollars with at most six places, as in "0.25"',
  );

const Rate = z.strictObject({
  input: Usd,
  /** Kept for five minutes, and for an hour. Where a vendor has one kind only, both are that. */
  cacheWrite5m: Usd,
  cacheWrite1h: Usd,
  cacheRead: Usd,
  /** Reasoning is charged as output by all of these. */
  output: Usd,
});
type Rate = z.infer<typeof Rate>;

const Day = z.iso.date();

export const PriceRow = z
  .strictObject({
    vendor: z.enum(['anthropic', 'openai']),
    /** Exact names, dated ones too. */
    models: z.array(z.string().min(1)).min(1),
    /** First and last day (UTC) on which it holds. */
    from: Day,
    until: Day.nullable(),
    source: z.url({ protocol: /^https$/ }),
    usdPerMillion: Rate,
    /** For the whole of a call whose prompt is longer. */
    long: z.strictObject({ overTokens: z.int().positive(), usdPerMillion: Rate }).nullable(),
  })
  .refine(({ from, until }) => until === null || from <= until, 'it ends before it begins');
export type PriceRow = z.infer<typeof PriceRow>;

const CLAUDE = 'https://platform.claude.com/docs/en/about-claude/pricing';
const SOL = 'https://developers.openai.com/api/docs/models/gpt-6.1-sol';

/** In the order in which the vendors' own tables have them. */
const usd = (input: string, write5m: string, write1h: string, read: string, output: string) => ({
  ...{ input, cacheWrite5m: write5m, cacheWrite1h: write1h, cacheRead: read, output },
});

const claude = (models: string[], from: string, usdPerMillion: Rate) => ({
  ...{ vendor: 'anthropic', models, from, until: null, source: CLAUDE, usdPerMillion, long: null },
});

/** `from` is the day on which a vendor began to ask for it or, where that is not known, was seen to. */
export const PRICES: readonly PriceRow[] = z.array(PriceRow).parse([
  claude(['claude-fable-5-1'], '2026-10-24', usd('10', '12.50', '20', '0.25', '50')),
  claude(['claude-opus-5'], '2026-10-24', usd('5', '6.25', '10', '0.50', '25')),
  claude(
    ['claude-opus-4-5', 'claude-opus-4-6', 'claude-opus-4-7', 'claude-opus-4-8'],
    '2026-10-24',
    usd('5', '6.25', '10', '0.50', '25'),
  ),
  {
    ...claude(['claude-sonnet-5-5'], '2026-09-28', usd('2', '2.50', '4', '0.20', '10')),
    until: '2026-10-06',
  },
  claude(['claude-sonnet-5-5'], '2026-10-07', usd('2', '2.50', '4', '0.10', '10')),
  claude(['claude-sonnet-4-6'], '2026-10-24', usd('3', '3.75', '6', '0.30', '15')),
  claude(
    ['claude-sonnet-4-5', 'claude-sonnet-4-5-20250929'],
    '2025-09-29',
    usd('3', '3.75', '6', '0.30', '15'),
  ),
  {
    ...claude(['claude-haiku-5-5'], '2026-10-07', usd('0.10', '0.125', '0.20', '0.01', '0.50')),
    long: { overTokens: 100_000, usdPerMillion: usd('0.50', '0.625', '1', '0.05', '2.50') },
  },
  claude(
    ['claude-haiku-4-5', 'claude-haiku-4-5-20251001'],
    '2025-10-15',
    usd('1', '1.25', '2', '0.10', '5'),
  ),
  {
    ...{ vendor: 'openai', models: ['gpt-6.1-sol'], from: '2026-09-29', until: null, source: SOL },
    usdPerMillion: usd('2', '2.50', '2.50', '0.10', '10'),
    long: { overTokens: 272_000, usdPerMillion: usd('4', '5', '5', '0.20', '15') },
  },
]);

/** What a model costs on a day (UTC); null when nobody wrote it down, or when two rows say so. */
export function listedPrice(
  { vendor, model }: { vendor: string; model: string },
  day: string,
  table: readonly PriceRow[] = PRICES,
): Price | null {
  const rows = table.filter(
    (row) =>
      row.vendor === vendor &&
      row.models.includes(model) &&
      row.from <= day &&
      (row.until === null || day <= row.until),
  );
  const [row] = rows;
  if (row === undefined || rows.length > 1) return null;
  const { long } = row;
  return {
    rates: ratesOf(row.usdPerMillion),
    long: long && { overTokens: long.overTokens, rates: ratesOf(long.usdPerMillion) },
  };
}

function ratesOf({ input, cacheWrite5m, cacheWrite1h, cacheRead, output }: Rate): Rates {
  const rate = (text: string): number => rateIn(text) ?? 0;
  return {
    input: rate(input),
    cacheWrite5m: rate(cacheWrite5m),
    cacheWrite1h: rate(cacheWrite1h),
    cacheRead: rate(cacheRead),
    output: rate(output),
    reasoning: rate(output),
  };
}
