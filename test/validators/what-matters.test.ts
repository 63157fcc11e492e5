import { expect, test } from 'vitest';
import { whatMatters } from '../../validators/what-matters.ts';

test('the first failure comes first, with the frames of the repository and without those of others', () => {
  const lines = [
    ...Array.from({ length: 100 }, (_, at) => `ok ${at}`),
    'FAIL test/cart.test.ts > rounds',
    'AssertionError: expected 3 to be 2',
    '    at /workspace/src/cart.ts:7:3',
    '    at /workspace/node_modules/vitest/dist/run.js:1:1',
    '    at node:internal/process/task_queues:95:5',
    ...Array.from({ length: 100 }, (_, at) => `more ${at}`),
    'Tests 1 failed',
  ];
  const said = whatMatters(lines).split('\n');
  expect(said.slice(0, 4)).toEqual([
    'FAIL test/cart.test.ts > rounds',
    'AssertionError: expected 3 to be 2',
    '    at /workspace/src/cart.ts:7:3',
    'more 0',
  ]);
  expect(said.at(-1)).toBe('Tests 1 failed');
  expect(said.join('\n')).not.toMatch(/node_modules|node:internal|ok 99/);
  expect(said.some((line) => /^… \d+ lines left out …$/.test(line))).toBe(true);
});

test('colours, links and what overwrote itself are gone', () => {
  const link = '\u001b]8;;http://x\u0007here\u001b]8;;\u0007';
  expect(whatMatters(['\u001b[31mred\u001b[0m', '10%\r50%\r100% done\r', link, 'a\u0000b'])).toBe(
    'red\n100% done\nhere\nab',
  );
});

test('what is said again and again is said once', () => {
  expect(whatMatters(['waiting', 'waiting', 'waiting', 'gone'])).toBe('waiting (3 times)\ngone');
});

test('however much it is, 2,000 characters stay, and how it ended among them', () => {
  const said = whatMatters([
    ...Array.from({ length: 200 }, (_, at) => `Error: ${at}${'x'.repeat(9_000)}`),
    'the end',
  ]);
  expect(said.length).toBeLessThanOrEqual(2_000);
  expect(said.startsWith('Error: 0')).toBe(true);
  expect(said.endsWith('the end')).toBe(true);
});

test('one endless line takes no time', () => {
  const start = performance.now();
  whatMatters([`${'\u001b['.repeat(100_000)}${' at '.repeat(100_000)}`]);
  expect(performance.now() - start).toBeLessThan(2_000);
});
