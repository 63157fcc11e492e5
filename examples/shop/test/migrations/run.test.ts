import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { migrateTo, migrationNames, openDatabase, versionOf } from '../../migrations/run.ts';

test('migrations are numbered from one without a gap, and each has its way back', () => {
  const names = migrationNames();
  expect(names.map((name) => Number(name.slice(0, 3)))).toEqual(names.map((_, at) => at + 1));
  const downs = names.map((name) => new URL(`../../migrations/${name}.down.sql`, import.meta.url));
  expect(downs.every((file) => existsSync(file))).toBe(true);
});

test('going all the way down leaves an empty database', () => {
  const db = openDatabase();
  expect(versionOf(db)).toBe(migrationNames().length);
  migrateTo(db, 0);
  expect(db.prepare('SELECT name FROM sqlite_schema').all()).toEqual([]);
});

test('a version reached twice changes nothing', () => {
  const db = new DatabaseSync(':memory:');
  migrateTo(db, 1);
  migrateTo(db, 1);
  expect(versionOf(db)).toBe(1);
});
