/**
 * What each account used up on each day (UTC): an organisation, a team, a repository, a requester. Sums
 * of `model_call`, kept in the same transactions, so that a call is held against a month of a thousand
 * others without reading them. Whatever is here can be rebuilt from the accounts in each call's row.
 */
import { z } from 'zod';
import type { Spent } from './ceilings.ts';
import type { Database } from './database.ts';

const count = z.int().nonnegative();
export const SpentRow = z.object({ calls: count, tokens: count, microUsd: count, unpriced: count });

export const NOTHING: Spent = { calls: 0, tokens: 0, microUsd: 0, unpriced: 0 };

/** The change may be negative: a call took less than was reserved. */
export function addSpend(
  database: Database,
  { accounts, day }: { accounts: readonly string[]; day: string },
  change: Spent,
): void {
  const { calls, tokens, microUsd, unpriced } = change;
  for (const account of new Set(accounts)) {
    database.run(
      `insert into spend (account, day, calls, tokens, micro_usd, unpriced)
       values (?, ?, ?, ?, ?, ?)
       on conflict (account, day) do update set
         calls = calls + excluded.calls, tokens = tokens + excluded.tokens,
         micro_usd = micro_usd + excluded.micro_usd, unpriced = unpriced + excluded.unpriced`,
      ...[account, day, calls, tokens, microUsd, unpriced],
    );
  }
}

export function spentIn(
  database: Database,
  { account, day, per }: { account: string; day: string; per: 'day' | 'month' },
): Spent {
  const from = per === 'day' ? day : `${day.slice(0, 7)}-01`;
  const row = database.get(
    `select coalesce(sum(calls), 0) as calls, coalesce(sum(tokens), 0) as tokens,
            coalesce(sum(micro_usd), 0) as microUsd, coalesce(sum(unpriced), 0) as unpriced
     from spend where account = ? and day >= ? and day <= ?`,
    ...[account, from, day],
  );
  return SpentRow.parse(row);
}
