/**
 * Whether a budget holds with one call more. Pure: what was spent is counted elsewhere, in the
 * transaction that then writes the call.
 */
import { allTokens, type ModelRole } from '../domain/money.ts';
import type { Budget, Ceiling, ModelCall, Refused } from '../ports/ledger.ts';

/** What others took, this call left out. A failed call is no call, but it costs what it cost. */
export type Spent = {
  readonly calls: number;
  readonly tokens: number;
  readonly microUsd: number;
  /** Calls that nobody knows the cost of. */
  readonly unpriced: number;
};

export type Spending = {
  readonly run: () => Spent;
  readonly role: (role: ModelRole) => Spent;
  readonly window: (account: string, per: 'day' | 'month') => Spent;
  /** Vendors that answered this role in the run, or were asked and have not answered yet. */
  readonly vendors: (role: ModelRole) => readonly string[];
};

export function refusal(call: ModelCall, budget: Budget, spending: Spending): Refused | null {
  const { microUsd, tokens, turns } = budget;
  const role = budget.roles?.[call.role];
  const over =
    broken('', spending.run, call, { microUsd, tokens, calls: turns }) ??
    (role ? broken(`${call.role}: `, () => spending.role(call.role), call, role) : null) ??
    (budget.windows ?? []).reduce<string | null>((found, window) => {
      const { account, per } = window;
      return (
        found ??
        broken(`${account} per ${per}: `, () => spending.window(account, per), call, window)
      );
    }, null);
  if (over !== null) return { refused: over };
  return sameVendor(call, budget, spending);
}

function sameVendor(call: ModelCall, budget: Budget, { vendors }: Spending): Refused | null {
  const others = (budget.apart ?? []).flatMap(([one, other]) => {
    if (call.role === one) return [other];
    return call.role === other ? [one] : [];
  });
  const met = others.find((role) => vendors(role).includes(call.vendor));
  if (met === undefined) return null;
  return { refused: `${call.vendor} answered ${met} in this run already`, isVendor: true };
}

function broken(where: string, spent: () => Spent, call: ModelCall, limit: Ceiling): string | null {
  // Where nothing is limited nothing has to be added up.
  if (limit.calls === null && limit.tokens === null && limit.microUsd === null) return null;
  const before = spent();
  const calls = before.calls + 1;
  const tokens = before.tokens + allTokens(call.usage);
  if (limit.calls !== null && calls > limit.calls) {
    return `${where}turns: this call would be number ${calls}, the budget is ${limit.calls}`;
  }
  if (limit.tokens !== null && tokens > limit.tokens) {
    return `${where}tokens: with this call up to ${tokens}, the budget is ${limit.tokens}`;
  }
  if (limit.microUsd === null) return null;
  // A limit on money that cannot be counted would be no limit.
  if (call.microUsd === null || before.unpriced > 0) return `${where}money: a call has no price`;
  const microUsd = before.microUsd + call.microUsd;
  return microUsd > limit.microUsd
    ? `${where}money: with this call up to ${dollars(microUsd)}, the budget is ${dollars(limit.microUsd)}`
    : null;
}

function dollars(microUsd: number): string {
  const digits = String(microUsd).padStart(7, '0');
  return `$${digits.slice(0, -6)}.${digits.slice(-6)}`;
}
