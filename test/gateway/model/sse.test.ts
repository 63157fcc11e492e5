import fc from 'fast-check';
import { expect, it } from 'vitest';
import { eventReader } from '../../../gateway/model/sse.ts';

function read(...chunks: readonly Uint8Array[]): string[] {
  const seen: string[] = [];
  const reader = eventReader((data) => seen.push(data));
  for (const chunk of chunks) reader(chunk);
  return seen;
}

it('events are found wherever the stream is cut', () => {
  const text = ':\n\nevent: a\r\ndata: {"é":"ü"}\r\n\r\nid: 1\ndata:x\ndata: y\n\ndata: [DONE]\n\n';
  const bytes = Buffer.from(text);
  fc.assert(
    fc.property(fc.array(fc.nat(bytes.length)), (cuts) => {
      const edges = [0, ...cuts.sort((a, b) => a - b), bytes.length];
      const chunks = edges.slice(1).map((end, index) => bytes.subarray(edges[index], end));
      expect(read(...chunks)).toEqual(['{"é":"ü"}', 'x\ny', '[DONE]']);
    }),
  );
});

it('an event without its end is none', () => {
  expect(read(Buffer.from('data: a\n'))).toEqual([]);
});

it('an endless line takes no endless memory, and the stream goes on', () => {
  const piece = Buffer.alloc(1024 * 1024, 'a');
  const seen = read(
    Buffer.from('data: '),
    ...Array(40).fill(piece),
    Buffer.from('\n\ndata: b\n\n'),
  );
  expect(seen.at(-1)).toBe('b');
  expect(Math.max(...seen.map(({ length }) => length))).toBeLessThan(20 * 1024 * 1024);
});
