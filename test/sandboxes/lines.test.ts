import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Line } from '../../orchestrator/ports.ts';
import { lineReader } from '../../sandboxes/lines.ts';

const CHARACTERS_MAX = 65_536;

function frame(stream: 1 | 2, payload: string | Buffer): Buffer {
  const bytes = Buffer.from(payload);
  const header = Buffer.alloc(8);
  header[0] = stream;
  header.writeUInt32BE(bytes.length, 4);
  return Buffer.concat([header, bytes]);
}

async function read(chunks: readonly Buffer[]): Promise<Line[]> {
  const lines: Line[] = [];
  const reader = lineReader(async (line) => {
    lines.push(line);
  });
  for (const chunk of chunks) await reader.push(chunk);
  await reader.end();
  return lines;
}

const texts = (lines: readonly Line[]): string[] =>
  lines.map(({ stream, text }) => `${stream}:${text}`);

const WHOLE = Buffer.concat([
  frame(1, 'one\ntw'),
  frame(2, 'error é'),
  frame(1, 'o\n\n😀'),
  frame(2, ' more\n'),
  frame(1, ''),
  frame(1, '\nend'),
]);
const EXPECTED = ['out:one', 'out:two', 'out:', 'err:error é more', 'out:😀', 'out:end'];

test('two streams are read apart, and lines are numbered in the order in which they end', async () => {
  const lines = await read([WHOLE]);
  expect(texts(lines)).toEqual(EXPECTED);
  expect(lines.map(({ index }) => index)).toEqual([0, 1, 2, 3, 4, 5]);
});

test('the same lines come out wherever the bytes are cut', async () => {
  for (let at = 1; at < WHOLE.length; at += 1) {
    expect(texts(await read([WHOLE.subarray(0, at), WHOLE.subarray(at)]))).toEqual(EXPECTED);
  }
  expect(texts(await read([...WHOLE].map((byte) => Buffer.from([byte]))))).toEqual(EXPECTED);
});

test('what is written in frames of any size comes out as its lines', async () => {
  const text = fc.array(fc.constantFrom('a', 'é', '😀', '\n', '\t'), { maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(text, fc.array(fc.nat(50)), async (letters, cuts) => {
      const bytes = Buffer.from(letters.join(''));
      const at = [0, ...cuts.filter((cut) => cut < bytes.length).sort((a, b) => a - b)];
      const frames = at.map((from, index) => frame(1, bytes.subarray(from, at[index + 1])));
      const lines = letters.join('').split('\n');
      if (lines.at(-1) === '') lines.pop();
      expect(texts(await read(frames))).toEqual(lines.map((line) => `out:${line}`));
    }),
    { numRuns: 200 },
  );
});

test.each([
  ['in one frame', [frame(1, `a\n${'x'.repeat(100_000)}\nb\n`)]],
  ['as the last of a frame', [frame(1, `a\n${'x'.repeat(100_000)}`), frame(1, '\nb\n')]],
  [
    'over many frames',
    [
      frame(1, 'a\n'),
      ...Array.from({ length: 100 }, () => frame(1, 'x'.repeat(1_000))),
      frame(1, '\nb\n'),
    ],
  ],
  ['that never ends', [frame(1, `a\n${'x'.repeat(70_000)}`)]],
])('a line %s that is too long is cut, and what follows is whole', async (_, frames) => {
  const [first, long, next] = await read(frames);
  expect(first?.text).toBe('a');
  expect(long?.text).toBe('x'.repeat(CHARACTERS_MAX));
  expect(next?.text ?? 'b').toBe('b');
});

test('a line without an end is given at the end, and an empty one is not', async () => {
  expect(texts(await read([frame(1, 'a\nb'), frame(2, 'c\n')]))).toEqual([
    'out:a',
    'err:c',
    'out:b',
  ]);
  expect(await read([])).toEqual([]);
});

test('a frame that is cut off gives nothing', async () => {
  expect(await read([frame(1, 'half a line\n').subarray(0, 12)])).toEqual([]);
});

test('who listens slowly is waited for, line by line', async () => {
  let busy = false;
  const reader = lineReader(async () => {
    expect(busy).toBe(false);
    busy = true;
    await Promise.resolve();
    busy = false;
  });
  await reader.push(frame(1, 'a\nb\nc\n'));
  await reader.end();
  expect(busy).toBe(false);
});
