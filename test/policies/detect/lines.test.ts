import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { changedLines, splitLines } from '../../../policies/detect/lines.ts';
import { cpuMs, MEBIBYTE_MS } from './cpu-time.ts';

const numbers = (before: string | null, after: string | null) => {
  const { added, removed } = changedLines(before, after);
  return {
    added: added.map(({ number, text }) => `${number}:${text}`),
    removed: removed.map(({ number, text }) => `${number}:${text}`),
  };
};

describe('which lines a change adds and removes', () => {
  test.each([
    ['a file that is new', null, 'a\nb\n', ['1:a', '2:b'], []],
    ['a file that is gone', 'a\nb\n', null, [], ['1:a', '2:b']],
    ['nothing', 'a\nb\n', 'a\nb\n', [], []],
    ['a line in the middle', 'a\nc\n', 'a\nb\nc\n', ['2:b'], []],
    ['one line for another', 'a\nb\nc\n', 'a\nx\nc\n', ['2:x'], ['2:b']],
    ['two places far apart', 'a\nb\nc\nd\ne', 'x\nb\nc\nd\ny', ['1:x', '5:y'], ['1:a', '5:e']],
    ['a line that was there already, once more', 'a\na\n', 'a\na\na\n', ['3:a'], []],
    ['only line ends', 'a\nb\n', 'a\r\nb\r\n', [], []],
    ['only the end of the last line', 'a', 'a\n', [], []],
    ['a line after a lone carriage return', 'a', 'a\rb', ['2:b'], []],
  ])('%s', (_, before, after, added, removed) => {
    expect(numbers(before, after)).toEqual({ added, removed });
  });

  test('a line that was moved is reported on both sides', () => {
    expect(numbers('a\nb\nc\nd\n', 'b\nc\nd\na\n')).toEqual({ added: ['4:a'], removed: ['1:a'] });
  });

  test('what is not reported is the same text on both sides', () => {
    const text = fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e', ''), { maxLength: 30 });
    fc.assert(
      fc.property(text, text, (old, now) => {
        const before = old.map((line) => `${line}\n`).join('');
        const after = now.map((line) => `${line}\n`).join('');
        const { added, removed } = changedLines(before, after);
        expect(without(after, added)).toEqual(without(before, removed));
      }),
      { numRuns: 500 },
    );
  });
});

function without(text: string, lines: readonly { number: number; text: string }[]): string[] {
  const all = splitLines(text);
  const gone = new Set(lines.map(({ number }) => number));
  expect(lines.every((line) => all[line.number - 1] === line.text)).toBe(true);
  expect(gone.size).toBe(lines.length);
  return all.filter((_, index) => !gone.has(index + 1));
}

describe('texts made to be slow', () => {
  const many = Array.from({ length: 30_000 }, (_, index) => `${index}`);
  // Every stretch hides one more anchor: pairs that are unique only once their neighbours are cut off.
  const nested = (step: number) =>
    Array.from({ length: 50_000 }, (_, index) => `${Math.floor((index * step) / 7) % 977}`);
  test.each([
    ['reversed', many.join('\n'), many.toReversed().join('\n')],
    ['shuffled', many.join('\n'), many.toSorted().join('\n')],
    ['empty lines', '\n'.repeat(100_000), '\n'.repeat(100_001)],
    ['two lines in turn', 'a\nb\n'.repeat(50_000), 'b\na\na\n'.repeat(35_000)],
    ['every second line', many.join('\n'), many.map((line) => `${line}\nx${line}`).join('\n')],
    ['repetitions', nested(3).join('\n'), nested(5).join('\n')],
    ['one long line', 'a'.repeat(1_000_000), 'b'.repeat(1_000_000)],
  ])('%s: no longer than linear work', (_, before, after) => {
    const spent = cpuMs(() => {
      expect(changedLines(before, after).added.length).toBeGreaterThan(0);
    });
    expect(spent).toBeLessThan(MEBIBYTE_MS);
  });
});
