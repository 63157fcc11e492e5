/**
 * Tokens of model calls and what they cost. Pure, and whole numbers only: a price is so many millionths
 * of a millionth of a dollar for one token, a cost so many millionths of a dollar, and what lies between
 * is summed without a fraction. A sum of dollars as a float is off by something after a thousand calls.
 *
 * Invariant: the classes are disjoint. A token that was read from a cache is no input, and reasoning
 * that was told apart is no output, so a call costs the sum of its classes and nothing twice.
 */

/** What a model is asked for. It comes from the run and the address, never from what a prompt says. */
export const MODEL_ROLES = ['plan', 'edit', 'review', 'extract', 'title'] as const;
export type ModelRole = (typeof MODEL_ROLES)[number];

export const TOKEN_CLASSES = [
  'input',
  'cacheWrite5m',
  'cacheWrite1h',
  'cacheRead',
  'output',
  'reasoning',
] as const;
export type TokenClass = (typeof TOKEN_CLASSES)[number];

export type ModelUsage = {
  /** Neither read from a cache nor written to one. */
  readonly inputTokens: number;
  /** Without reasoning that was told apart. */
  readonly outputTokens: number;
  /** Written to a cache that keeps it for five minutes, or for an hour. */
  readonly cacheWrite5mTokens?: number;
  readonly cacheWrite1hTokens?: number;
  /** Left out where the server says nothing of a cache. */
  readonly cacheReadTokens?: number;
  readonly reasoningTokens?: number;
  /** What the provider itself says that the call cost. */
  readonly reportedMicroUsd?: number;
};

/** Millionths of a millionth of a dollar for one token of each class. */
export type Rates = Readonly<Record<TokenClass, number>>;

export type Price = {
  readonly rates: Rates;
  /** What holds for the whole of a call whose prompt is longer than this. */
  readonly long: { readonly overTokens: number; readonly rates: Rates } | null;
};

/**
 * No model call takes longer; the gateway cuts it off. A reservation that is older belongs to a gateway
 * that died, and is given back.
 */
export const CALL_MS_MAX = 60 * 60_000;
export const RESERVATION_MS = CALL_MS_MAX + 60_000;

const PICO_PER_MICRO = 1_000_000n;
/** Six places behind the point: a dollar for a million tokens is a million pico-dollars for one. */
const DECIMAL = /^(\d{1,9})(?:\.(\d{1,6}))?$/;

export function tokensByClass(usage: ModelUsage): Readonly<Record<TokenClass, number>> {
  return {
    input: usage.inputTokens,
    cacheWrite5m: usage.cacheWrite5mTokens ?? 0,
    cacheWrite1h: usage.cacheWrite1hTokens ?? 0,
    cacheRead: usage.cacheReadTokens ?? 0,
    output: usage.outputTokens,
    reasoning: usage.reasoningTokens ?? 0,
  };
}

export function promptTokens(usage: ModelUsage): number {
  const { input, cacheWrite5m, cacheWrite1h, cacheRead } = tokensByClass(usage);
  return input + cacheWrite5m + cacheWrite1h + cacheRead;
}

export function answerTokens(usage: ModelUsage): number {
  return usage.outputTokens + (usage.reasoningTokens ?? 0);
}

export function allTokens(usage: ModelUsage): number {
  return promptTokens(usage) + answerTokens(usage);
}

/** In millionths of a dollar, rounded up: a limit must not be passed by what was rounded away. */
export function costOf(usage: ModelUsage, price: Price | null): number | null {
  if (price === null) return null;
  const isLong = price.long !== null && promptTokens(usage) > price.long.overTokens;
  const rates = isLong && price.long !== null ? price.long.rates : price.rates;
  const tokens = tokensByClass(usage);
  const pico = TOKEN_CLASSES.reduce(
    (sum, name) => sum + BigInt(tokens[name]) * BigInt(rates[name]),
    0n,
  );
  return Number((pico + PICO_PER_MICRO - 1n) / PICO_PER_MICRO);
}

/** Dollars for a million tokens, as in `0.25`, as pico-dollars for one; null when it is no such number. */
export function rateIn(usdPerMillion: string): number | null {
  const found = DECIMAL.exec(usdPerMillion);
  if (found === null) return null;
  const [, whole = '0', fraction = ''] = found;
  return Number(BigInt(whole) * PICO_PER_MICRO + BigInt(fraction.padEnd(6, '0')));
}

/**
 * An amount of dollars that a provider wrote, in millionths and rounded up; null when it is none. It was
 * a decimal on the wire, so it is read as one and never multiplied as a float.
 */
export function microUsdIn(usd: unknown): number | null {
  if (typeof usd !== 'number' || !Number.isFinite(usd) || usd < 0 || usd > 1_000_000) return null;
  const [whole = '0', fraction = ''] = decimalOf(usd).split('.');
  const micro = BigInt(whole) * PICO_PER_MICRO + BigInt(fraction.slice(0, 6).padEnd(6, '0'));
  return Number(/[1-9]/.test(fraction.slice(6)) ? micro + 1n : micro);
}

/** `String` writes small numbers with an exponent, as in `1.5e-7`. */
function decimalOf(value: number): string {
  const [digits = '0', exponent = '0'] = String(value).split('e');
  if (exponent === '0') return digits;
  const [whole = '0', fraction = ''] = digits.split('.');
  return `0.${'0'.repeat(-Number(exponent) - 1)}${whole}${fraction}`;
}

export const FREE: Price = { rates: flat(0, 0), long: null };

/** One price for whatever goes in and one for whatever comes out. */
export function flat(input: number, output: number): Rates {
  return {
    ...{ input, cacheWrite5m: input, cacheWrite1h: input, cacheRead: input },
    ...{ output, reasoning: output },
  };
}
