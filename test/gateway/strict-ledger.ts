/** A ledger in memory that keeps the rules of the real one and fails a test that breaks them. */
import { allTokens } from '../../orchestrator/domain/money.ts';
import type { Budget, Ledger, ModelCall } from '../../orchestrator/ports.ts';

export type StrictLedger = Ledger & { calls(): readonly ModelCall[] };

export function strictLedger(): StrictLedger {
  const calls = new Map<string, ModelCall>();
  return {
    calls: () => [...calls.values()],
    reserve: async (call, budget) => {
      if (calls.has(call.id)) throw new Error(`call ${call.id} was reserved before`);
      if (call.state !== 'reserved') throw new Error(`a ${call.state} call was reserved`);
      const over = overBudget([...calls.values(), call], budget);
      if (over !== null) return { refused: over };
      if ([...calls.values()].some((other) => isApart(budget, call, other))) {
        return { refused: `${call.vendor} answered edit in this run already`, isVendor: true };
      }
      calls.set(call.id, call);
      return null;
    },
    settle: async (call) => {
      if (calls.get(call.id)?.state !== 'reserved') throw new Error(`${call.id} is not reserved`);
      if (call.state === 'reserved') throw new Error('a call was settled as reserved');
      calls.set(call.id, call);
    },
  };
}

function overBudget(all: readonly ModelCall[], { tokens, microUsd, turns }: Budget): string | null {
  const sum = all.reduce((total, { usage }) => total + allTokens(usage), 0);
  const money = all.reduce((total, call) => total + (call.microUsd ?? 0), 0);
  const made = all.filter(({ state }) => state !== 'failed').length;
  if (tokens !== null && sum > tokens) return 'tokens: too many';
  if (microUsd !== null && money > microUsd) return 'money: too much';
  return turns !== null && made > turns ? 'turns: too many' : null;
}

function isApart({ apart = [] }: Budget, call: ModelCall, other: ModelCall): boolean {
  const roles = [call.role, other.role];
  const isPair = apart.some((pair) => pair.every((role) => roles.includes(role)));
  return isPair && other.state !== 'failed' && other.vendor === call.vendor;
}
