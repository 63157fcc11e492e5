/** What agents and sandboxes did, in the order in which it was first noted. */
import { z } from 'zod';
import { RunId } from '../domain/ids.ts';
import type { Activity } from '../ports.ts';
import type { Database } from './database.ts';
import { readable } from './readable.ts';

/** A line is named by run, attempt, source and index; noting it again changes nothing. */
export function note(database: Database, activity: Activity): void {
  const { run, attempt, source, index, at, kind, text } = activity;
  database.run(
    `insert into activity (run, attempt, source, line, at, kind, text) values (?, ?, ?, ?, ?, ?, ?)
     on conflict (run, attempt, source, line) do nothing`,
    ...[run, attempt, source, index, at, kind, text],
  );
}

export function activityOf(database: Database, run: RunId): readonly Activity[] {
  return database
    .all('select * from activity where run = ? order by seq', run)
    .map((row) => readable(StoredActivity, row, `an activity of run ${run}`));
}

const StoredActivity = z
  .object({
    run: RunId,
    attempt: z.int(),
    source: z.enum(['agent', 'gateway', 'sandbox', 'check']),
    line: z.int(),
    at: z.string(),
    kind: z.string(),
    text: z.string(),
  })
  .transform(({ line, ...activity }): Activity => ({ ...activity, index: line }));
