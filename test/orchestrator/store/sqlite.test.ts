import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { openDatabase } from '../../../orchestrator/store/database.ts';
import { rebuildSteps } from '../../../orchestrator/store/journal.ts';
import { openSqliteStore } from '../../../orchestrator/store/sqlite.ts';
import { CLAIMED, sampleRun, sampleTask } from '../../contracts/samples.ts';
import { storeContract } from '../../contracts/store.ts';

storeContract('sqlite', () => {
  const folder = mkdtempSync(join(tmpdir(), 'proofhouse-store-'));
  return {
    open: (clock) => openSqliteStore(join(folder, 'data', 'proofhouse.db'), clock),
    remove: () => rmSync(folder, { recursive: true }),
  };
});

const clock = (): Date => new Date('2026-03-01T10:00:00Z');

function withFile<T>(work: (file: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'proofhouse-store-'));
  return work(join(folder, 'proofhouse.db')).finally(() => rmSync(folder, { recursive: true }));
}

/** One task with one event, then SQL as a clumsy hand or a bad disk would do it. */
async function damaged(file: string, sql: string): Promise<ReturnType<typeof openSqliteStore>> {
  const store = openSqliteStore(file, clock);
  await store.addTask(sampleTask(1));
  await store.append(sampleRun(1), 0, CLAIMED, null);
  store.close();
  const database = openDatabase(file);
  database.exec(sql);
  database.close();
  return openSqliteStore(file, clock);
}

test('a commit waits for the disk, and readers do not wait for writers', () =>
  withFile(async (file) => {
    const database = openDatabase(file);
    expect(database.get('pragma synchronous')).toEqual({ synchronous: 2 });
    expect(database.get('pragma journal_mode')).toEqual({ journal_mode: 'wal' });
    database.close();
  }));

test('a transaction holds the write lock before it reads', () =>
  withFile(async (file) => {
    const database = openDatabase(file);
    const other = new DatabaseSync(file, { timeout: 0 });
    database.transaction(() => {
      expect(() => other.exec('begin immediate')).toThrow('locked');
    });
    other.exec('begin immediate; rollback');
    other.close();
    database.close();
  }));

test('a transaction that throws has written nothing, and the next one works', () =>
  withFile(async (file) => {
    const database = openDatabase(file);
    database.exec('create table note (text text)');
    const half = (): void => {
      database.run('insert into note values (?)', 'half');
      throw new Error('stop');
    };
    expect(() => database.transaction(half)).toThrow('stop');
    database.transaction(() => database.run('insert into note values (?)', 'whole'));
    expect(database.all('select text from note')).toEqual([{ text: 'whole' }]);
    database.close();
  }));

test('the folder of the store is for its owner only', () =>
  withFile(async (file) => {
    const inside = join(file, '..', 'data', 'proofhouse.db');
    openSqliteStore(inside, clock).close();
    expect(statSync(join(inside, '..')).mode & 0o777).toBe(0o700);
  }));

test.each([
  ['is not JSON', `update journal set event = '{"type":'`],
  ['has an unknown type', `update journal set event = '{"type":"forgiven"}'`],
  ['lacks a field', `update journal set event = '{"type":"cancelled"}'`],
  ['has no time', `update journal set at = 'noon'`],
  ['follows a gap', 'update journal set seq = 1'],
])('an event that %s is a fault, not a guess', (_, sql) =>
  withFile(async (file) => {
    const store = await damaged(file, sql);
    await expect(store.read(sampleRun(1))).rejects.toMatchObject({ code: 'store_failed' });
    store.close();
  }),
);

test('an unreadable task is a fault', () =>
  withFile(async (file) => {
    const store = await damaged(file, `update run set task = '{}'`);
    await expect(store.task(sampleRun(1))).rejects.toMatchObject({ code: 'store_failed' });
    store.close();
  }));

test('which runs have a step is rebuilt from the journals after a migration', () =>
  withFile(async (file) => {
    const store = await damaged(file, 'update run set step = null');
    expect(await store.claim()).toBeNull();
    store.close();
    const database = openDatabase(file);
    rebuildSteps(database);
    expect(database.get('select step from run')).toEqual({ step: 'prepare' });
    database.exec(`update journal set event = '{}'`);
    rebuildSteps(database);
    expect(database.get('select step from run')).toEqual({ step: null });
    database.close();
  }));

test('a file of a newer Proofhouse is left alone', () =>
  withFile(async (file) => {
    const opened = damaged(file, 'pragma user_version = 999');
    await expect(opened).rejects.toMatchObject({ code: 'store_failed' });
  }));

test('a file that is no database is a fault that names it', () =>
  withFile(async (file) => {
    writeFileSync(file, 'This is a shopping list, and a rather long one at that.'.repeat(40));
    expect(() => openSqliteStore(file, clock)).toThrow(file);
  }));
