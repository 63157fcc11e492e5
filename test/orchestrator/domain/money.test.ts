import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  costOf,
  FREE,
  flat,
  microUsdIn,
  type Price,
  rateIn,
} from '../../../orchestrator/domain/money.ts';

const SONNET: Price = {
  rates: {
    ...{ input: 2_000_000, cacheWrite5m: 2_500_000, cacheWrite1h: 4_000_000, cacheRead: 100_000 },
    ...{ output: 10_000_000, reasoning: 10_000_000 },
  },
  long: null,
};
const NONE = { inputTokens: 0, outputTokens: 0 };

describe('what a call costs', () => {
  test('is the sum of its classes, each at its own price', () => {
    const usage = {
      ...{ inputTokens: 3, outputTokens: 5, cacheWrite5mTokens: 7, cacheWrite1hTokens: 11 },
      ...{ cacheReadTokens: 130, reasoningTokens: 17 },
    };
    // 3 × 2 + 7 × 2.5 + 11 × 4 + 130 × 0.1 + 5 × 10 + 17 × 10 = 300.5
    expect(costOf(usage, SONNET)).toBe(301);
  });

  test('is rounded up once, and not for each class', () => {
    expect(costOf({ ...NONE, cacheReadTokens: 1 }, SONNET)).toBe(1);
    expect(costOf({ ...NONE, cacheReadTokens: 10 }, SONNET)).toBe(1);
    expect(costOf({ ...NONE, cacheReadTokens: 11 }, SONNET)).toBe(2);
  });

  test('is of the dearer price as a whole when the prompt is long, caches counted', () => {
    const long = { overTokens: 100, rates: flat(4_000_000, 20_000_000) };
    const price = { ...SONNET, long };
    expect(costOf({ ...NONE, inputTokens: 60, cacheReadTokens: 40 }, price)).toBe(124);
    expect(costOf({ ...NONE, inputTokens: 61, cacheReadTokens: 40 }, price)).toBe(404);
  });

  test('is nothing for what is free, and unknown without a price', () => {
    expect(costOf({ inputTokens: 1e9, outputTokens: 1e9 }, FREE)).toBe(0);
    expect(costOf({ inputTokens: 1, outputTokens: 1 }, null)).toBeNull();
  });

  test('of a thousand calls is a thousand times that of one, which floats of dollars are not', () => {
    const price = { rates: flat(100_000, 0), long: null };
    const one = costOf({ ...NONE, inputTokens: 1_000_000 }, price) ?? 0;
    const floats = Array.from({ length: 1_000 }, () => 0.1).reduce((sum, part) => sum + part, 0);
    expect(one * 1_000).toBe(100_000_000);
    expect(floats).not.toBe(100);
  });
});

test.each([
  ['3', 3_000_000],
  ['0.25', 250_000],
  ['0.000001', 1],
  ['0.0000001', null],
  ['-1', null],
  ['1e3', null],
  ['.5', null],
  ['', null],
])('%j dollars for a million tokens are %j', (text, rate) => {
  expect(rateIn(text)).toBe(rate);
});

test.each([
  [0.1, 100_000],
  [0.1 + 0.2, 300_001],
  [0.00014, 140],
  [1.5e-7, 1],
  [1e-7, 1],
  [0, 0],
  [12, 12_000_000],
  [-1, null],
  [Number.NaN, null],
  ['0.1', null],
])('%j dollars that a provider wrote are %j millionths, rounded up', (usd, micro) => {
  expect(microUsdIn(usd)).toBe(micro);
});

test('no cost is below the exact one, nor a millionth above it', () => {
  const tokens = fc.integer({ min: 0, max: 1_000_000 });
  fc.assert(
    fc.property(tokens, tokens, fc.integer({ min: 0, max: 99_999_999 }), (input, output, rate) => {
      const cost = costOf(
        { inputTokens: input, outputTokens: output },
        { rates: flat(rate, rate), long: null },
      );
      const exact = BigInt(input + output) * BigInt(rate);
      const pico = BigInt(cost ?? 0) * 1_000_000n;
      expect(pico >= exact && pico - exact < 1_000_000n).toBe(true);
    }),
  );
});
