import { describe, expect, test } from 'vitest';
import { readSarif } from '../../validators/sarif.ts';

const DONE = [{ executionSuccessful: true }];
const driver = {
  name: 'eslint',
  rules: [{ id: 'loud', defaultConfiguration: { level: 'error' } }],
};
const result = (over: object = {}) => ({
  ...{ ruleId: 'no-eval', level: 'error', message: { text: 'eval is evil' } },
  locations: [
    {
      physicalLocation: {
        artifactLocation: { uri: 'file:///workspace/src/a%20b.ts' },
        region: { startLine: 7 },
      },
    },
  ],
  ...over,
});
const sarif = (run: object) =>
  readSarif(
    JSON.stringify({ version: '2.1.0', runs: [{ tool: { driver }, invocations: DONE, ...run }] }),
  );

test('an error is a problem, with its rule and its place', () => {
  expect(sarif({ results: [result()] })).toEqual({
    problems: [{ message: 'eval is evil (no-eval)', where: 'src/a b.ts:7' }],
    count: 1,
    notRun: null,
  });
});

test.each([
  ['a warning', { level: 'warning' }, 0],
  ['no level and no rule that has one', { level: undefined }, 0],
  ['the level of its rule', { level: undefined, ruleId: 'loud' }, 1],
  ['what passed', { kind: 'pass' }, 0],
  ['what is suppressed', { suppressions: [{ kind: 'inSource' }] }, 0],
  ['what is to be suppressed and is not yet', { suppressions: [{ status: 'underReview' }] }, 1],
])('%s counts as it says', (_, over, count) => {
  expect(sarif({ results: [result(over)] })).toMatchObject({ count });
});

test('many problems are all counted and the first two hundred told', () => {
  const report = sarif({ results: Array.from({ length: 300 }, () => result()) });
  expect(report).toMatchObject({ count: 300 });
  expect('problems' in report && report.problems).toHaveLength(200);
});

test.each([
  ['no results, not even none', { results: undefined }],
  ['no word on how it ended', { results: [], invocations: [] }],
  ['the word that it broke off', { results: [], invocations: [{ executionSuccessful: false }] }],
  ['one that broke off', { results: [], invocations: [...DONE, { executionSuccessful: false }] }],
])('a run with %s does not show that it ran', (_, run) => {
  expect(sarif(run)).toMatchObject({ notRun: expect.stringContaining('eslint') });
});

describe('what is no SARIF is unreadable', () => {
  test.each([
    ['nothing', ''],
    ['no JSON', '<xml/>'],
    ['another version', '{"version":"1.0.0","runs":[]}'],
    ['no run', '{"version":"2.1.0","runs":[]}'],
    ['a run of nobody', '{"version":"2.1.0","runs":[{"results":[]}]}'],
    [
      'a word for a truth',
      JSON.stringify({
        version: '2.1.0',
        runs: [{ tool: { driver }, invocations: [{ executionSuccessful: 'yes' }] }],
      }),
    ],
    ['more than 16 MiB', `"${'x'.repeat(16 * 2 ** 20)}"`],
    ['brackets without end', '['.repeat(200_000)],
  ])('%s', (_, text) => {
    expect(readSarif(text)).toEqual({ unreadable: expect.stringMatching(/^.{5,500}$/su) });
  });
});
