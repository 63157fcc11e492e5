import { expect, test } from 'vitest';
import { priceAt } from '../../../gateway/prices/price.ts';
import { listedPrice, PRICES, PriceRow } from '../../../gateway/prices/table.ts';
import { FREE, flat } from '../../../orchestrator/domain/money.ts';

const sonnet = { vendor: 'anthropic', model: 'claude-sonnet-5-5' };

test('a price is that of its day: the day before it changed, the day it did, and no day before any', () => {
  const read = (day: string) => listedPrice(sonnet, day)?.rates.cacheRead;
  expect(read('2026-10-06')).toBe(200_000);
  expect(read('2026-10-07')).toBe(100_000);
  expect(read('2026-09-27')).toBeUndefined();
});

test('a model of that name somewhere else has no price here', () => {
  expect(listedPrice({ ...sonnet, vendor: 'gateway.example' }, '2026-11-01')).toBeNull();
  expect(listedPrice({ ...sonnet, model: 'claude-sonnet-5-5-preview' }, '2026-11-01')).toBeNull();
});

test('no two rows of the table hold for one model on one day', () => {
  const days = PRICES.flatMap(({ from, until }) => [from, ...(until === null ? [] : [until])]);
  for (const { vendor, models } of PRICES) {
    for (const model of models) {
      for (const day of [...days, '2026-11-25']) {
        const holding = PRICES.filter(
          (row) =>
            row.vendor === vendor &&
            row.models.includes(model) &&
            row.from <= day &&
            (row.until === null || day <= row.until),
        );
        expect(holding.length, `${model} on ${day}`).toBeLessThanOrEqual(1);
      }
    }
  }
});

test('where two rows hold, neither is believed', () => {
  const [row] = PRICES;
  const twice = row ? [row, row] : [];
  const asked = { vendor: 'anthropic', model: row?.models[0] ?? '' };
  expect(listedPrice(asked, '2026-11-01', twice.slice(0, 1))).not.toBeNull();
  expect(listedPrice(asked, '2026-11-01', twice)).toBeNull();
});

test('a longer prompt has its own price where its maker asks for one', () => {
  const haiku = listedPrice({ vendor: 'anthropic', model: 'claude-haiku-5-5' }, '2026-11-01');
  expect(haiku?.long).toMatchObject({ overTokens: 100_000, rates: { input: 500_000 } });
});

test.each([
  ['a number', { usdPerMillion: { ...PRICES[0]?.usdPerMillion, input: 3 } }],
  ['seven places', { usdPerMillion: { ...PRICES[0]?.usdPerMillion, input: '0.0000001' } }],
  ['an end before its beginning', { from: '2026-02-01', until: '2026-01-01' }],
  ['no source', { source: 'somebody said so' }],
  ['a class that there is not', { usdPerMillion: { ...PRICES[0]?.usdPerMillion, audio: '1' } }],
])('a row with %s is refused', (_, over) => {
  expect(PriceRow.safeParse({ ...PRICES[0], ...over }).success).toBe(false);
  expect(PriceRow.safeParse(PRICES[0]).success).toBe(true);
});

test('the word of an operator comes first, then the policy that something is free, then the table', () => {
  const at = new Date('2026-11-01T12:00:00Z');
  const own = { rates: flat(1, 1), long: null };
  const model = { id: 'sonnet', ...sonnet, price: null };
  expect(priceAt({ ...model, price: own }, ['sonnet'], at)).toBe(own);
  expect(priceAt(model, ['sonnet'], at)).toBe(FREE);
  expect(priceAt(model, [], at)?.rates.input).toBe(2_000_000);
  expect(priceAt({ ...model, vendor: 'elsewhere' }, [], at)).toBeNull();
});
