/** Records that outlive a run: votes that were handed on, and emergencies that somebody must review. */
import { z } from 'zod';
import { KeptRecord } from '../domain/records.ts';
import type { Database } from './database.ts';
import { json, readable } from './readable.ts';

export function keep(database: Database, record: KeptRecord): void {
  const { id } = record;
  // Parsed on the way in too: one that cannot be read back would hide all the others.
  const text = JSON.stringify(KeptRecord.parse(record));
  database.run('insert or ignore into kept_record (id, record) values (?, ?)', id, text);
}

export function keptIn(database: Database): readonly KeptRecord[] {
  return database
    .all('select record from kept_record order by seq')
    .map((row) => readable(Stored, row, 'a record that outlives its run').record);
}

const Stored = z.object({ record: json.pipe(KeptRecord) });
