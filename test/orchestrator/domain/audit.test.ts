import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import {
  type AuditDraft,
  AuditRecord,
  chain,
  lineOf,
  opening,
  recordOf,
  sealOf,
} from '../../../orchestrator/domain/audit.ts';
import { DANA, RUN } from '../fixtures.ts';
import { LOG_ID, LOG_KEY, logOf } from './audit-logs.ts';

const AT = { ts: '2026-03-01T10:00:00.000Z', salt: 'pepper' };
const DRAFT: AuditDraft = { type: 'run.started', actor: 'controller', task: RUN, data: {} };

test('a log begins with its id and its key, and nothing before it', () => {
  const first = chain(null, opening(LOG_ID, LOG_KEY.key), AT);
  expect(first).toMatchObject({ seq: 0, type: 'log.opened', prev: null, task: null });
  expect(first.data).toEqual({ log: LOG_ID, key: LOG_KEY.key });
});

test('a record names the one before it, and its hash is over all the rest of it', () => {
  const [first, second] = logOf(2);
  expect(second).toMatchObject({ seq: 1, prev: first?.hash });
  const { hash, ...body } = second ?? {};
  const keys = ['actor', 'data', 'prev', 'seq', 'task', 'ts', 'type'];
  expect(Object.keys(body).sort()).toEqual(keys);
  const sorted = JSON.stringify(body, [...keys, 'base', 'source', 'text']);
  const parsed = Object.fromEntries(keys.map((key) => [key, JSON.parse(sorted)[key]]));
  const bytes = `proofhouse.audit.v1\0${JSON.stringify(parsed)}`;
  expect(hash).toBe(`sha256:${createHash('sha256').update(bytes).digest('hex')}`);
});

test('a text is in the record as a salted digest, and nowhere else', () => {
  const record = chain(null, { ...opening(LOG_ID, 'k'), sealed: { reason: 'mind Mrs Smith' } }, AT);
  expect(record.data['reason']).toBe(sealOf('pepper', 'reason', 'mind Mrs Smith'));
  expect(lineOf(record)).not.toContain('Smith');
});

test('the same text has another digest under another salt or name', () => {
  const seal = sealOf('salt', 'reason', 'no');
  expect(sealOf('pepper', 'reason', 'no')).not.toBe(seal);
  expect(sealOf('salt', 'text', 'no')).not.toBe(seal);
  expect(sealOf('salt', 'reason', 'no!')).not.toBe(seal);
});

test('a text that no UTF-8 can say is sealed all the same: it must not stop a run', () => {
  const draft = { ...opening(LOG_ID, 'k'), sealed: { reason: 'cut here: \ud83d' } };
  expect(chain(null, draft, AT).seq).toBe(0);
});

test('a line is read back as its record, and written again as the same line', () => {
  for (const record of logOf(6)) expect(recordOf(lineOf(record))).toEqual(record);
});

describe('no record is', () => {
  const record = logOf(3)[2];
  const line = lineOf(record as AuditRecord);
  test.each([
    ['text', 'hello'],
    ['nothing', ''],
    ['another order of the same', JSON.stringify(JSON.parse(line), ['type', 'seq'])],
    ['a blank more', line.replace(':', ': ')],
    ['a member more', line.replace('{', '{"aa":1,')],
    ['a member twice', line.replace('{', '{"actor":"controller",')],
    ['a number written otherwise', line.replace('"seq":2', '"seq":2.0')],
    ['an unknown type', line.replace('run.started', 'run.paused')],
    ['a time without its zone', line.replace('Z"', '"')],
    ['a person in capitals', line.replace('controller', 'local:Rita')],
    ['an opening later on', line.replace('run.started', 'log.opened')],
    ['a record of the middle without a past', line.replace(/"prev":"[^"]*"/, '"prev":null')],
    ['data within data within data', line.replace('"data":{}', '"data":{"a":{"b":{"c":1}}}')],
    ['a fraction', line.replace('"data":{}', '"data":{"a":0.5}')],
    ['minus nothing', line.replace('"data":{}', '"data":{"a":-0}')],
    ['a name from the prototype', line.replace('"data":{}', '"data":{"__proto__":1}')],
    ['half a character', line.replace('"data":{}', '"data":{"a":"\\ud83d"}')],
    ['a very long line', line.replace('"data":{}', `"data":{"a":"${'x'.repeat(70_000)}"}`)],
    ['a very deep one', line.replace('{}', '['.repeat(30_000) + ']'.repeat(30_000))],
  ])('%s', (_, odd) => {
    expect(odd).not.toBe(line);
    expect(recordOf(odd)).toBeNull();
  });
});

test.each([
  ['a type that is not on the list', { ...DRAFT, type: 'run.paused' as never }],
  ['an actor who is nobody', { ...DRAFT, actor: 'somebody' as never }],
  ['a fraction', { ...DRAFT, data: { a: 0.5 } }],
  ['half a character', { ...DRAFT, data: { a: '\ud83d' } }],
  ['more than a line may hold', { ...DRAFT, data: { a: 'x'.repeat(70_000) } }],
  ['a second opening', opening(LOG_ID, 'k')],
])('%s is not written', (_, draft) => {
  const [first] = logOf(1);
  expect(() => chain(first ?? null, draft, AT)).toThrow();
});

test('nothing but an opening begins a log', () => {
  expect(() => chain(null, { ...DRAFT, actor: DANA }, AT)).toThrow();
  expect(AuditRecord.safeParse({ ...logOf(1)[0], seq: 1 }).success).toBe(false);
});
