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
  `
  alter table model_call add column role text not null default 'edit';
  alter table model_call add column vendor text not null default '';
  alter table model_call add column cache_write_5m_tokens integer not null default 0;
  alter table model_call add column cache_write_1h_tokens integer not null default 0;
  alter table model_call add column cache_read_tokens integer not null default 0;
  alter table model_call add column reasoning_tokens integer not null default 0;
  -- All classes together.
  alter table model_call add column tokens integer not null default 0;
  alter table model_call add column reported_micro_usd integer;
  -- A JSON list: what the call counts for in the table below.
  alter table model_call add column accounts text not null default '[]';
  alter table model_call add column reserved_at text not null default '';
  update model_call set tokens = input_tokens + output_tokens, reserved_at = at;
  create index model_call_reserved on model_call (reserved_at) where state = 'reserved';

  create table spend (
    account text not null,
    day text not null,
    calls integer not null,
    tokens integer not null,
    micro_usd integer not null,
    unpriced integer not null,
    primary key (account, day)
  ) strict, without rowid;
  `,
  `
  create table kept_check (
    seq integer primary key,
    key text not null unique,
    run text not null,
    attempt integer not null,
    line text not null
  ) strict;
  `,
  `
  create index audit_of_task on audit (json_extract(line, '$.task'));
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
