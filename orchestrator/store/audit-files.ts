/**
 * The audit log as files that anybody can read, copy and check: `log.jsonl`, `checkpoints.jsonl`.
 *
 * They are written from the tables after the fact, by whichever process gets there, under the write
 * lock of the database. Invariants: a line is only ever added at the end, or cut there when it has
 * no line break; a file whose last line is not in its table is left as it is and nothing goes on; a
 * checkpoint is signed when every record it vouches for is on disk.
 */
import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { CHECKPOINT_TYPE, type Checkpoint, Opening, Rotation, recordOf } from '../domain/audit.ts';
import { canonical } from '../domain/canonical.ts';
import { signJson } from '../domain/dsse.ts';
import { asFault, Fault } from '../domain/faults.ts';
import { Digest } from '../domain/ids.ts';
import type { Keys } from '../ports.ts';
import type { Database } from './database.ts';
import { readable } from './readable.ts';

const CHECKPOINT_RECORDS = 1000;
const CHECKPOINT_MS = 10 * 60_000;
/** Longer than any line, in bytes. */
const TAIL_BYTES = 256 * 1024;
const LINES_AT_ONCE = 1000;

export type AuditFiles = {
  /** Within a transaction: adds what was committed and is not in the files. */
  flush(): void;
  /** The same in a transaction of its own, and a checkpoint when one is due. */
  publish(): void;
  /** The same after a commit; what stood in its way is thrown by the next `flush`. */
  publishLater(): void;
};

export type AuditFilesOptions = {
  readonly database: Database;
  /** The data directory. */
  readonly home: string;
  readonly keys: Keys;
  readonly clock: () => Date;
};

export type AuditFilePaths = { readonly log: string; readonly checkpoints: string };

export function auditFilePaths(home: string): AuditFilePaths {
  const folder = join(home, 'audit');
  return { log: join(folder, 'log.jsonl'), checkpoints: join(folder, 'checkpoints.jsonl') };
}

export function auditFilesOf(options: AuditFilesOptions): AuditFiles {
  const { database, home } = options;
  const paths = auditFilePaths(home);
  const log = outbox(database, 'audit', paths.log);
  const checkpoints = outbox(database, 'audit_checkpoint', paths.checkpoints);
  const flush = (): void => {
    mkdirSync(dirname(paths.log), { recursive: true, mode: 0o700 });
    log.flush();
    checkpoints.flush();
  };
  const step = (): boolean => {
    flush();
    if (!isDue(options)) return false;
    log.sync();
    signHead(options);
    return true;
  };
  const publish = (): void => {
    // Signed in one transaction and written in the next: what is in the file was committed.
    while (database.transaction(step));
  };
  return {
    flush,
    publish,
    publishLater: () => {
      try {
        publish();
      } catch {
        // The caller's own write is durable and must not be reported as failed.
      }
    },
  };
}

type Outbox = { flush(): void; sync(): void };

/** One file that is to hold every line of one table, in order. */
function outbox(database: Database, table: 'audit' | 'audit_checkpoint', file: string): Outbox {
  const rowsFrom = `select line from ${table} where seq >= ? order by seq limit ${LINES_AT_ONCE}`;
  // From the newest on, because the last line of the file is nearly always among those.
  const placeOf = `select seq from ${table} where line = ? order by seq desc limit 1`;
  /** Up to where we have seen the file to be right. Another process may have gone on from there. */
  let seen = { bytes: -1, next: 0 };
  const nextOf = (handle: number, bytes: number): number => {
    if (bytes === seen.bytes) return seen.next;
    const line = lastLine(handle, bytes);
    if (line === null) return 0;
    const row = database.get(placeOf, line);
    if (row !== null) return readable(StoredSeq, row, `a row of ${table}`).seq + 1;
    throw new Fault('audit_broken', `the last line of ${file} is not in the journal`);
  };
  return {
    flush: () =>
      withFile(file, (handle) => {
        let next = nextOf(handle, fstatSync(handle).size);
        for (;;) {
          const lines = database
            .all(rowsFrom, next)
            .map((row) => readable(StoredLine, row, `a row of ${table}`).line);
          writeAll(handle, lines.map((line) => `${line}\n`).join(''));
          next += lines.length;
          if (lines.length < LINES_AT_ONCE) break;
        }
        seen = { bytes: fstatSync(handle).size, next };
      }),
    sync: () => withFile(file, fsyncSync),
  };
}

/** The last whole line; what follows it was torn by a crash and is cut off. */
function lastLine(handle: number, bytes: number): string | null {
  const tail = Buffer.alloc(Math.min(bytes, TAIL_BYTES));
  readSync(handle, tail, 0, tail.length, bytes - tail.length);
  const end = tail.lastIndexOf(0x0a);
  if (end === -1 && bytes > tail.length) return '';
  if (end + 1 < tail.length) ftruncateSync(handle, bytes - tail.length + end + 1);
  if (end === -1) return null;
  return tail.subarray(tail.lastIndexOf(0x0a, end - 1) + 1, end).toString();
}

function withFile(file: string, work: (handle: number) => void): void {
  try {
    const flags = constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW;
    const handle = openSync(file, flags, 0o600);
    try {
      work(handle);
    } finally {
      closeSync(handle);
    }
  } catch (thrown) {
    const { code, message } = asFault(thrown);
    if (thrown instanceof Fault || code === 'disk_full') throw asFault(thrown);
    throw new Fault('store_failed', `${file}: ${message}`, { cause: thrown });
  }
}

function writeAll(handle: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; ) at += writeSync(handle, bytes, at);
}

function isDue({ database, clock }: AuditFilesOptions): boolean {
  const row = database.get(
    `select (select max(seq) from audit) as head, record, at
     from (select 1) left join
       (select record, at from audit_checkpoint order by seq desc limit 1) on true`,
  );
  const { head, record, at } = readable(StoredDue, row, 'the last checkpoint');
  if (head === null || head === record) return false;
  if (record === null || at === null) return true;
  const isOld = clock().getTime() - Date.parse(at) >= CHECKPOINT_MS;
  return head - record >= CHECKPOINT_RECORDS || isOld;
}

function signHead({ database, keys, clock }: AuditFilesOptions): void {
  const head = readable(
    StoredHead,
    database.get('select seq, hash from audit order by seq desc limit 1'),
    'the last audit record',
  );
  const { log, key } = signingOf(database);
  const checkpoint: Checkpoint = { log, seq: head.seq, hash: head.hash };
  const envelope = signJson(CHECKPOINT_TYPE, checkpoint, keys.signer('audit', key));
  database.run(
    `insert into audit_checkpoint (seq, line, record, at)
     values ((select count(*) from audit_checkpoint), ?, ?, ?)`,
    ...[canonical(envelope), head.seq, clock().toISOString()],
  );
}

/** The log's id and the key that it says signs now: no other would be believed. */
function signingOf(database: Database): { log: string; key: string } {
  const [first, ...later] = database
    .all(`select line from audit where type in ('log.opened', 'key.rotated') order by seq`)
    .map((row) => recordOf(readable(StoredLine, row, 'an audit record').line)?.data);
  const { log, key } = readable(Opening, first, 'the first audit record');
  const rotations = later.map((data) => readable(Rotation, data, 'a rotation of keys'));
  return { log, key: rotations.findLast(({ role }) => role === 'audit')?.key ?? key };
}

const StoredSeq = z.object({ seq: z.int() });
const StoredLine = z.object({ line: z.string() });
const StoredHead = z.object({ seq: z.int(), hash: Digest });
const StoredDue = z.object({
  head: z.int().nullable(),
  record: z.int().nullable(),
  at: z.iso.datetime().nullable(),
});
