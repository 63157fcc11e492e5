/** Several real processes on one file, some of them killed. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { RESERVATION_MS } from '../../../orchestrator/domain/money.ts';
import type { Store } from '../../../orchestrator/ports.ts';
import { openSqliteStore } from '../../../orchestrator/store/sqlite.ts';
import { CLAIMED, NO_BUDGET, sampleCall, sampleRun, sampleTask } from '../../contracts/samples.ts';

const DRIVER = join(import.meta.dirname, 'driver.ts');
/** Starting a process takes seconds on a busy machine. */
const SLOW = { timeout: 120_000 };
const given = { folder: '', stores: [] as Store[], children: [] as ChildProcess[] };

beforeEach(() => {
  given.folder = mkdtempSync(join(tmpdir(), 'proofhouse-store-'));
});
afterEach(() => {
  for (const child of given.children.splice(0)) child.kill('SIGKILL');
  for (const store of given.stores.splice(0)) store.close();
  rmSync(given.folder, { recursive: true });
});

function open(): Store {
  const store = openSqliteStore(join(given.folder, 'proofhouse.db'), () => new Date());
  given.stores.push(store);
  return store;
}

type Driver = {
  readonly child: ChildProcess;
  readonly lines: string[];
  readonly ended: Promise<unknown>;
};

function drive(work: string, mark = '0'): Driver {
  const argv = [DRIVER, join(given.folder, 'proofhouse.db'), work, mark];
  const child = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'inherit'] });
  given.children.push(child);
  const lines: string[] = [];
  const reader = createInterface({ input: child.stdout });
  reader.on('line', (line) => lines.push(line));
  return { child, lines, ended: Promise.all([once(child, 'exit'), once(reader, 'close')]) };
}

async function untilLines({ child, lines }: Driver, count: number): Promise<void> {
  while (lines.length < count) {
    if (child.exitCode !== null) throw new Error('the driver ended early');
    if (child.stdout) await once(child.stdout, 'data');
    await new Promise(setImmediate);
  }
}

async function kill(driver: Driver): Promise<void> {
  driver.child.kill('SIGKILL');
  await driver.ended;
}

test(
  'four processes that open a new file and claim at once share the runs, none twice',
  SLOW,
  async () => {
    const first = [drive('claimAll'), drive('claimAll'), drive('claimAll'), drive('claimAll')];
    await Promise.all(first.map(({ ended }) => ended));
    expect(first.map(({ child }) => child.exitCode)).toEqual([0, 0, 0, 0]);

    const store = open();
    for (let number = 0; number < 60; number++) await store.addTask(sampleTask(number));
    const drivers = [drive('claimAll'), drive('claimAll'), drive('claimAll'), drive('claimAll')];
    await Promise.all(drivers.map(({ ended }) => ended));
    expect(drivers.map(({ child }) => child.exitCode)).toEqual([0, 0, 0, 0]);
    const claims = drivers.flatMap(({ lines }) => lines.filter((line) => line !== 'open'));
    expect(new Set(claims).size).toBe(claims.length);
    expect(new Set(claims.map((line) => line.split(' ')[0])).size).toBe(60);
  },
);

test(
  'a run whose driver lives is not taken; when it dies, the run is free at once',
  SLOW,
  async () => {
    const store = open();
    await store.addTask(sampleTask(1));
    const driver = drive('claimAndHang');
    await untilLines(driver, 2);
    const old = JSON.parse(driver.lines[1] ?? '');
    expect(old).toMatchObject({ run: sampleRun(1) });
    expect(await store.claim()).toBeNull();

    await kill(driver);
    const lease = await store.claim();
    expect(lease?.token).toBeGreaterThan(old.token);
    const late = store.append(sampleRun(1), 0, CLAIMED, old);
    await expect(late).rejects.toMatchObject({ name: 'JournalMoved' });
  },
);

test(
  'a hundred reservations from four processes against a budget for ten: ten are made',
  SLOW,
  async () => {
    const store = open();
    await store.addTask(sampleTask(1));
    const drivers = ['a', 'b', 'c', 'd'].map((mark) => drive('reserve', mark));
    await Promise.all(drivers.map(({ ended }) => ended));
    expect(drivers.map(({ child }) => child.exitCode)).toEqual([0, 0, 0, 0]);
    const made = drivers.flatMap(({ lines }) => lines.filter((line) => line === 'made'));
    expect(made).toHaveLength(10);
    expect(await store.calls(sampleRun(1))).toHaveLength(10);
  },
);

test(
  'a hundred calls of four runs in four processes against the money for ten: ten are paid',
  SLOW,
  async () => {
    const store = open();
    for (const number of [1, 2, 3, 4]) await store.addTask(sampleTask(number));
    const drivers = ['1', '2', '3', '4'].map((mark) => drive('spend', mark));
    await Promise.all(drivers.map(({ ended }) => ended));
    expect(drivers.map(({ child }) => child.exitCode)).toEqual([0, 0, 0, 0]);
    const paid = drivers.flatMap(({ lines }) => lines.map(Number).filter((sum) => sum > 0));
    expect(paid.reduce((sum, one) => sum + one, 0)).toBe(10_000);
  },
);

test(
  'what a process had reserved when it was killed is given back when its time is up',
  SLOW,
  async () => {
    await open().addTask(sampleTask(1));
    const driver = drive('reserveAndHang');
    await untilLines(driver, 2);
    await kill(driver);
    const later = openSqliteStore(
      join(given.folder, 'proofhouse.db'),
      () => new Date(Date.now() + RESERVATION_MS + 1),
    );
    given.stores.push(later);
    const one = { ...NO_BUDGET, turns: 1 };
    expect(await open().ledger.reserve(sampleCall('two'), one)).not.toBeNull();
    expect(await later.ledger.reserve(sampleCall('two'), one)).toBeNull();
  },
);

test('everything that was acknowledged before kill -9 is there after it', SLOW, async () => {
  const acknowledged: string[] = [];
  for (let round = 1; round <= 6; round++) {
    const driver = drive('appendForever', String(round * 10_000));
    await untilLines(driver, 5 * round);
    await kill(driver);
    acknowledged.push(...driver.lines.filter((line) => line !== 'open'));
  }
  const store = open();
  const there = new Set<string>();
  for (const { id } of await store.tasks()) {
    for (const { seq } of await store.read(id)) there.add(`${id} ${seq}`);
  }
  expect(acknowledged.length).toBeGreaterThan(50);
  expect(acknowledged.filter((line) => !there.has(line))).toEqual([]);
});
