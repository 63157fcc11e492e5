import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { redactor } from '../../../gateway/redact.ts';
import { RunId } from '../../../orchestrator/domain/ids.ts';
import { openRunTokens } from '../../../orchestrator/store/run-tokens.ts';
import { temporaryFolder } from '../intake/repositories.ts';

const [ONE, TWO] = [RunId.parse('r0000001'), RunId.parse('r0000002')];
const secretOf = (home: string): string => join(home, 'keys', 'run-tokens', 'secret');

test('each attempt of each run of each data directory has a token of its own', () => {
  const [here, there] = [openRunTokens(temporaryFolder()), openRunTokens(temporaryFolder())];
  const all = [here(ONE, 1), here(ONE, 2), here(TWO, 1), there(ONE, 1)];
  expect(new Set(all).size).toBe(4);
  for (const token of all) expect(token).toMatch(/^proofhouse-r000000[12]-[0-9a-f]{48}$/);
});

test('a controller after a crash makes the same token', () => {
  const home = temporaryFolder();
  const before = openRunTokens(home)(ONE, 1);
  expect(openRunTokens(home)(ONE, 1)).toBe(before);
  expect(readFileSync(secretOf(home), 'utf8')).not.toContain(before.slice(-48));
});

test.each([
  ['that others may read', (file: string) => chmodSync(file, 0o644)],
  ['that is no secret of ours', (file: string) => writeFileSync(file, 'x')],
])('a secret %s is not used', (_, spoil) => {
  const home = temporaryFolder();
  openRunTokens(home)(ONE, 1);
  spoil(secretOf(home));
  expect(() => openRunTokens(home)(ONE, 1)).toThrow(secretOf(home));
});

test('a token that was printed is stored nowhere', () => {
  const token = openRunTokens(temporaryFolder())(ONE, 1);
  expect(redactor([]).text(`OPENAI_API_KEY=${token}`)).toBe('OPENAI_API_KEY=«secret:run-token»');
});
