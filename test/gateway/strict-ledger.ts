/** A ledger in memory that keeps the rules of the real one and fails a test that breaks them. */
import type { Ledger, ModelCall } from '../../orchestrator/ports.ts';

export type StrictLedger = Ledger & { calls(): readonly ModelCall[] };

export function strictLedger(): StrictLedger {
  const calls = new Map<string, ModelCall>();
  return {
    calls: () => [...calls.values()],
    reserve: async (call, budget) => {
      if (calls.has(call.id)) throw new Error(`call ${call.id} was reserved before`);
      if (call.state !== 'reserved') throw new Error(`a ${call.state} call was reserved`);
      const all = [...calls.values(), call];
      const tokens = all.reduce(
        (sum, { usage }) => sum + usage.inputTokens + usage.outputTokens,
        0,
      );
      const money = all.reduce((sum, { microUsd }) => sum + (microUsd ?? 0), 0);
      const turns = all.filter(({ state }) => state !== 'failed').length;
      if (budget.tokens !== null && tokens > budget.tokens) return { refused: 'tokens: too many' };
      if (budget.microUsd !== null && money > budget.microUsd)
        return { refused: 'money: too much' };
      if (budget.turns !== null && turns > budget.turns) return { refused: 'turns: too many' };
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
