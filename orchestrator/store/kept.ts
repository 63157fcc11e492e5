/** Records that outlive a run: votes that were handed on, and emergencies that somebody must review. */
import { z } from 'zod';
import { kept } from '../domain/audit-events.ts';
import { KeptRecord } from '../domain/records.ts';
import type { AuditedTransaction } from './audit.ts';
import type { Database } from './database.ts';
import { json, readable } from './readable.ts';

/** The first record with an id stays; whatever is kept is in the audit log too. */
export function keep(
  database: Database,
  audited: AuditedTransaction,
  record: KeptRecord,
  now: Date,
): void {
  // Parsed on the way in too: one that cannot be read back would hide all the others.
  const parsed = KeptRecord.parse(record);
  audited((write) => {
    const values = [parsed.id, JSON.stringify(parsed)];
    const added = database.run(
      'insert or ignore into kept_record (id, record) values (?, ?)',
      ...values,
    );
    if (added > 0) write(kept(parsed), now);
  });
}

export function keptIn(database: Database): readonly KeptRecord[] {
  return database
    .all('select record from kept_record order by seq')
    .map((row) => readable(Stored, row, 'a record that outlives its run').record);
}

const Stored = z.object({ record: json.pipe(KeptRecord) });
