/**
 * Brings a database to a version. Every `NNN-name.sql` has an `NNN-name.down.sql` that undoes it;
 * each step is one transaction, and the version is SQLite's own `user_version`.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';

const FOLDER = new URL('./', import.meta.url);

export function migrationNames(): readonly string[] {
  return readdirSync(FOLDER)
    .filter((file) => /^\d{3}-[a-z-]+\.sql$/.test(file))
    .map((file) => file.slice(0, -'.sql'.length))
    .sort();
}

/** A database in memory at the newest version. */
export function openDatabase(): DatabaseSync {
  const db = new DatabaseSync(':memory:');
  db.exec('PRAGMA foreign_keys = ON');
  migrateTo(db, migrationNames().length);
  return db;
}

export function versionOf(db: DatabaseSync): number {
  return Number(db.prepare('PRAGMA user_version').get()?.['user_version']);
}

export function migrateTo(db: DatabaseSync, version: number): void {
  const names = migrationNames();
  for (let at = versionOf(db); at < version; at += 1) step(db, `${names[at]}.sql`, at + 1);
  for (let at = versionOf(db); at > version; at -= 1) step(db, `${names[at - 1]}.down.sql`, at - 1);
}

function step(db: DatabaseSync, file: string, version: number): void {
  db.exec('BEGIN');
  try {
    db.exec(readFileSync(new URL(file, FOLDER), 'utf8'));
    db.exec(`PRAGMA user_version = ${version}`);
    db.exec('COMMIT');
  } catch (error) {
    db.exec('ROLLBACK');
    throw error;
  }
}
