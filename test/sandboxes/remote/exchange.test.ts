/** What comes out of a carrier is read whole, however it is cut, and never for more than it says. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { filesIn } from '../../../sandboxes/remote/check-room.ts';
import { unframed } from '../../../sandboxes/remote/exchange.ts';

type From = 'out' | 'err';

function framed(from: From, text: string): Buffer {
  const bytes = Buffer.from(text);
  const header = Buffer.from([from === 'err' ? 2 : 1, 0, 0, 0, 0, 0, 0, 0]);
  header.writeUInt32BE(bytes.length, 4);
  return Buffer.concat([header, bytes]);
}

test('the two streams of a sandbox are told apart, however they are cut', async () => {
  const said = fc.array(fc.tuple(fc.constantFrom<From>('out', 'err'), fc.string()));
  await fc.assert(
    fc.asyncProperty(said, fc.integer({ min: 1, max: 20 }), async (frames, cut) => {
      const heard = { out: '', err: '' };
      const read = unframed((from, bytes) => {
        heard[from] += bytes.toString('latin1');
      });
      const stream = Buffer.concat(frames.map(([from, text]) => framed(from, text)));
      for (let at = 0; at < stream.length; at += cut) await read(stream.subarray(at, at + cut));
      for (const from of ['out', 'err'] as const) {
        const text = frames.map(([of, one]) => (of === from ? one : '')).join('');
        expect(heard[from]).toBe(Buffer.from(text).toString('latin1'));
      }
    }),
  );
});

describe('the files of an output', () => {
  const listed = (files: unknown, bytes = ''): Buffer =>
    Buffer.from(`${JSON.stringify(files)}\n${bytes}`);

  test('are cut by their sizes', () => {
    const files = [
      { name: 'a', size: 2 },
      { name: 'b/c', size: 0 },
      { name: 'd', size: 3 },
    ];
    const read = filesIn(listed({ files }, 'aaddd'));
    const texts =
      'files' in read ? read.files.map(({ bytes }) => Buffer.from(bytes).toString()) : [];
    expect(texts).toEqual(['aa', '', 'ddd']);
  });

  test('are too much to look at where the carrier says so', () => {
    expect(filesIn(listed({ tooMuch: true }))).toMatchObject({
      tooMuch: expect.stringContaining('nothing in it was read'),
    });
  });

  test.each<[string, Buffer]>([
    ['fewer bytes than listed', listed({ files: [{ name: 'a', size: 3 }] }, 'aa')],
    ['more bytes than listed', listed({ files: [{ name: 'a', size: 1 }] }, 'aa')],
    ['a size below nothing', listed({ files: [{ name: 'a', size: -1 }] })],
    ['a size beyond any', listed({ files: [{ name: 'a', size: 2 ** 40 }] })],
    ['a key that nobody knows', listed({ files: [], more: 1 })],
    ['no list', Buffer.from('no list')],
    ['nothing', Buffer.alloc(0)],
  ])('%s are refused', (_, printed) => {
    expect(() => filesIn(printed)).toThrow();
  });
});
