/**
 * The store of one machine: one SQLite file that the daemon, the command line and the page may
 * open at the same time. It must lie on a local disk; file locks on network disks cannot be trusted.
 */
import type { Store } from '../ports.ts';
import { activityOf, note } from './activity.ts';
import { openDatabase } from './database.ts';
import { journalOf } from './journal.ts';
import { keep, keptIn } from './kept.ts';
import { leasesOf } from './leases.ts';
import { callsOf, ledgerOf } from './ledger.ts';
import { migrate } from './schema.ts';

export function openSqliteStore(file: string, clock: () => Date): Store {
  const database = openDatabase(file);
  try {
    migrate(database, file);
  } catch (thrown) {
    database.close();
    throw thrown;
  }
  return {
    ...journalOf(database, clock),
    ...leasesOf(database, clock),
    note: async (activity) => note(database, activity),
    activity: async (run) => activityOf(database, run),
    keep: async (record) => keep(database, record),
    kept: async () => keptIn(database),
    calls: async (run) => callsOf(database, run),
    ledger: ledgerOf(database),
    close: () => database.close(),
  };
}
