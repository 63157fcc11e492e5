import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ELSEWHERE, withTables } from './red-team/gates/page.ts';

const root = (file: string): string => new URL(`../${file}`, import.meta.url).pathname;
const PAGE = root('docs/security.md');

test('the page lists the attacks that are tried', async () => {
  await expect(withTables(readFileSync(PAGE, 'utf8'))).toMatchFileSnapshot(PAGE);
});

test.each(ELSEWHERE)('$attack has its test', ({ file, names }) => {
  expect(readFileSync(root(file), 'utf8')).toContain(names);
});
