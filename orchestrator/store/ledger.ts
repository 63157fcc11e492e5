/**
 * Model calls with their tokens and money.
 *
 * Invariant: a call is counted from the moment it is reserved, in the transaction that compares every
 * level of the budget, so calls made at once cannot spend the same money twice. Whole numbers only.
 * A reservation that nobody settles within `RESERVATION_MS` is given back; a settlement that comes
 * later still counts, because what a model did was paid for.
 */
import { z } from 'zod';
import { Fault } from '../domain/faults.ts';
import type { RunId } from '../domain/ids.ts';
import { allTokens, MODEL_ROLES, type ModelRole, RESERVATION_MS } from '../domain/money.ts';
import type { Budget, Ledger, ModelCall } from '../ports/ledger.ts';
import { COLUMNS, callIn, valuesOf } from './call-row.ts';
import { refusal, type Spending, type Spent } from './ceilings.ts';
import type { Database } from './database.ts';
import { readable } from './readable.ts';
import { addSpend, NOTHING, SpentRow, spentIn } from './spend.ts';

export function ledgerOf(database: Database, clock: () => Date): Ledger {
  return {
    reserve: async (call, budget) =>
      database.transaction(() => {
        // Asked for again: it is counted already.
        if (database.get('select 1 as one from model_call where id = ?', call.id)) return null;
        giveBack(database, clock());
        const day = clock().toISOString().slice(0, 10);
        const refused = refusal(call, budget, spending(database, call, day));
        if (refused !== null) return refused;
        insert(database, { call, budget, at: clock() });
        return null;
      }),
    settle: async (call) => settle(database, call),
  };
}

export function callsOf(database: Database, run: RunId): readonly ModelCall[] {
  return database
    .all('select * from model_call where run = ? order by seq', run)
    .map((row) => callIn(row, run));
}

function spending(database: Database, call: ModelCall, day: string): Spending {
  return {
    run: () => spentOf(database, call, MODEL_ROLES),
    role: (role) => spentOf(database, call, [role]),
    window: (account, per) => spentIn(database, { account, day, per }),
    vendors: (role) =>
      database
        .all(
          `select distinct vendor from model_call
           where run = ? and role = ? and state in ('reserved', 'settled')`,
          ...[call.run, role],
        )
        .map((row) => z.object({ vendor: z.string() }).parse(row).vendor),
  };
}

/** What every other call of the run has taken, in these roles. */
function spentOf(database: Database, { run, id }: ModelCall, roles: readonly ModelRole[]): Spent {
  const row = database.get(
    `select count(*) filter (where state <> 'failed') as calls,
            coalesce(sum(tokens), 0) as tokens,
            coalesce(sum(micro_usd), 0) as microUsd,
            count(*) filter (where micro_usd is null) as unpriced
     from model_call
     where run = ? and id <> ? and state <> 'expired'
       and role in (${roles.map(() => '?').join(', ')})`,
    ...[run, id, ...roles],
  );
  return SpentRow.parse(row);
}

type Inserting = { readonly call: ModelCall; readonly budget: Budget; readonly at: Date };

function insert(database: Database, { call, budget, at }: Inserting): void {
  const accounts = budget.accounts ?? [];
  const reservedAt = at.toISOString();
  const values = [...valuesOf(call), JSON.stringify(accounts), reservedAt];
  database.run(
    `insert into model_call (${COLUMNS.join(', ')}, accounts, reserved_at)
     values (${values.map(() => '?').join(', ')})`,
    ...values,
  );
  addSpend(database, { accounts, day: reservedAt.slice(0, 10) }, takenBy(call));
}

const Known = z.object({
  state: z.enum(['reserved', 'settled', 'failed', 'expired']),
  tokens: z.int().nonnegative(),
  micro_usd: z.int().nonnegative().nullable(),
  accounts: z.string().transform((text) => z.array(z.string()).parse(JSON.parse(text))),
  reserved_at: z.string(),
});
type Known = z.infer<typeof Known>;

/** The first settlement stands; the same one again changes nothing. */
function settle(database: Database, call: ModelCall): void {
  database.transaction(() => {
    const { id, run } = call;
    const row = database.get('select * from model_call where id = ? and run = ?', id, run);
    if (row === null) throw new Fault('internal', `model call ${id} was never reserved`);
    const known = readable(Known, row, `a model call of run ${run}`);
    if (known.state !== 'reserved' && known.state !== 'expired') return;
    database.run(
      `update model_call set ${COLUMNS.map((name) => `${name} = ?`).join(', ')} where id = ?`,
      ...[...valuesOf(call), id],
    );
    change(database, known, takenBy(call));
  });
}

/** What a gateway that died had reserved, and never will settle. */
function giveBack(database: Database, now: Date): void {
  const before = new Date(now.getTime() - RESERVATION_MS).toISOString();
  const stale = database.all(
    `select * from model_call where state = 'reserved' and reserved_at < ? limit 1000`,
    before,
  );
  for (const row of stale) {
    const { id } = z.object({ id: z.string() }).parse(row);
    database.run(`update model_call set state = 'expired' where id = ?`, id);
    change(database, readable(Known, row, `model call ${id}`), NOTHING);
  }
}

/** From what is known of a call to what it took. */
function change(database: Database, known: Known, after: Spent): void {
  const { state, tokens, micro_usd: microUsd } = known;
  const unpriced = microUsd === null ? 1 : 0;
  const held = { calls: 1, tokens, microUsd: microUsd ?? 0, unpriced };
  const before = state === 'expired' ? NOTHING : held;
  const day = known.reserved_at.slice(0, 10);
  addSpend(
    database,
    { accounts: known.accounts, day },
    {
      calls: after.calls - before.calls,
      tokens: after.tokens - before.tokens,
      microUsd: after.microUsd - before.microUsd,
      unpriced: after.unpriced - before.unpriced,
    },
  );
}

function takenBy({ state, usage, microUsd }: ModelCall): Spent {
  return {
    calls: state === 'failed' ? 0 : 1,
    tokens: allTokens(usage),
    microUsd: microUsd ?? 0,
    unpriced: microUsd === null ? 1 : 0,
  };
}
