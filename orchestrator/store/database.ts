/**
 * One SQLite file, shared by several processes on one machine. The only file that knows the driver.
 *
 * Invariant: when `transaction` returns, its writes have reached the disk (WAL, synchronous=FULL), or
 * the kernel where `outlives` says so; when it throws, nothing of it was written. Both kinds are in one
 * log in the order of their commits. Everything the driver throws leaves as a `Fault`.
 */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { Fault } from '../domain/faults.ts';

export type Row = Readonly<Record<string, unknown>>;

export type Database = {
  /** How many rows the statement changed. */
  run(sql: string, ...values: SQLInputValue[]): number;
  get(sql: string, ...values: SQLInputValue[]): Row | null;
  all(sql: string, ...values: SQLInputValue[]): readonly Row[];
  exec(sql: string): void;
  /** Takes the write lock first, so what `work` reads cannot change before it writes. Not nested. */
  transaction<T>(work: () => T): T;
  close(): void;
};

const BUSY_TIMEOUT_MS = 10_000;
const SQLITE_FULL = 13;

/** What is committed here is there after the machine lost its power, or after this process was killed. */
export type Outlives = 'power' | 'kill';

export function openDatabase(file: string, outlives: Outlives = 'power'): Database {
  const guard = guardFor(file);
  const driver = guard(() => {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    return connect(file, outlives);
  });
  const statements = new Map<string, StatementSync>();
  const prepared = (sql: string): StatementSync => {
    const statement = statements.get(sql) ?? driver.prepare(sql);
    statements.set(sql, statement);
    return statement;
  };
  return {
    run: (sql, ...values) => guard(() => Number(prepared(sql).run(...values).changes)),
    get: (sql, ...values) => guard(() => prepared(sql).get(...values) ?? null),
    all: (sql, ...values) => guard(() => prepared(sql).all(...values)),
    exec: (sql) => guard(() => driver.exec(sql)),
    transaction: (work) => transaction(driver, guard, work),
    close: () => {
      if (driver.isOpen) driver.close();
    },
  };
}

function connect(file: string, outlives: Outlives): DatabaseSync {
  const driver = new DatabaseSync(file, { timeout: BUSY_TIMEOUT_MS });
  try {
    const synchronous = outlives === 'power' ? 'full' : 'normal';
    driver.exec(
      `pragma journal_mode = wal; pragma synchronous = ${synchronous}; pragma foreign_keys = on`,
    );
    return driver;
  } catch (thrown) {
    driver.close();
    throw thrown;
  }
}

function transaction<T>(driver: DatabaseSync, guard: Guard, work: () => T): T {
  guard(() => driver.exec('begin immediate'));
  try {
    const result = work();
    guard(() => driver.exec('commit'));
    return result;
  } catch (thrown) {
    // SQLite has already rolled back on its own after some errors, a full disk among them.
    if (driver.isTransaction) guard(() => driver.exec('rollback'));
    throw thrown;
  }
}

type Guard = <T>(work: () => T) => T;

function guardFor(file: string): Guard {
  return (work) => {
    try {
      return work();
    } catch (thrown) {
      const { errcode } = thrown as { errcode?: unknown };
      const message = `${file}: ${thrown instanceof Error ? thrown.message : String(thrown)}`;
      const code = errcode === SQLITE_FULL ? 'disk_full' : 'store_failed';
      throw new Fault(code, message, { cause: thrown });
    }
  };
}
