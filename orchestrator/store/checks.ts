/**
 * Checks that passed, by a digest of all that decides them, so that the same is not run twice. Only a
 * memory: every row may go, and the journal does not need it.
 */
import { z } from 'zod';
import { Check } from '../domain/check.ts';
import { Digest, RunId } from '../domain/ids.ts';
import type { KeptCheck } from '../ports/kept-check.ts';
import type { Database } from './database.ts';
import { json, readable } from './readable.ts';

const ROWS_MAX = 10_000;

export function keepCheck(database: Database, { key, run, attempt, check }: KeptCheck): void {
  database.transaction(() => {
    const values = [key, run, attempt, JSON.stringify(Check.parse(check))];
    database.run(
      'insert or ignore into kept_check (key, run, attempt, line) values (?, ?, ?, ?)',
      ...values,
    );
    database.run(
      'delete from kept_check where seq <= (select max(seq) from kept_check) - ?',
      ROWS_MAX,
    );
  });
}

export function keptCheck(database: Database, key: Digest): KeptCheck | null {
  const row = database.get('select key, run, attempt, line from kept_check where key = ?', key);
  if (row === undefined || row === null) return null;
  const { line, ...rest } = readable(Row, row, 'a check that was kept');
  return { ...rest, check: line };
}

const Row = z.object({
  key: Digest,
  run: RunId,
  attempt: z.int(),
  line: json.pipe(Check),
});
