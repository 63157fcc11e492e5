import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { found } from './found.ts';

test.each([
  'examples/shop/.proofhouse/policy.yaml',
  'examples/policies/organisation/policy.yaml',
  'examples/policies/monorepo/policy.yaml',
])('%s has no error', (file) => {
  const url = new URL(`../../../${file}`, import.meta.url);
  const said = found(readFileSync(url, 'utf8'), { known: [], now: '2026-11-24T10:00:00Z' });
  expect(said.filter((one) => /^P[0-9]+ error/.test(one))).toEqual([]);
});
