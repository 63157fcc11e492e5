/**
 * The audit log's table, which is its truth.
 *
 * Invariant: a record is written in the transaction of what it records, under the write lock, after
 * the record before it was read. So there is one chain, however many processes write it.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { z } from 'zod';
import {
  type AuditDraft,
  type AuditRecord,
  chain,
  lineOf,
  opening,
  recordOf,
} from '../domain/audit.ts';
import { Fault } from '../domain/faults.ts';
import { Digest } from '../domain/ids.ts';
import type { AuditLog, Keys } from '../ports.ts';
import type { AuditFiles } from './audit-files.ts';
import type { Database } from './database.ts';
import { readable } from './readable.ts';

const RECORDS_MAX = 1000;

/** One transaction that writes records too; the log's files follow when it is committed. */
export type AuditedTransaction = (work: (record: Recorder) => void) => void;
type Recorder = (drafts: readonly AuditDraft[], at: Date) => void;

export function auditedTransaction(
  database: Database,
  keys: Keys,
  files: AuditFiles,
): AuditedTransaction {
  const record: Recorder = (drafts, at) => {
    let last = lastOf(database);
    const first = last === null ? [opening(randomUUID(), keys.signer('audit').key)] : [];
    for (const draft of [...first, ...drafts]) last = insert(database, last, draft, at);
  };
  return (work) => {
    database.transaction(() => {
      // Nothing new is done while an earlier record could not be brought into the log's file.
      files.flush();
      work(record);
    });
    files.publishLater();
  };
}

type AuditLogOptions = {
  readonly audited: AuditedTransaction;
  readonly files: AuditFiles;
  readonly clock: () => Date;
};

export function auditLogOf(
  database: Database,
  { audited, files, clock }: AuditLogOptions,
): AuditLog {
  return {
    append: async (draft) => audited((record) => record([draft], clock())),
    records: async (from) =>
      database
        .all('select line from audit where seq >= ? order by seq limit ?', from, RECORDS_MAX)
        .map(storedRecord),
    of: async (run) =>
      database
        .all(`select line from audit where json_extract(line, '$.task') = ? order by seq`, run)
        .map(storedRecord),
    head: async () => {
      const row = database.get('select line from audit order by seq desc limit 1');
      return row && storedRecord(row);
    },
    publish: async () => files.publish(),
  };
}

type Last = Pick<AuditRecord, 'seq' | 'hash'>;

function lastOf(database: Database): Last | null {
  const row = database.get('select seq, hash from audit order by seq desc limit 1');
  return row && readable(StoredLast, row, 'the last audit record');
}

function insert(database: Database, last: Last | null, draft: AuditDraft, at: Date): Last {
  const salt = randomBytes(32).toString('hex');
  const record = chain(last, draft, { ts: at.toISOString(), salt });
  database.run(
    'insert into audit (seq, line, hash, type, salt) values (?, ?, ?, ?, ?)',
    ...[record.seq, lineOf(record), record.hash, record.type],
    draft.sealed === undefined ? null : salt,
  );
  return record;
}

function storedRecord(row: unknown): AuditRecord {
  const { line } = readable(StoredLine, row, 'an audit record');
  const record = recordOf(line);
  if (record !== null) return record;
  throw new Fault('store_failed', `an audit record cannot be read: ${line.slice(0, 200)}`);
}

const StoredLast = z.object({ seq: z.int(), hash: Digest });
const StoredLine = z.object({ line: z.string() });
