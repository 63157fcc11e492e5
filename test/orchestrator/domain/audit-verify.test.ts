import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type AuditRecord, chain, lineOf } from '../../../orchestrator/domain/audit.ts';
import {
  AUDIT_CODES,
  type AuditCode,
  verifyChain,
} from '../../../orchestrator/domain/audit-verify.ts';
import { checkpointOf, forged, LOG_ID, LOG_KEY, linesOf, logOf, rechained } from './audit-logs.ts';
import { keyNamed, trusting } from './keys.ts';

const LOG = logOf(12);
const LINES = linesOf(LOG);
const LAST = LOG[11];
const HEAD = [checkpointOf(LAST)];
const TRUSTED = trusting(LOG_KEY);
const EVE = keyNamed('eve');
const OTHER = 'aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa';

async function found(
  lines: readonly (string | null)[],
  checkpoints: readonly string[] = HEAD,
  trusted = TRUSTED,
): Promise<unknown> {
  const { status, code, seq } = await verifyChain(lines, checkpoints, trusted);
  expect(status).toBe(code === null ? 'intact' : AUDIT_CODES[code]);
  return code === null ? 'intact' : [code, seq];
}

const replaced = (at: number, record: AuditRecord): string[] =>
  LINES.with(at, `${lineOf(record)}\n`);

test('a log that is whole and signed is intact, and the report says how far', async () => {
  expect(await verifyChain(LINES, [checkpointOf(LOG[3]), ...HEAD], TRUSTED)).toEqual({
    ...{ status: 'intact', code: null, seq: null, log: LOG_ID, records: 12 },
    ...{ head: { seq: 11, hash: LAST?.hash }, signedTo: 11 },
  });
});

test('records after the last checkpoint are fine, and the report says where it is', async () => {
  const report = await verifyChain(LINES, [checkpointOf(LOG[3])], TRUSTED);
  expect(report).toMatchObject({ status: 'intact', records: 12, signedTo: 3 });
});

test('lines may come from anywhere, one after the other', async () => {
  async function* slowly(): AsyncGenerator<string> {
    for (const line of LINES) yield await Promise.resolve(line);
  }
  expect((await verifyChain(slowly(), HEAD, TRUSTED)).status).toBe('intact');
});

type Case = readonly [
  what: string,
  lines: readonly (string | null)[],
  code: AuditCode,
  seq: number | null,
];
const changed: readonly Case[] = [
  [
    'a record that was edited',
    replaced(4, { ...(LOG[4] as AuditRecord), actor: 'controller', ts: LOG[5]?.ts ?? '' }),
    'hash_mismatch',
    4,
  ],
  [
    'an edited record with its hash made anew',
    replaced(4, forged(LOG[4], { data: {} })),
    'forked',
    5,
  ],
  [
    'the last record edited with its hash made anew',
    replaced(11, forged(LAST, { data: {} })),
    'checkpoint_mismatch',
    11,
  ],
  [
    'everything from a record on written anew',
    linesOf(rechained(LOG.with(4, forged(LOG[4], { data: {} })), 4)),
    'checkpoint_mismatch',
    11,
  ],
  [
    'two lines that changed places',
    LINES.with(4, LINES[5] ?? '').with(5, LINES[4] ?? ''),
    'reordered',
    4,
  ],
  ['the first line at the end', [...LINES.slice(1), LINES[0] ?? ''], 'reordered', 0],
  ['a line that comes twice', LINES.toSpliced(5, 0, LINES[4] ?? ''), 'reordered', 5],
  ['an old line that comes again', LINES.toSpliced(8, 0, LINES[2] ?? ''), 'reordered', 8],
  ['a line that is gone', LINES.toSpliced(4, 1), 'gap', 4],
  ['a beginning that is gone', LINES.slice(5), 'gap', 0],
  [
    'a record of another past in its place',
    replaced(4, forged(LOG[4], { prev: LOG[2]?.hash ?? null })),
    'forked',
    4,
  ],
  [
    'a second record of the same place',
    LINES.toSpliced(5, 0, `${lineOf(forged(LOG[4], { data: {} }))}\n`),
    'forked',
    5,
  ],
  ['an end that is gone', LINES.slice(0, 9), 'truncated_behind_checkpoint', 9],
  ['everything gone', [], 'truncated_behind_checkpoint', 0],
  [
    'an end that is gone and half a line',
    [...LINES.slice(0, 9), 'x'],
    'truncated_behind_checkpoint',
    9,
  ],
  [
    'the line break of a signed record gone',
    LINES.with(11, lineOf(LAST as AuditRecord)),
    'truncated_behind_checkpoint',
    11,
  ],
  ['a blank line', LINES.toSpliced(3, 0, '\n'), 'not_a_record', 3],
  ['a line of Windows', LINES.with(3, (LINES[3] ?? '').replace('\n', '\r\n')), 'not_a_record', 3],
  ['a line that cannot be read', [...LINES.slice(0, 3), null], 'not_a_record', 3],
  ['a second opening', [...LINES, LINES[0] ?? ''], 'reordered', 12],
];

test.each(changed)('%s is found', async (_, lines, code, seq) => {
  expect(await found(lines)).toEqual([code, seq]);
});

describe('without an end', () => {
  test('the last line was torn by a crash, and that is no forgery', async () => {
    const half = lineOf(LAST as AuditRecord).slice(0, 40);
    expect(await found([...LINES, half])).toEqual(['torn_tail', 12]);
    expect(await found(['{'], [])).toEqual(['torn_tail', 0]);
  });

  test('the first thing that is wrong is told, and not the torn line after it', async () => {
    expect(await found([...LINES.toSpliced(4, 1), '{'])).toEqual(['gap', 4]);
  });
});

describe('a checkpoint', () => {
  test('that is missing leaves the log incomplete: anybody could have written it', async () => {
    expect(await found(LINES, [])).toEqual(['unsigned', null]);
    expect(await found([], [])).toEqual(['empty', 0]);
  });

  test.each([
    ['by a key that nobody trusts', checkpointOf(LAST, { key: EVE })],
    ['by a key for approvals', checkpointOf(LAST).replace('audit-checkpoint', 'approval')],
    ['that is no JSON', '{'],
    ['that is no envelope', '{}'],
    ['of nothing', ''],
  ])('%s vouches for nothing', async (_, checkpoint) => {
    expect(await found(LINES, [checkpoint])).toEqual(['bad_signature', null]);
    expect(await found(LINES, [...HEAD, checkpoint])).toEqual(['bad_signature', null]);
  });

  test('of another log is not taken for ours, wherever it points', async () => {
    for (const record of [LOG[2], LAST, forged(LAST, { seq: 99 })]) {
      const foreign = checkpointOf(record, { log: OTHER });
      expect(await found(LINES, [...HEAD, foreign])).toEqual(['wrong_log', null]);
    }
  });

  test('that contradicts another is found, in whatever order they come', async () => {
    const other = checkpointOf(forged(LOG[6], { data: { other: true } }));
    for (const checkpoints of [
      [checkpointOf(LOG[6]), other],
      [other, ...HEAD],
      [...HEAD, other],
    ]) {
      expect(await found(LINES, checkpoints)).toEqual(['checkpoint_mismatch', 6]);
    }
  });

  test('may come in any order and more than once', async () => {
    const all = [...HEAD, checkpointOf(LOG[2]), checkpointOf(LOG[7]), ...HEAD];
    expect(await found(LINES, all)).toBe('intact');
  });
});

describe('a key', () => {
  test('that took the place of ours is found, although everything fits together', async () => {
    const log = logOf(12, { key: EVE });
    const checkpoint = checkpointOf(log[11], { key: EVE });
    expect(await found(linesOf(log), [checkpoint])).toEqual(['unknown_key', 0]);
    expect(await found(linesOf(log), [checkpoint], trusting(EVE))).toBe('intact');
    expect(await found(LINES, HEAD, [])).toEqual(['unknown_key', 0]);
  });

  test('trusted for approvals only does not count', async () => {
    const approvals = trusting({ ...LOG_KEY, role: 'approval' });
    expect(await found(LINES, HEAD, approvals)).toEqual(['unknown_key', 0]);
  });

  const next = keyNamed('next');
  const rotation = (key: string) =>
    chain(
      LAST ?? null,
      { type: 'key.rotated', actor: 'controller', task: null, data: { role: 'audit', key } },
      { ts: LAST?.ts ?? '', salt: '' },
    );
  const rotated = [...LOG, rotation(next.key)];
  const lines = linesOf(rotated);

  test('that was changed signs from then on, and the old one signs no more', async () => {
    const both = trusting(LOG_KEY, next);
    const [old, later] = [checkpointOf(rotated[12]), checkpointOf(rotated[12], { key: next })];
    expect(await found(lines, [...HEAD, later], both)).toBe('intact');
    expect(await found(lines, [...HEAD, old], both)).toEqual(['bad_signature', null]);
    expect(await found(lines, [checkpointOf(LAST, { key: next })], both)).toEqual([
      'bad_signature',
      null,
    ]);
  });

  test('that nobody trusts is not let in by a rotation', async () => {
    expect(await found(lines)).toEqual(['unknown_key', 12]);
  });

  test('of another role may change without touching this log', async () => {
    const draft = {
      type: 'key.rotated',
      actor: 'controller',
      task: null,
      data: { role: 'approval', key: EVE.key },
    } as const;
    const record = chain(LAST ?? null, draft, { ts: LAST?.ts ?? '', salt: '' });
    expect(await found([...LINES, `${lineOf(record)}\n`])).toBe('intact');
  });
});

test('whatever single byte of a signed log is another, it is not intact', async () => {
  const bytes = Buffer.from(LINES.join(''));
  const changes = [0x01, 0x20, 0x80];
  let tried = 0;
  for (let at = 0; at < bytes.length; at++) {
    const change = changes[at % changes.length] ?? 1;
    const edited = Buffer.from(bytes);
    edited[at] = (edited[at] ?? 0) ^ change;
    const { status } = await verifyChain(linesOfBytes(edited), HEAD, TRUSTED);
    if (status === 'intact') expect.unreachable(`byte ${at} was changed unseen`);
    tried += 1;
  }
  expect(tried).toBe(bytes.length);
});

test('a byte that is gone or came in between is found', async () => {
  const bytes = Buffer.from(LINES.join(''));
  await fc.assert(
    fc.asyncProperty(
      fc.nat(bytes.length - 1),
      fc.integer({ min: -1, max: 255 }),
      async (at, byte) => {
        const between = byte === -1 ? [] : [byte];
        const edited = Buffer.concat([
          bytes.subarray(0, at),
          Buffer.from(between),
          bytes.subarray(byte === -1 ? at + 1 : at),
        ]);
        const { status } = await verifyChain(linesOfBytes(edited), HEAD, TRUSTED);
        expect(status).not.toBe('intact');
      },
    ),
    { numRuns: 300 },
  );
});

/** As the reader of files gives them: strictly decoded. */
function* linesOfBytes(bytes: Buffer): Generator<string | null> {
  for (let from = 0; from < bytes.length; ) {
    const end = bytes.indexOf(0x0a, from);
    const to = end === -1 ? bytes.length : end + 1;
    const line = bytes.subarray(from, to);
    const text = line.toString();
    yield Buffer.from(text).equals(line) ? text : null;
    from = to;
  }
}

test('a long line of brackets, quotes or digits is refused quickly', async () => {
  const from = performance.now();
  for (const text of ['[', '{"a":', '"', '9', '\\u', 'é']) {
    const line = `${text.repeat(2 ** 20 / text.length)}\n`;
    expect(await found([...LINES, line])).toEqual(['not_a_record', 12]);
  }
  expect(performance.now() - from).toBeLessThan(2_000);
});
