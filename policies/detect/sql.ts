/** What a change does to a database: statements of SQL files, and the same within migrations. */
import { z } from 'zod';
import { compareFiles, type Finding, newOf, type Unreadable } from './compare.ts';
import type { Detector } from './detector.ts';
import { migrationSource } from './migration-source.ts';
import { destructive, type SqlFinding } from './sql-statements.ts';
import { DIALECTS } from './sql-tokens.ts';

const CHARACTERS_MAX = 2 * 1_024 * 1_024;

const Options = z.strictObject({});

export const sqlDestructive: Detector<z.output<typeof Options>> = {
  summary: 'a statement is added that drops, truncates, renames, or writes every row',
  paths: ['**/*.sql', '**/migrations/'],
  options: Options,
  detect: ({ files }) => {
    const kept = files.filter(({ after }) => after !== null);
    return compareFiles(kept, read, (before, after) => added(before ?? [], after ?? []));
  },
};

/** What a file does as each dialect reads it, in the order of `DIALECTS`. */
type Readings = readonly (readonly SqlFinding[])[];

function read(text: string, path: string): Readings | Unreadable {
  if (text.length > CHARACTERS_MAX) return { unreadable: 'it is too long' };
  if (/\.sql$/i.test(path)) return readSql(text);
  const source = migrationSource(text, path);
  if (source === null) return { unreadable: 'a string or a comment in it never ends' };
  return DIALECTS.map((dialect, index) => [
    ...source.strings.flatMap((string) => {
      return destructive({ ...string, isProse: true }, dialect).findings;
    }),
    ...(index === 0 ? source.calls : []),
  ]);
}

function readSql(text: string): Readings | Unreadable {
  const sql = { text, line: 1, isProse: false };
  const readings = DIALECTS.map((dialect) => destructive(sql, dialect));
  // A file is written for one dialect. One that no dialect can read to its end is none.
  if (!readings.some(({ isWhole }) => isWhole)) {
    return { unreadable: 'a string or a comment in it never ends' };
  }
  return readings.map(({ findings }) => findings);
}

/** What any dialect reads, and what two of them find at one place once. */
function added(before: Readings, after: Readings): Finding[] {
  const found: Finding[] = [];
  const places = new Set<string>();
  for (const [index, fresh] of after.entries()) {
    const more = newOf(before[index] ?? [], fresh).filter((finding) => {
      return !places.has(placeOf(finding));
    });
    found.push(...more.map(({ key, line, message }) => ({ key, line, message })));
    for (const finding of more) places.add(placeOf(finding));
  }
  return found;
}

function placeOf({ rule, line }: SqlFinding): string {
  return `${rule} ${line}`;
}
