import fc from 'fast-check';
import { expect, test } from 'vitest';
import { columns, printable, printableLines } from '../../../orchestrator/text/columns.ts';

test('cells are as wide as the widest of their column, and the last one is as it is', () => {
  const rows = [
    ['RUN', 'STATE', 'TASK'],
    ['r1', 'waits for approval', 'Round it'],
    ['r2', '', ''],
  ];
  expect(columns(rows)).toMatchInlineSnapshot(`
    "RUN  STATE               TASK
    r1   waits for approval  Round it
    r2"
  `);
});

test('nothing is a table without lines', () => {
  expect(columns([])).toBe('');
});

test.each([
  ['an escape sequence', 'a\u001b[31mb', 'a·[31mb'],
  ['a title of the terminal', '\u001b]0;x\u0007', '·]0;x·'],
  ['a C1 control', 'a\u009b2Jb', 'a·2Jb'],
  ['a way back', 'safe\b\b\b\bevil\r', 'safe····evil·'],
  ['text that runs the other way', 'a\u202eb\u2066c', 'a·b·c'],
  ['letters without width', 'a\u200bb\ufeffc\u00add', 'a·b·c·d'],
  ['tags that nobody sees', 'a\u{e0041}b', 'a·b'],
  ['lines that are no lines', 'a\u2028b\u2029c', 'a·b·c'],
  ['lines and tabs', 'a\nb\tc', 'a b c'],
  ['what people write', 'Größe „x“ 😀 é', 'Größe „x“ 😀 é'],
])('%s is shown as it is safe to show', (_, text, shown) => {
  expect(printable(text)).toBe(shown);
});

test('lines stay lines, and nothing else gets through', () => {
  expect(printableLines('a\u001b[2J\nb\u202e')).toBe('a·[2J\nb·');
});

test('whatever is in a cell, a table has one line for each row and no control character', () => {
  const cell = fc.string({ unit: 'binary' });
  fc.assert(
    fc.property(fc.array(fc.array(cell, { minLength: 1 }), { minLength: 1 }), (rows) => {
      const lines = columns(rows).split('\n');
      expect(lines).toHaveLength(rows.length);
      for (const line of lines) expect(line).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    }),
    { numRuns: 100 },
  );
});
