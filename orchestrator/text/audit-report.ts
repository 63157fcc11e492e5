/** The audit log for people: what a check of it found, and its records one a line. */
import type { AuditRecord } from '../domain/audit.ts';
import type { AuditCode, AuditReport } from '../domain/audit-verify.ts';
import { columns } from './columns.ts';

/** Also what only a comparison with the journal can find. */
export type LogCode = AuditCode | 'differs_from_journal' | 'behind_journal';

export type LogReport = Omit<AuditReport, 'code'> & {
  readonly code: LogCode | null;
  readonly file: string;
  /** Records the journal has; null when the log is not our own, and nothing was compared. */
  readonly journal: number | null;
};

/** What was found, in one sentence. */
export function auditSentence(report: LogReport): string {
  const { code, seq } = report;
  if (code !== null) return SENTENCES[code](seq ?? 0, report);
  const unsigned = report.records - 1 - (report.signedTo ?? -1);
  const all = unsigned === 0 ? 'all of them' : `all but the last ${unsigned}`;
  return `Every record is as it was written, and signed checkpoints vouch for ${all}.`;
}

const SENTENCES: Record<LogCode, (seq: number, report: LogReport) => string> = {
  not_a_record: (seq) => `Line ${seq + 1} is not a record as the log writes it.`,
  hash_mismatch: (seq) => `Record ${seq} was changed: its hash is not that of its contents.`,
  reordered: (seq) => `Where record ${seq} must be there is one of another place.`,
  gap: (seq) => `Record ${seq} is missing, and later ones are there.`,
  forked: (seq) => `Record ${seq} follows another past than the records before it.`,
  unknown_key: (seq) => `Record ${seq} names a signing key that is not among the trusted ones.`,
  checkpoint_mismatch: (seq) =>
    `A signed checkpoint says that record ${seq} was another: the log was written anew.`,
  bad_signature: () => 'A checkpoint was not signed by the key that the log had at the time.',
  wrong_log: () => 'A checkpoint belongs to another log.',
  truncated_behind_checkpoint: (seq) =>
    `Record ${seq} and what follows is gone: a signed checkpoint vouches for more.`,
  torn_tail: (seq) =>
    `The line of record ${seq} has no end, as after a crash. The next write completes it.`,
  empty: () => 'There is no record.',
  unsigned: () => 'The records fit together, but no signed checkpoint vouches for any of them.',
  differs_from_journal: (seq) => `Record ${seq} is not the one in the journal.`,
  behind_journal: (seq, { journal }) =>
    `The file ends before record ${seq}, and the journal has ${journal}. The next write completes it.`,
};

/** Two columns that can be pasted into a ticket as they are. */
export function auditTable(report: LogReport): string {
  const { status, code, file, log, records, head, signedTo, journal } = report;
  return columns([
    ['audit log', file],
    ['verdict', code === null ? status : `${status} (${code})`],
    ['found', auditSentence(report)],
    ['log id', log ?? 'unknown'],
    ['good records', head === null ? 'none' : `${records}, 0 to ${head.seq}`],
    ['signed to', signedTo === null ? 'nothing' : `record ${signedTo}`],
    ['last good', head === null ? 'none' : head.hash],
    ['journal', journal === null ? 'not compared' : `${journal} records`],
  ]);
}

export function auditLines(records: readonly AuditRecord[]): string {
  return columns(
    records.map(({ seq, ts, type, actor, task, data }) => [
      String(seq),
      ts,
      type,
      actor,
      task ?? '-',
      Object.entries(data)
        .map(([name, value]) => `${name}=${short(value)}`)
        .join(' '),
    ]),
  );
}

/** Twelve digits of a digest are enough to recognise it. */
function short(value: AuditRecord['data'][string]): string {
  if (typeof value !== 'string') return JSON.stringify(value);
  return value.replace(/^(sha256:)?([0-9a-f]{12})[0-9a-f]{28,52}$/, '$1$2').slice(0, 200);
}
