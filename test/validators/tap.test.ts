import { describe, expect, test } from 'vitest';
import { readTap } from '../../validators/tap.ts';

const tap = (...lines: readonly string[]) => readTap(['TAP version 14', ...lines].join('\n'));
const counts = (...lines: readonly string[]) => {
  const report = tap(...lines);
  return 'tests' in report ? report.tests : report;
};

test('points are counted and named, and a failure has what its block says', () => {
  const block = ['  ---', '  message: expected 3', '  at: cart.ts:3', '  ...'];
  const report = tap('1..3', 'ok 1 - adds', 'not ok 2 - rounds', ...block, 'ok 3 - later # SKIP');
  expect(report).toEqual({
    tests: { run: 2, failed: 1, skipped: 1, flaky: 0 },
    failures: [{ name: 'rounds', message: 'message: expected 3\nat: cart.ts:3' }],
    names: { passed: ['adds'], failed: ['rounds'], skipped: ['later'], flaky: [] },
  });
});

test('what holds others is counted by what it holds', () => {
  const inner = ['# Subtest: cart', '    ok 1 - adds', '    not ok 2 - rounds', '    1..2'];
  expect(tap(...inner, 'not ok 1 - cart', '1..1')).toMatchObject({
    tests: { run: 2, failed: 1 },
    names: { passed: ['cart › adds'], failed: ['cart › rounds'] },
  });
});

test('a point that failed though all it holds passed has failed itself', () => {
  const report = tap('    ok 1 - adds', '    1..1', 'not ok 1 - cart', '1..1');
  expect(report).toMatchObject({ names: { passed: ['cart › adds'], failed: ['cart'] } });
});

test('what is still to be done fails nothing, and what failed and says it was skipped has failed', () => {
  const later = ['TO', 'DO'].join('');
  expect(counts('1..2', `not ok 1 - a # ${later}`, 'not ok 2 - b # skip')).toEqual({
    ...{ run: 1, failed: 1, skipped: 1, flaky: 0 },
  });
});

test('a stream that bailed out has failed', () => {
  expect(counts('1..1', 'ok 1', 'Bail out! no database')).toMatchObject({ run: 2, failed: 1 });
});

test('what a program prints in between is no test', () => {
  expect(counts('hello', '  ok then', 'ok 1 - a', '1..1')).toMatchObject({ run: 1 });
});

test('no test is no pass', () => {
  expect(counts('1..0 # nothing here')).toMatchObject({ run: 0 });
});

describe('what is not a whole stream is unreadable', () => {
  test.each([
    ['nothing', ''],
    ['no version', '1..1\nok 1'],
    ['another version', 'TAP version 12\n1..1\nok 1'],
    ['no plan', 'TAP version 13\nok 1'],
    ['fewer than planned', 'TAP version 13\n1..3\nok 1'],
    ['more than planned', 'TAP version 13\n1..1\nok 1\nok 2'],
    ['two plans', 'TAP version 13\n1..1\nok 1\n1..1'],
    ['a subtest without a result', 'TAP version 14\n1..1\n    ok 1\n    1..1'],
    ['a subtest without a plan', 'TAP version 14\n    ok 1\nok 1 - a\n1..1'],
    ['more than 16 MiB', `TAP version 14\n${'x'.repeat(16 * 2 ** 20)}`],
  ])('%s', (_, text) => {
    expect(readTap(text)).toEqual({ unreadable: expect.stringMatching(/^.{10,500}$/su) });
  });
});
