import fc from 'fast-check';
import { expect, it } from 'vitest';
import { eventCutter } from '../../../gateway/model/sse.ts';

const TEXT =
  ':\n\nevent: a\r\ndata: {"é":"ü"}\r\n\r\nid: 1\ndata:x\ndata: y\n\ndata: [DONE]\n\ndata: no end\n';

function cutAt(cuts: readonly number[], bytes: Buffer): Buffer[] {
  const edges = [0, ...[...cuts].sort((a, b) => a - b), bytes.length];
  return edges.slice(1).map((end, index) => bytes.subarray(edges[index], end));
}

it('events come out whole wherever the stream is cut, with every byte of it', () => {
  const bytes = Buffer.from(TEXT);
  fc.assert(
    fc.property(fc.array(fc.nat(bytes.length)), (cuts) => {
      const cutter = eventCutter();
      const events = cutAt(cuts, bytes).flatMap((chunk) => cutter.push(chunk));
      expect(events.map(({ data }) => data)).toEqual([null, '{"é":"ü"}', 'x\ny', '[DONE]']);
      expect(events.every(({ part }) => !part)).toBe(true);
      const rest = cutter.rest();
      expect(rest).toMatchObject({ data: 'no end\n'.trim(), part: true });
      const all = [...events, ...(rest ? [rest] : [])].map((event) => event.bytes);
      expect(Buffer.concat(all).equals(bytes)).toBe(true);
    }),
  );
});

it('nothing of an event is given out before its end', () => {
  const cutter = eventCutter();
  expect(cutter.push(Buffer.from('data: a\n'))).toEqual([]);
  expect(cutter.push(Buffer.from('\n')).map(({ data }) => data)).toEqual(['a']);
  expect(cutter.rest()).toBeNull();
});

it('an endless event takes no endless memory: it goes on in parts, and the stream after it too', () => {
  const piece = Buffer.alloc(1024 * 1024, 'a');
  const cutter = eventCutter();
  const parts = [Buffer.from('data: '), ...Array<Buffer>(40).fill(piece)].flatMap((chunk) =>
    cutter.push(chunk),
  );
  expect(parts.length).toBeGreaterThan(3);
  expect(parts.every(({ data, part }) => data === null && part)).toBe(true);
  expect(Math.max(...parts.map(({ bytes }) => bytes.byteLength))).toBeLessThan(10 * 1024 * 1024);
  const [last, next] = cutter.push(Buffer.from('\n\ndata: b\n\n'));
  expect(last).toMatchObject({ data: null, part: false });
  expect(next).toMatchObject({ data: 'b', part: false });
});
