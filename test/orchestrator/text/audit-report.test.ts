import { expect, test } from 'vitest';
import { AUDIT_CODES, type AuditCode } from '../../../orchestrator/domain/audit-verify.ts';
import {
  auditLines,
  auditSentence,
  auditTable,
  type LogReport,
} from '../../../orchestrator/text/audit-report.ts';
import { logOf } from '../domain/audit-logs.ts';
import { digest } from '../fixtures.ts';

const INTACT: LogReport = {
  status: 'intact',
  code: null,
  seq: null,
  file: '/data/audit/log.jsonl',
  log: '0b0e7f5e-2f6d-4c1f-9a51-6f0f2f7f8f10',
  records: 12,
  head: { seq: 11, hash: digest('7') },
  signedTo: 9,
  journal: 12,
};

test('an intact log says so, and how far it is signed', () => {
  expect(auditTable(INTACT)).toMatchInlineSnapshot(`
    "audit log     /data/audit/log.jsonl
    verdict       intact
    found         Every record is as it was written, and signed checkpoints vouch for all but the last 2.
    log id        0b0e7f5e-2f6d-4c1f-9a51-6f0f2f7f8f10
    good records  12, 0 to 11
    signed to     record 9
    last good     sha256:7777777777777777777777777777777777777777777777777777777777777777
    journal       12 records"
  `);
});

test('a log that somebody changed says where, in words', () => {
  const report = { ...INTACT, status: 'tampered', code: 'gap', seq: 4, records: 4 } as const;
  expect(auditTable({ ...report, head: { seq: 3, hash: digest('7') } })).toMatchInlineSnapshot(`
    "audit log     /data/audit/log.jsonl
    verdict       tampered (gap)
    found         Record 4 is missing, and later ones are there.
    log id        0b0e7f5e-2f6d-4c1f-9a51-6f0f2f7f8f10
    good records  4, 0 to 3
    signed to     record 9
    last good     sha256:7777777777777777777777777777777777777777777777777777777777777777
    journal       12 records"
  `);
});

test('nothing is known of a log without records', () => {
  const nothing = { log: null, records: 0, head: null, signedTo: null, journal: null };
  const report = { ...INTACT, ...nothing, status: 'incomplete', code: 'empty', seq: 0 } as const;
  expect(auditTable(report)).toMatchInlineSnapshot(`
    "audit log     /data/audit/log.jsonl
    verdict       incomplete (empty)
    found         There is no record.
    log id        unknown
    good records  none
    signed to     nothing
    last good     none
    journal       not compared"
  `);
});

test('every code has a sentence of its own', () => {
  const codes = Object.keys(AUDIT_CODES) as AuditCode[];
  const all = [...codes, 'differs_from_journal', 'behind_journal'] as const;
  const sentences = all.map((code) => `${code}: ${auditSentence({ ...INTACT, code, seq: 4 })}`);
  expect(new Set(sentences.map((one) => one.split(': ')[1])).size).toBe(all.length);
  expect(sentences.join('\n')).toMatchInlineSnapshot(`
    "not_a_record: Line 5 is not a record as the log writes it.
    hash_mismatch: Record 4 was changed: its hash is not that of its contents.
    reordered: Where record 4 must be there is one of another place.
    gap: Record 4 is missing, and later ones are there.
    forked: Record 4 follows another past than the records before it.
    unknown_key: Record 4 names a signing key that is not among the trusted ones.
    checkpoint_mismatch: A signed checkpoint says that record 4 was another: the log was written anew.
    bad_signature: A checkpoint was not signed by the key that the log had at the time.
    wrong_log: A checkpoint belongs to another log.
    truncated_behind_checkpoint: Record 4 and what follows is gone: a signed checkpoint vouches for more.
    torn_tail: The line of record 4 has no end, as after a crash. The next write completes it.
    empty: There is no record.
    unsigned: The records fit together, but no signed checkpoint vouches for any of them.
    differs_from_journal: Record 4 is not the one in the journal.
    behind_journal: The file ends before record 4, and the journal has 12. The next write completes it."
  `);
});

test('a log that is signed to its end waits for nothing', () => {
  expect(auditSentence({ ...INTACT, signedTo: 11 })).toBe(
    'Every record is as it was written, and signed checkpoints vouch for all of them.',
  );
});

test('records are one line each, and digests are short', () => {
  expect(auditLines(logOf(5))).toMatchInlineSnapshot(`
    "0  2026-03-01T10:00:00.000Z  log.opened        controller  -         log=0b0e7f5e-2f6d-4c1f-9a51-6f0f2f7f8f10 key=MCowBQYDK2VwAyEAesCMWZrP88GE7TRgMFzgCt7HrsCLWuWQBRCGXwxBlzM=
    1  2026-03-01T10:00:01.000Z  task.queued       local:dana  r0000001  base=main source=cli text=sha256:3f3deaceeb84
    2  2026-03-01T10:00:02.000Z  run.started       controller  r0000001
    3  2026-03-01T10:00:03.000Z  validator.result  controller  r0000001  validator=unit verdict=passed tests={"run":12,"failed":0}
    4  2026-03-01T10:00:04.000Z  approval.granted  local:rita  r0000001  gate=größe 😀 openSlots=0"
  `);
});

test('nothing in a record moves a cursor', () => {
  const [record] = logOf(1);
  const data = { source: 'a\u001b[2Jb\u202ec\nd' };
  expect(auditLines(record ? [{ ...record, data }] : [])).toContain('source=a·[2Jb·c d');
});
