/**
 * Who drives which run.
 *
 * Invariant: a token is given out once and grows with every claim, so the journal can refuse a
 * driver that was thought dead and wakes up. A lease ends when it is released, when its process
 * dies, or `LEASE_MS` after it was last renewed.
 */

import { z } from 'zod';
import { RunId } from '../domain/ids.ts';
import type { Lease, Store } from '../ports.ts';
import type { Database } from './database.ts';
import { isDead, thisProcess } from './owner.ts';

/** Three renewals of ten seconds: one may come late without the run changing hands. */
export const LEASE_MS = 30_000;

type Leases = Pick<Store, 'claim' | 'hold' | 'renew' | 'release'>;

export function leasesOf(database: Database, clock: () => Date): Leases {
  const owner = thisProcess();
  return {
    claim: async (only) =>
      database.transaction(() => {
        freeDeadOwners(database);
        return take(database, { owner, now: clock().getTime(), only });
      }),
    hold: async (run) =>
      database.transaction(() => {
        freeDeadOwners(database);
        return takeAny(database, { owner, now: clock().getTime(), only: run });
      }),
    renew: async ({ run, token }) =>
      database.run(
        `update run set lease_until = ?
         where id = ? and lease_token = ? and lease_owner is not null`,
        ...[clock().getTime() + LEASE_MS, run, token],
      ) === 1,
    release: async ({ run, token }) => {
      database.run(
        'update run set lease_owner = null, lease_until = null where id = ? and lease_token = ?',
        ...[run, token],
      );
    },
  };
}

function freeDeadOwners(database: Database): void {
  const owners = database.all(
    'select distinct lease_owner as owner from run where lease_owner is not null',
  );
  for (const { owner } of owners) {
    if (!isDead(String(owner))) continue;
    const free = 'update run set lease_owner = null, lease_until = null where lease_owner = ?';
    database.run(free, String(owner));
  }
}

function takeAny(database: Database, { owner, now, only }: Taking): Lease | null {
  return leaseOf(
    database.get(
      `update run set lease_owner = ?, lease_until = ?, lease_token = lease_token + 1
       where id = ? and (lease_owner is null or lease_until <= ?)
       returning id, lease_token`,
      ...[owner, now + LEASE_MS, only ?? null, now],
    ),
  );
}

type Taking = { readonly owner: string; readonly now: number; readonly only: RunId | undefined };

function take(database: Database, { owner, now, only }: Taking): Lease | null {
  return leaseOf(
    database.get(
      `update run set lease_owner = ?, lease_until = ?, lease_token = lease_token + 1
       where seq = (
         select seq from run
         where step is not null and (lease_owner is null or lease_until <= ?) and id = coalesce(?, id)
         order by seq limit 1
       )
       returning id, lease_token`,
      ...[owner, now + LEASE_MS, now, only ?? null],
    ),
  );
}

function leaseOf(row: ReturnType<Database['get']>): Lease | null {
  if (row === null) return null;
  const { id, lease_token } = Taken.parse(row);
  return { run: id, token: lease_token };
}

const Taken = z.object({ id: RunId, lease_token: z.int() });
