/**
 * Model calls with their tokens and money.
 *
 * Invariant: a call is counted from the moment it is reserved, in the transaction that compares the
 * sum with the budget, so calls made at once cannot spend the same money twice. Whole numbers only.
 */
import { z } from 'zod';
import { Fault } from '../domain/faults.ts';
import { RunId } from '../domain/ids.ts';
import type { Budget, Ledger, ModelCall } from '../ports.ts';
import type { Database } from './database.ts';
import { readable } from './readable.ts';

export function ledgerOf(database: Database): Ledger {
  return {
    reserve: async (call, budget) =>
      database.transaction(() => {
        const refused = refusal(spent(database, call), call, budget);
        if (refused !== null) return { refused };
        insert(database, call);
        return null;
      }),
    settle: async (call) => settle(database, call),
  };
}

export function callsOf(database: Database, run: RunId): readonly ModelCall[] {
  return database
    .all('select * from model_call where run = ? order by seq', run)
    .map((row) => readable(StoredCall, row, `a model call of run ${run}`));
}

/** What every other call of the run has taken. A failed call is no turn, but it costs what it cost. */
function spent(database: Database, { run, id }: ModelCall): Spent {
  const row = database.get(
    `select coalesce(sum(input_tokens + output_tokens), 0) as tokens,
            coalesce(sum(micro_usd), 0) as microUsd,
            count(*) filter (where micro_usd is null) as unpriced,
            count(*) filter (where state <> 'failed') as turns
     from model_call where run = ? and id <> ?`,
    ...[run, id],
  );
  return Spent.parse(row);
}

function refusal(before: Spent, call: ModelCall, budget: Budget): string | null {
  const { inputTokens, outputTokens } = call.usage;
  const tokens = before.tokens + inputTokens + outputTokens;
  const turns = before.turns + 1;
  if (budget.turns !== null && turns > budget.turns) {
    return `turns: this call would be number ${turns}, the budget is ${budget.turns}`;
  }
  if (budget.tokens !== null && tokens > budget.tokens) {
    return `tokens: with this call up to ${tokens}, the budget is ${budget.tokens}`;
  }
  if (budget.microUsd === null) return null;
  // A limit on money that cannot be counted would be no limit.
  if (call.microUsd === null || before.unpriced > 0) return 'money: a call has no price';
  const microUsd = before.microUsd + call.microUsd;
  return microUsd > budget.microUsd
    ? `money: with this call up to ${dollars(microUsd)}, the budget is ${dollars(budget.microUsd)}`
    : null;
}

function dollars(microUsd: number): string {
  return `$${(microUsd / 1_000_000).toFixed(6)}`;
}

function insert(database: Database, call: ModelCall): void {
  const { inputTokens, outputTokens } = call.usage;
  database.run(
    `insert or ignore into model_call
       (id, run, attempt, at, model, state, input_tokens, output_tokens, micro_usd, wall_ms, failure)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ...[call.id, call.run, call.attempt, call.at, call.model, call.state],
    ...[
      whole(inputTokens),
      whole(outputTokens),
      call.microUsd === null ? null : whole(call.microUsd),
    ],
    ...[whole(call.wallMs), call.failure],
  );
}

/** The first settlement stands; the same one again changes nothing. */
function settle(database: Database, call: ModelCall): void {
  const { inputTokens, outputTokens } = call.usage;
  database.transaction(() => {
    const known = database.get(
      'select state from model_call where id = ? and run = ?',
      call.id,
      call.run,
    );
    if (known === null) throw new Fault('internal', `model call ${call.id} was never reserved`);
    database.run(
      `update model_call
       set state = ?, model = ?, input_tokens = ?, output_tokens = ?, micro_usd = ?, wall_ms = ?, failure = ?
       where id = ? and state = 'reserved'`,
      ...[call.state, call.model, whole(inputTokens), whole(outputTokens)],
      ...[
        call.microUsd === null ? null : whole(call.microUsd),
        whole(call.wallMs),
        call.failure,
        call.id,
      ],
    );
  });
}

function whole(value: number): number {
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new Fault(
    'internal',
    `${value} is not a whole number of tokens, millionths or milliseconds`,
  );
}

const count = z.int().nonnegative();
const Spent = z.object({ tokens: count, microUsd: count, unpriced: count, turns: count });
type Spent = z.infer<typeof Spent>;

const StoredCall = z
  .object({
    id: z.string(),
    run: RunId,
    attempt: z.int(),
    at: z.string(),
    model: z.string(),
    state: z.enum(['reserved', 'settled', 'failed']),
    input_tokens: count,
    output_tokens: count,
    micro_usd: count.nullable(),
    wall_ms: count,
    failure: z.string().nullable(),
  })
  .transform(
    ({ input_tokens, output_tokens, micro_usd, wall_ms, ...call }): ModelCall => ({
      ...call,
      usage: { inputTokens: input_tokens, outputTokens: output_tokens },
      microUsd: micro_usd,
      wallMs: wall_ms,
    }),
  );
