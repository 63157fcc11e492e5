/**
 * Tasks and the append-only events of their runs.
 *
 * Invariant: every journal replays. An event is parsed and applied to the replayed state in the
 * same transaction that stores it, so an illegal one is never written. So are its audit records: no
 * task and no event without them.
 */
import { z } from 'zod';
import { auditOf, queued } from '../domain/audit-events.ts';
import { Fault } from '../domain/faults.ts';
import { RunId } from '../domain/ids.ts';
import { apply, NEW_RUN, nextStep } from '../domain/run.ts';
import { RunEvent, type RunState } from '../domain/run-state.ts';
import { Task } from '../domain/task.ts';
import { type JournalEntry, JournalMoved, type Lease, type Store } from '../ports.ts';
import type { AuditedTransaction } from './audit.ts';
import type { Database } from './database.ts';
import { json, readable } from './readable.ts';

type Journal = Pick<Store, 'addTask' | 'task' | 'tasks' | 'read' | 'append'>;

export function journalOf(
  database: Database,
  clock: () => Date,
  audited: AuditedTransaction,
): Journal {
  return {
    addTask: async (task) =>
      audited((record) => {
        addTask(database, task);
        record([queued(task)], clock());
      }),
    task: async (run) => {
      const row = database.get('select task from run where id = ?', run);
      return row && readTask(row);
    },
    tasks: async () => database.all('select task from run order by seq').map(readTask),
    read: async (run) => entries(database, run),
    append: async (run, seq, event, lease) =>
      audited((record) => {
        checkTurn(database, run, seq, lease);
        const now = clock();
        const change = append(database, { run, seq, at: now.toISOString(), event });
        record(auditOf(change.event, { run, ...change }), now);
      }),
  };
}

/** In the order in which they were first claimed. */
export function startedOn(database: Database, repository: string, day: string): readonly RunId[] {
  const rows = database.all(
    `select run.id as id from journal join run on run.id = journal.run
     where journal.seq = 0 and substr(journal.at, 1, 10) = ?
       and json_extract(journal.event, '$.type') = 'claimed'
       and json_extract(run.task, '$.repository') = ?
     order by journal.at, run.seq`,
    ...[day, repository],
  );
  return rows.map((row) => StoredId.parse(row).id);
}

/** Derives `run.step` anew from every journal. Nobody drives a run whose journal is unreadable. */
export function rebuildSteps(database: Database): void {
  for (const row of database.all('select id from run')) {
    const { id } = StoredId.parse(row);
    database.run('update run set step = ? where id = ?', stepOf(database, id), id);
  }
}

function stepOf(database: Database, id: RunId): string | null {
  try {
    return nextStep(replay(entries(database, id)));
  } catch {
    return null;
  }
}

function addTask(database: Database, task: Task): void {
  const values = [task.id, JSON.stringify(Task.parse(task)), nextStep(NEW_RUN)];
  const added = database.run(
    'insert or ignore into run (id, task, step) values (?, ?, ?)',
    ...values,
  );
  if (added === 0) throw new Fault('store_failed', `there is already a run ${task.id}`);
}

function checkTurn(database: Database, run: RunId, seq: number, lease: Lease | null): void {
  const row = database.get(
    `select lease_owner, lease_token,
            (select count(*) from journal where journal.run = run.id) as length
     from run where id = ?`,
    run,
  );
  if (row === null) throw new Fault('run_not_found', `there is no run ${run}`);
  const turn = StoredTurn.parse(row);
  if (turn.length !== seq) {
    throw new JournalMoved(`${run}: event ${seq} was to be written, ${turn.length} are there`);
  }
  if (lease === null) return;
  const held = turn.lease_owner !== null && turn.lease_token === lease.token;
  if (lease.run !== run || !held) {
    throw new JournalMoved(`${run}: lease ${lease.token} of ${lease.run} is no longer ours`);
  }
}

type Changed = { readonly event: RunEvent; readonly before: RunState; readonly after: RunState };

function append(
  database: Database,
  { run, seq, at, event }: JournalEntry & { run: RunId },
): Changed {
  // Parsed on the way in too: one event that cannot be read back would end the run's journal.
  const parsed = RunEvent.parse(event);
  const before = replay(entries(database, run));
  const after = apply(before, parsed);
  database.run(
    'insert into journal (run, seq, at, event) values (?, ?, ?, ?)',
    ...[run, seq, at, JSON.stringify(parsed)],
  );
  database.run('update run set step = ? where id = ?', nextStep(after), run);
  return { event: parsed, before, after };
}

function replay(journal: readonly JournalEntry[]): RunState {
  return journal.reduce((state, { event }) => apply(state, event), NEW_RUN);
}

function entries(database: Database, run: RunId): readonly JournalEntry[] {
  const rows = database.all('select seq, at, event from journal where run = ? order by seq', run);
  return rows.map((row, index) => {
    const entry = readable(StoredEntry, row, `event ${index} of run ${run}`);
    if (entry.seq === index) return entry;
    throw new Fault('store_failed', `event ${index} of run ${run} is missing`);
  });
}

function readTask(row: unknown): Task {
  return readable(StoredTask, row, 'a task').task;
}

const StoredId = z.object({ id: RunId });
const StoredTask = z.object({ task: json.pipe(Task) });
const StoredTurn = z.object({
  lease_owner: z.string().nullable(),
  lease_token: z.int(),
  length: z.int(),
});
const StoredEntry = z.object({ seq: z.int(), at: z.iso.datetime(), event: json.pipe(RunEvent) });
