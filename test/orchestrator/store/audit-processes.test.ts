/** Several processes that write one audit log, some of them killed in the middle of it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, expect, test } from 'vitest';
import { openSqliteStore } from '../../../orchestrator/store/sqlite.ts';
import { temporaryFolder } from '../intake/repositories.ts';
import { databaseOf, verifyHome } from './audit-home.ts';

const DRIVER = join(import.meta.dirname, 'driver.ts');
const KILLS = 25;
const SLOW = { timeout: 300_000 };
const children: ChildProcess[] = [];

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

function drive(home: string, work: string, mark: number): ChildProcess {
  const argv = [DRIVER, databaseOf(home), work, String(mark)];
  const child = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  return child;
}

/** Kills it with SIGKILL at the line of this number, wherever it is by then. */
async function killAt(child: ChildProcess, line: number): Promise<void> {
  if (child.stdout === null) throw new Error('the driver has no output');
  let lines = 0;
  const ended = once(child, 'exit');
  createInterface({ input: child.stdout }).on('line', () => {
    lines += 1;
    if (lines === line) child.kill('SIGKILL');
  });
  await ended;
  expect(child.signalCode).toBe('SIGKILL');
}

test(
  `after each of ${KILLS} kills the log is whole, or lacks an end that the next process adds`,
  SLOW,
  async () => {
    const home = temporaryFolder();
    let records = 0;
    for (let round = 1; round <= KILLS; round++) {
      await killAt(drive(home, 'appendForever', round * 10_000), 1 + (round % 7));
      const left = await verifyHome(home);
      expect([left.status, left.code]).not.toContain('tampered');
      const store = openSqliteStore(databaseOf(home), () => new Date());
      await store.audit.publish();
      const mended = await verifyHome(home);
      expect(mended.status).toBe('intact');
      expect(mended.head?.hash).toBe((await store.audit.head())?.hash);
      expect(mended.records).toBeGreaterThanOrEqual(records);
      records = mended.records;
      store.close();
    }
    expect(records).toBeGreaterThan(KILLS);
  },
);

test('two killed and two that go on, all at once, leave one chain', SLOW, async () => {
  const home = temporaryFolder();
  const killed = [1, 2].map((mark) => killAt(drive(home, 'appendForever', mark * 10_000), 4));
  const living = [3, 4].map((mark) => drive(home, 'queue', mark * 10_000));
  await Promise.all([...killed, ...living.map((child) => once(child, 'exit'))]);
  expect(living.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
  const store = openSqliteStore(databaseOf(home), () => new Date());
  await store.audit.publish();
  const report = await verifyHome(home);
  expect(report).toMatchObject({
    status: 'intact',
    head: { hash: (await store.audit.head())?.hash },
  });
  expect(report.records).toBeGreaterThan(80);
  store.close();
});

test(
  'four processes that begin a log at once begin the same one, with the same key',
  SLOW,
  async () => {
    const home = temporaryFolder();
    const drivers = [1, 2, 3, 4].map((mark) => drive(home, 'queue', mark * 10_000));
    await Promise.all(drivers.map((child) => once(child, 'exit')));
    expect(drivers.map(({ exitCode }) => exitCode)).toEqual([0, 0, 0, 0]);
    expect(await verifyHome(home)).toMatchObject({ status: 'intact', records: 161 });
  },
);
