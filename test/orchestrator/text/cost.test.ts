import { expect, test } from 'vitest';
import type { ModelCall } from '../../../orchestrator/ports/ledger.ts';
import {
  costRows,
  dollars,
  reportedWords,
  tokenWords,
  vendorsOf,
} from '../../../orchestrator/text/cost.ts';
import { sampleCall } from '../../contracts/samples.ts';

const call = (over: Partial<ModelCall>) => sampleCall('c', { state: 'settled', ...over });
const told = (reportedMicroUsd: number) => ({ inputTokens: 1, outputTokens: 1, reportedMicroUsd });

test('calls are told by role and model, in the order of the roles, with every class that had tokens', () => {
  const usage = { inputTokens: 3, outputTokens: 4, cacheReadTokens: 90, reasoningTokens: 5 };
  const rows = costRows([
    call({ role: 'review', model: 'b', vendor: 'other' }),
    call({ usage, microUsd: 10 }),
    call({ usage, microUsd: 5, state: 'failed' }),
    call({ state: 'expired', microUsd: 99 }),
  ]);
  expect(
    rows.map(({ role, model, calls, failed, microUsd }) => [role, model, calls, failed, microUsd]),
  ).toEqual([
    ['edit', 'scripted', 2, 1, 15],
    ['review', 'b', 1, 0, 1_000],
  ]);
  expect(rows[0] && tokenWords(rows[0].tokens)).toBe('6 in, 180 from a cache, 8 out, 10 reasoning');
});

test('what the provider says stands beside our own sum, with how far they are apart', () => {
  const [row] = costRows([call({ usage: told(1_007) }), call({})]);
  expect(row).toMatchObject({
    reported: { microUsd: 1_007, calls: 1 },
    difference: 7,
    microUsd: 2_000,
  });
  expect(row && reportedWords(row)).toBe(
    'the provider says $0.0010 for 1 of 2 calls, +7 millionths of ours',
  );
  const [unpriced] = costRows([call({ usage: told(5), microUsd: null })]);
  expect(unpriced).toMatchObject({ microUsd: null, difference: null });
  expect(costRows([call({})]).map(reportedWords)).toEqual(['']);
});

test('only who answered something is told as a vendor of a role', () => {
  const rows = costRows([call({ vendor: 'a' }), call({ vendor: 'b', state: 'failed' })]);
  expect([vendorsOf(rows, 'edit'), vendorsOf(rows, 'review')]).toEqual([['a'], []]);
});

test.each([
  [0, '$0.0000'],
  [123_456, '$0.1235'],
  [12_000_049, '$12.0000'],
  [-50, '-$0.0001'],
])('%d millionths are %s', (micro, text) => {
  expect(dollars(micro)).toBe(text);
});
