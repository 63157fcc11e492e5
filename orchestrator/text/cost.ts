/** What model calls took, by who asked for what of which model. Pure. */
import { MODEL_ROLES, TOKEN_CLASSES, type TokenClass, tokensByClass } from '../domain/money.ts';
import type { ModelCall } from '../ports/ledger.ts';

export type CostRow = {
  readonly role: string;
  readonly model: string;
  readonly vendor: string;
  readonly calls: number;
  readonly failed: number;
  readonly tokens: Readonly<Record<TokenClass, number>>;
  /** Null when one of the calls has no price. */
  readonly microUsd: number | null;
  /** What the provider said, for as many calls as it said so for; null when it never did. */
  readonly reported: { readonly microUsd: number; readonly calls: number } | null;
  /** Of those calls, by how much the provider's word is above our own sum. */
  readonly difference: number | null;
};

/** In the order of the roles, then of models as they were first asked. */
export function costRows(calls: readonly ModelCall[]): readonly CostRow[] {
  const groups = new Map<string, ModelCall[]>();
  for (const call of calls) {
    const key = JSON.stringify([call.role, call.model, call.vendor]);
    groups.set(key, [...(groups.get(key) ?? []), call]);
  }
  const rows = [...groups.values()].map(rowOf);
  return MODEL_ROLES.flatMap((role) => rows.filter((row) => row.role === role));
}

function rowOf(calls: readonly ModelCall[]): CostRow {
  const [first] = calls;
  const counted = calls.filter(({ state }) => state !== 'expired');
  const told = counted.filter(({ usage }) => usage.reportedMicroUsd !== undefined);
  const reported = sum(told, ({ usage }) => usage.reportedMicroUsd ?? 0);
  const own = moneyOf(told);
  return {
    role: first?.role ?? '',
    model: first?.model ?? '',
    vendor: first?.vendor ?? '',
    calls: counted.length,
    failed: counted.filter(({ state }) => state === 'failed').length,
    tokens: tokensOf(counted),
    microUsd: moneyOf(counted),
    reported: told.length === 0 ? null : { microUsd: reported, calls: told.length },
    difference: told.length === 0 || own === null ? null : reported - own,
  };
}

export function tokensOf(calls: readonly ModelCall[]): Record<TokenClass, number> {
  const by = calls.map(({ usage }) => tokensByClass(usage));
  return Object.fromEntries(
    TOKEN_CLASSES.map((name) => [name, by.reduce((total, tokens) => total + tokens[name], 0)]),
  ) as Record<TokenClass, number>;
}

/** A call that failed costs what it cost. Null when one has no price. */
export function moneyOf(calls: readonly ModelCall[]): number | null {
  if (calls.some(({ microUsd }) => microUsd === null)) return null;
  return sum(calls, ({ microUsd }) => microUsd ?? 0);
}

function sum(calls: readonly ModelCall[], of: (call: ModelCall) => number): number {
  return calls.reduce((total, call) => total + of(call), 0);
}

const WORDS: Readonly<Record<TokenClass, string>> = {
  input: 'in',
  cacheWrite5m: 'cached for 5 min',
  cacheWrite1h: 'cached for 1 h',
  cacheRead: 'from a cache',
  output: 'out',
  reasoning: 'reasoning',
};

/** Classes without a token are left out, but for the first and the answer. */
export function tokenWords(tokens: Readonly<Record<TokenClass, number>>): string {
  return TOKEN_CLASSES.filter((name) => name === 'input' || name === 'output' || tokens[name] > 0)
    .map((name) => `${tokens[name]} ${WORDS[name]}`)
    .join(', ');
}

/** Whole millionths, four places shown; rounded as people do. */
export function dollars(microUsd: number): string {
  const tenths = Math.round(Math.abs(microUsd) / 100);
  const digits = String(tenths).padStart(5, '0');
  return `${microUsd < 0 ? '-' : ''}$${digits.slice(0, -4)}.${digits.slice(-4)}`;
}

/** What the provider said beside our own sum, or nothing. */
export function reportedWords({ reported, difference, calls }: CostRow): string {
  if (reported === null) return '';
  const of = reported.calls === calls ? '' : ` for ${reported.calls} of ${calls} calls`;
  const off =
    difference === null ? '' : `, ${difference < 0 ? '' : '+'}${difference} millionths of ours`;
  return `the provider says ${dollars(reported.microUsd)}${of}${off}`;
}

/** Who answered edit and review, for whoever wants to see that they were not the same. */
export function vendorsOf(rows: readonly CostRow[], role: string): string[] {
  const found = rows.filter((row) => row.role === role && row.calls > row.failed);
  return [...new Set(found.map(({ vendor }) => vendor))].sort();
}
