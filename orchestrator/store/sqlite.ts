/**
 * The store of one machine: one SQLite file that the daemon, the command line and the page may
 * open at the same time. It must lie on a local disk; file locks on network disks cannot be trusted.
 * The audit log's files and its keys are in folders beside it.
 */
import { dirname } from 'node:path';
import type { Store } from '../ports.ts';
import { activityOf, note } from './activity.ts';
import { auditedTransaction, auditLogOf } from './audit.ts';
import { auditFilesOf } from './audit-files.ts';
import { keepCheck, keptCheck } from './checks.ts';
import { openDatabase } from './database.ts';
import { journalOf, startedOn } from './journal.ts';
import { keep, keptIn } from './kept.ts';
import { openKeys } from './keys.ts';
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
  // A write to the disk before each model call is what a call would wait for longest (decision 020).
  const quick = openDatabase(file, 'kill');
  const home = dirname(file);
  const keys = openKeys(home, clock);
  const files = auditFilesOf({ database, home, keys, clock });
  const audited = auditedTransaction(database, keys, files);
  return {
    ...journalOf(database, clock, audited),
    ...leasesOf(database, clock),
    note: async (activity) => note(database, activity),
    activity: async (run) => activityOf(database, run),
    keep: async (record) => keep(database, audited, record, clock()),
    kept: async () => keptIn(database),
    calls: async (run) => callsOf(database, run),
    startedOn: async (repository, day) => startedOn(database, repository, day),
    keepCheck: async (check) => keepCheck(database, check),
    keptCheck: async (key) => keptCheck(database, key),
    ledger: ledgerOf(quick, clock),
    audit: auditLogOf(database, { audited, files, clock }),
    close: () => {
      quick.close();
      database.close();
    },
  };
}
