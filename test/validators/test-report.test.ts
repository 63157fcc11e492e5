import { expect, test } from 'vitest';
import { testsFile } from '../../validators/test-report.ts';

const NONE = { passed: [], failed: [], skipped: [], flaky: [] };
const read = (names: Partial<Record<keyof typeof NONE, readonly string[]>>) =>
  JSON.parse(testsFile({ ...NONE, ...names }));

test('each name is there once, in order, and where two tests share one, under the worse outcome', () => {
  expect(read({ passed: ['b', 'a', 'b'], failed: ['a'], skipped: ['b', 'c'] })).toEqual({
    ...{ passed: ['b'], failed: ['a'], skipped: ['c'], flaky: [], shared: 3 },
  });
});

test('ten thousand names at most, failed ones first, and the file says that it is cut', () => {
  const many = Array.from({ length: 10_000 }, (_, at) => `test ${at}`);
  expect(read({ passed: many })).not.toHaveProperty('cut');
  const cut = read({ passed: many, failed: ['broken'] });
  expect(cut).toMatchObject({ failed: ['broken'], cut: true });
  expect(cut.passed).toHaveLength(9_999);
});
