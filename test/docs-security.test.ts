import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ELSEWHERE, withTables } from './red-team/gates/page.ts';
import { FAMILIES } from './red-team/matrix.ts';
import { PROOFS } from './red-team/proofs.ts';

const root = (file: string): string => new URL(`../${file}`, import.meta.url).pathname;
const PAGE = root('docs/security.md');

test('the page lists the attacks that are tried', async () => {
  await expect(withTables(readFileSync(PAGE, 'utf8'))).toMatchFileSnapshot(PAGE);
});

test.each(ELSEWHERE)('$attack has its test', ({ file, names }) => {
  expect(readFileSync(root(file), 'utf8')).toContain(names);
});

test('every row of the matrix says which file tries it', () => {
  const proved = new Set(PROOFS.map(({ row }) => row));
  const rows = FAMILIES.flatMap((family) => family.rows);
  expect(rows.filter((row) => !proved.has(row)).map(({ id, attack }) => `${id} ${attack}`)).toEqual(
    [],
  );
});

test.each(PROOFS)('$row.id $row.attack: $file names it', ({ file, names }) => {
  expect(readFileSync(root(file), 'utf8')).toContain(names);
});
