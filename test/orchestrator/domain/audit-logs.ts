/** Audit logs for tests: chained, signed, and then changed in every way that somebody might try. */
import {
  type AuditDraft,
  type AuditRecord,
  CHECKPOINT_TYPE,
  chain,
  hashOf,
  lineOf,
  opening,
} from '../../../orchestrator/domain/audit.ts';
import { canonical } from '../../../orchestrator/domain/canonical.ts';
import { type SigningKey, signJson } from '../../../orchestrator/domain/dsse.ts';
import { DANA, RITA, RUN } from '../fixtures.ts';
import { keyNamed } from './keys.ts';

export const LOG_ID = '0b0e7f5e-2f6d-4c1f-9a51-6f0f2f7f8f10';
export const LOG_KEY = keyNamed('log');

const DRAFTS: readonly AuditDraft[] = [
  {
    ...{ type: 'task.queued', actor: DANA, task: RUN },
    ...{ data: { base: 'main', source: 'cli' }, sealed: { text: 'Round the total' } },
  },
  { type: 'run.started', actor: 'controller', task: RUN, data: {} },
  {
    ...{ type: 'validator.result', actor: 'controller', task: RUN },
    data: { validator: 'unit', verdict: 'passed', tests: { run: 12, failed: 0 } },
  },
  { type: 'approval.granted', actor: RITA, task: RUN, data: { gate: 'größe 😀', openSlots: 0 } },
];

/** So many records, the first of them the opening. */
export function logOf(
  records: number,
  { log = LOG_ID, key = LOG_KEY, salt = 'salt' } = {},
): AuditRecord[] {
  const all: AuditRecord[] = [];
  for (let seq = 0; seq < records; seq++) {
    const draft = DRAFTS[(seq - 1) % DRAFTS.length];
    const wanted = seq === 0 || draft === undefined ? opening(log, key.key) : draft;
    const ts = new Date(Date.UTC(2026, 2, 1, 10, 0, seq)).toISOString();
    all.push(chain(all.at(-1) ?? null, wanted, { ts, salt }));
  }
  return all;
}

export function linesOf(records: readonly AuditRecord[]): string[] {
  return records.map((record) => `${lineOf(record)}\n`);
}

export function checkpointOf(
  record: AuditRecord | undefined,
  { log = LOG_ID, key = LOG_KEY }: { log?: string; key?: SigningKey } = {},
): string {
  if (record === undefined) throw new Error('there is no such record to sign');
  const { seq, hash } = record;
  return canonical(signJson(CHECKPOINT_TYPE, { log, seq, hash }, key));
}

/** A record as somebody would write it who knows how hashes are made. */
export function forged(
  record: AuditRecord | undefined,
  change: Partial<Omit<AuditRecord, 'hash'>>,
): AuditRecord {
  if (record === undefined) throw new Error('there is no such record to change');
  const changed = { ...record, ...change };
  return { ...changed, hash: hashOf(changed) };
}

/** Everything from `from` on written anew, so that the chain holds again. */
export function rechained(records: readonly AuditRecord[], from: number): AuditRecord[] {
  const all: AuditRecord[] = [];
  for (const record of records) {
    const prev = all.at(-1)?.hash ?? null;
    all.push(record.seq < from ? record : forged(record, { prev }));
  }
  return all;
}
