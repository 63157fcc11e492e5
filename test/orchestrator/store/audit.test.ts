/** The audit log of the SQLite store: table, files, checkpoints, and what stands in their way. */
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { sealOf } from '../../../orchestrator/domain/audit.ts';
import type { Store } from '../../../orchestrator/ports.ts';
import { openDatabase } from '../../../orchestrator/store/database.ts';
import { openSqliteStore } from '../../../orchestrator/store/sqlite.ts';
import { CLAIMED, judgedBy, NOW, sampleRun, sampleTask } from '../../contracts/samples.ts';
import { temporaryFolder } from '../intake/repositories.ts';
import { checkpointsOf, databaseOf, edit, linesIn, logOf, verifyHome } from './audit-home.ts';

type Given = { readonly home: string; readonly store: Store; pass(ms: number): void };

function given(home = temporaryFolder()): Given {
  const time = { now: NOW };
  const store = openSqliteStore(databaseOf(home), () => new Date(time.now));
  onTestFinished(() => store.close());
  return {
    ...{ home, store },
    pass: (ms) => {
      time.now += ms;
    },
  };
}

const GROUP = { type: 'group.changed', actor: 'controller', task: null, data: {} } as const;
const codeOf = async (home: string): Promise<unknown> => (await verifyHome(home)).code;
const broken = { code: 'audit_broken', message: expect.stringContaining('log.jsonl') };

test('every record is in the file when its event is in the journal, and the first is signed', async () => {
  const { home, store } = given();
  await store.addTask(sampleTask(1));
  await store.append(sampleRun(1), 0, CLAIMED, null);
  const head = await store.audit.head();
  expect(await verifyHome(home)).toMatchObject({
    ...{ status: 'intact', records: 3, head: { seq: 2, hash: head?.hash }, signedTo: 1 },
  });
});

test('files and folder are for their owner only', async () => {
  const { home, store } = given();
  await store.addTask(sampleTask(1));
  for (const file of [logOf(home), checkpointsOf(home)]) {
    expect(statSync(file).mode & 0o777).toBe(0o600);
  }
  expect(statSync(join(home, 'audit')).mode & 0o777).toBe(0o700);
});

test('a checkpoint is signed after ten minutes, and not before', async () => {
  const { home, store, pass } = given();
  await store.audit.append(GROUP);
  pass(10 * 60_000 - 1);
  await store.audit.append(GROUP);
  expect((await verifyHome(home)).signedTo).toBe(1);
  pass(1);
  await store.audit.publish();
  expect((await verifyHome(home)).signedTo).toBe(2);
  pass(3_600_000);
  await store.audit.publish();
  expect(linesIn(checkpointsOf(home))).toHaveLength(2);
});

test.each([
  [995, { head: { seq: 1_000 }, signedTo: 1 }],
  [996, { head: { seq: 1_001 }, signedTo: 1_001 }],
])(
  'a checkpoint is signed after a thousand records, and not before: %d gates',
  async (gates, is) => {
    const { home, store } = given();
    await store.addTask(sampleTask(1));
    for (const [seq, event] of judgedBy(gates).entries()) {
      await store.append(sampleRun(1), seq, event, null);
    }
    expect(await verifyHome(home)).toMatchObject(is);
  },
);

test.each([
  ['an event', (store: Store) => store.append(sampleRun(1), 0, CLAIMED, null)],
  ['a task', (store: Store) => store.addTask(sampleTask(2))],
])('%s whose audit record cannot be stored is not stored', async (_, write) => {
  const { home, store } = given();
  await store.addTask(sampleTask(1));
  const database = openDatabase(databaseOf(home));
  database.exec(
    `create trigger full before insert on audit begin select raise(abort, 'full'); end`,
  );
  await expect(write(store)).rejects.toMatchObject({ code: 'store_failed' });
  expect(await store.read(sampleRun(1))).toEqual([]);
  expect(await store.tasks()).toHaveLength(1);
  database.exec('drop trigger full');
  database.close();
  await write(store);
  expect(await codeOf(home)).toBeNull();
});

test('once a record cannot be brought into the file, the next event is refused', async () => {
  const { home, store } = given();
  await store.addTask(sampleTask(1));
  rmSync(logOf(home));
  mkdirSync(logOf(home));
  const next = store.append(sampleRun(1), 0, CLAIMED, null);
  const refusal = { code: 'store_failed', message: expect.stringContaining('log.jsonl') };
  await expect(next).rejects.toMatchObject(refusal);
  await expect(store.audit.publish()).rejects.toMatchObject(refusal);
  expect(await store.read(sampleRun(1))).toEqual([]);
  rmSync(logOf(home), { recursive: true });
  await store.append(sampleRun(1), 0, CLAIMED, null);
  expect(await codeOf(home)).toBeNull();
});

test('a key that others can read begins no log', async () => {
  const home = temporaryFolder();
  mkdirSync(join(home, 'keys', 'audit'), { recursive: true });
  chmodSync(join(home, 'keys', 'audit'), 0o755);
  const { store } = given(home);
  await expect(store.addTask(sampleTask(1))).rejects.toMatchObject({ code: 'key_unusable' });
  expect(await store.tasks()).toEqual([]);
});

test('a log that lies elsewhere behind a link is not written', async () => {
  const home = temporaryFolder();
  mkdirSync(join(home, 'audit'));
  symlinkSync(join(home, 'elsewhere'), logOf(home));
  const { store } = given(home);
  await expect(store.addTask(sampleTask(1))).rejects.toMatchObject({ code: 'store_failed' });
});

test.each([
  ['half a record', '{"actor":"contr'],
  ['zeros', '\0\0\0\0'],
  ['a whole record without its end', '{"actor":"controller","data":{}}'],
])('%s that a crash left at the end is cut off and written again', async (_, torn) => {
  const { home, store } = given();
  await store.addTask(sampleTask(1));
  appendFileSync(logOf(home), torn);
  expect(await codeOf(home)).toBe('torn_tail');
  await given(home).store.audit.publish();
  expect(await verifyHome(home)).toMatchObject({ status: 'intact', records: 2 });
});

test.each([0, 1, 5, 400])('a file that lost all but %d bytes is completed', async (bytes) => {
  const { home, store } = given();
  for (const number of [1, 2, 3]) await store.addTask(sampleTask(number));
  const before = linesIn(logOf(home));
  truncateSync(logOf(home), bytes);
  truncateSync(checkpointsOf(home), bytes);
  await store.audit.publish();
  expect(linesIn(logOf(home))).toEqual(before);
  expect(await verifyHome(home)).toMatchObject({ status: 'intact', signedTo: 1 });
});

test('files that are gone are written anew from the journal', async () => {
  const { home, store } = given();
  for (const number of [1, 2, 3]) await store.addTask(sampleTask(number));
  rmSync(join(home, 'audit'), { recursive: true });
  await store.append(sampleRun(1), 0, CLAIMED, null);
  expect(await verifyHome(home)).toMatchObject({ status: 'intact', records: 5, signedTo: 1 });
});

test.each([
  ['a record of somebody else', (text: string) => `${text}{"actor":"controller"}\n`],
  ['an edited last record', (text: string) => text.replace(/main(?=[^\n]*\n$)/, 'evil')],
  ['a very long line', (text: string) => `${text}${'x'.repeat(300_000)}\n`],
])('%s is left as it is, and nothing goes on until somebody looked', async (_, change) => {
  const { home, store } = given();
  await store.addTask(sampleTask(1));
  edit(logOf(home), change);
  const after = linesIn(logOf(home));
  const other = given(home).store;
  await expect(other.append(sampleRun(1), 0, CLAIMED, null)).rejects.toMatchObject(broken);
  await expect(other.audit.publish()).rejects.toMatchObject(broken);
  expect(await store.read(sampleRun(1))).toEqual([]);
  expect(linesIn(logOf(home))).toEqual(after);
});

test('a journal that was put back from an older copy does not go on under a longer log', async () => {
  const { home, store } = given();
  await store.addTask(sampleTask(1));
  await store.addTask(sampleTask(2));
  const database = openDatabase(databaseOf(home));
  database.exec('delete from audit where seq = 2');
  database.close();
  const next = given(home).store.append(sampleRun(1), 0, CLAIMED, null);
  await expect(next).rejects.toMatchObject(broken);
});

test('the words of a task can be shown to belong to its record, until their salt is gone', async () => {
  const { home, store } = given();
  await store.addTask(sampleTask(1));
  const [, record] = await store.audit.records(0);
  const database = openDatabase(databaseOf(home));
  const row = database.get('select salt from audit where seq = 1');
  expect(sealOf(String(row?.['salt']), 'text', sampleTask(1).text)).toBe(record?.data['text']);
  database.exec('update audit set salt = null');
  database.close();
  expect(await codeOf(home)).toBeNull();
});

test('an unreadable record is a fault', async () => {
  const { home, store } = given();
  await store.addTask(sampleTask(1));
  const database = openDatabase(databaseOf(home));
  database.exec(`update audit set line = '{}' where seq = 1`);
  database.close();
  await expect(store.audit.records(0)).rejects.toMatchObject({ code: 'store_failed' });
});

test('a rotated key signs what comes after it, and both are believed for their time', async () => {
  const { home, store, pass } = given();
  await store.addTask(sampleTask(1));
  const next = given(temporaryFolder());
  await next.store.addTask(sampleTask(1));
  const key = linesIn(join(next.home, 'keys', 'audit', '0001.json')).join('');
  appendFileSync(join(home, 'keys', 'audit', '0002.json'), key, { mode: 0o600 });
  pass(600_000);
  // A key that lies there and was never announced signs nothing.
  await store.addTask(sampleTask(2));
  expect(await verifyHome(home)).toMatchObject({ status: 'intact', signedTo: 2 });
  const [opened] = await next.store.audit.records(0);
  const data = { role: 'audit', key: String(opened?.data['key']) };
  await store.audit.append({ ...GROUP, type: 'key.rotated', data });
  pass(600_000);
  await store.audit.publish();
  expect(await verifyHome(home)).toMatchObject({ status: 'intact', signedTo: 3 });
});
