/**
 * The tables, as an ordered list of migrations. `user_version` counts those that were applied.
 *
 * `journal`, the task text and `audit` are the truth. `run.step` is derived: it is what `nextStep` says of
 * the replayed journal, and is rebuilt from it whenever a migration ran.
 */
import { z } from 'zod';
import { Fault } from '../domain/faults.ts';
import type { Database } from './database.ts';
import { rebuildSteps } from './journal.ts';

/** Append to this list; never edit an entry that was released. */
const MIGRATIONS: readonly string[] = [
  `
  create table run (
    seq integer primary key,
    id text not null unique,
    task text not null,
    step text,
    lease_token integer not null default 0,
    lease_owner text,
    lease_until integer
  ) strict;
  create index run_with_step on run (seq) where step is not null;
  create index run_with_owner on run (lease_owner) where lease_owner is not null;

  create table journal (
    run text not null references run (id),
    seq integer not null,
    at text not null,
    event text not null,
    primary key (run, seq)
  ) strict, without rowid;

  create table activity (
    seq integer primary key,
    run text not null references run (id),
    attempt integer not null,
    source text not null,
    line integer not null,
    at text not null,
    kind text not null,
    text text not null,
    unique (run, attempt, source, line)
  ) strict;

  create table model_call (
    seq integer primary key,
    id text not null unique,
    run text not null references run (id),
    attempt integer not null,
    at text not null,
    model text not null,
    state text not null,
    input_tokens integer not null,
    output_tokens integer not null,
    micro_usd integer,
    wall_ms integer not null,
    failure text
  ) strict;
  create index model_call_of_run on model_call (run);
  `,
  `
  create table audit (
    seq integer primary key,
    line text not null,
    hash text not null,
    type text not null,
    -- Opens the salted digests of the line. Without it they say nothing to anybody.
    salt text
  ) strict;
  create index audit_of_keys on audit (seq) where type in ('log.opened', 'key.rotated');

  create table audit_checkpoint (
    seq integer primary key,
    line text not null,
    record integer not null references audit (seq),
    at text not null
  ) strict;
  `,
  `
  create table kept_record (
    seq integer primary key,
    id text not null unique,
    record text not null
  ) strict;
  `,
];

export function migrate(database: Database, file: string): void {
  if (version(database) === MIGRATIONS.length) return;
  database.transaction(() => {
    // Read again under the lock: another process may have migrated in between.
    const from = version(database);
    if (from > MIGRATIONS.length) {
      throw new Fault(
        'store_failed',
        `${file} has schema ${from}; this Proofhouse knows ${MIGRATIONS.length} and must not write to it`,
      );
    }
    if (from === MIGRATIONS.length) return;
    for (const migration of MIGRATIONS.slice(from)) database.exec(migration);
    rebuildSteps(database);
    database.exec(`pragma user_version = ${MIGRATIONS.length}`);
  });
}

function version(database: Database): number {
  const row = database.get('pragma user_version');
  return z.object({ user_version: z.int() }).parse(row).user_version;
}
