/** What comes out of a carrier is read whole, however it is cut, and never for more than it says. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { WORKSPACE_SIZE } from '../../../sandboxes/quota.ts';
import { filesIn } from '../../../sandboxes/remote/check-room.ts';
import { counter, heldIn } from '../../../sandboxes/remote/counted.ts';
import { unframed } from '../../../sandboxes/remote/exchange.ts';
import { headReader } from '../../../sandboxes/remote/seal.ts';

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
    const read = filesIn(listed({ files, left: 4 }, 'aaddd'));
    const texts =
      'files' in read ? read.files.map(({ bytes }) => Buffer.from(bytes).toString()) : [];
    expect(texts).toEqual(['aa', '', 'ddd']);
    expect(read).toMatchObject({ left: 4 });
  });

  test('are too much to look at where the carrier says so', () => {
    expect(filesIn(listed({ tooMuch: true }))).toMatchObject({
      tooMuch: expect.stringContaining('nothing in it was read'),
    });
  });

  test.each<[string, Buffer]>([
    ['fewer bytes than listed', listed({ files: [{ name: 'a', size: 3 }], left: 0 }, 'aa')],
    ['more bytes than listed', listed({ files: [{ name: 'a', size: 1 }], left: 0 }, 'aa')],
    ['a size below nothing', listed({ files: [{ name: 'a', size: -1 }], left: 0 })],
    ['a size beyond any', listed({ files: [{ name: 'a', size: 2 ** 40 }], left: 0 })],
    ['a key that nobody knows', listed({ files: [], left: 0, more: 1 })],
    ['no list', Buffer.from('no list')],
    ['nothing', Buffer.alloc(0)],
  ])('%s are refused', (_, printed) => {
    expect(() => filesIn(printed)).toThrow();
  });
});

describe('what an exporter prints', () => {
  const TREE = 'a'.repeat(40);
  const PRINTED = Buffer.from(`${TREE}\n5\none\0\nPACK...\n`);

  test('is a tree, names and a pack, however it is cut', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 60 }), async (cut) => {
        const head = headReader();
        let pack = '';
        for (let at = 0; at < PRINTED.length; at += cut)
          pack += head.rest(PRINTED.subarray(at, at + cut)).toString();
        expect(pack).toBe('PACK...\n');
        expect(head.read()).toEqual({ tree: TREE, hidden: Buffer.from('one\0\n') });
      }),
    );
  });

  test.each([
    ['something else than a tree', `${'x'.repeat(100)}\n`],
    ['a number that is none', `${TREE}\n-1\n${'x'.repeat(60)}`],
  ])('begins with no %s', (_, printed) => {
    expect(() => headReader().rest(Buffer.from(printed))).toThrow('something else than a tree');
  });

  test('is nothing before its pack', () => {
    const head = headReader();
    head.rest(PRINTED.subarray(0, 45));
    expect(() => head.read()).toThrow('before its pack');
  });
});

describe('counts of a workspace', () => {
  const GIB = 2 ** 30;
  test.each<[string, string[], number]>([
    ['what was laid there counts for nothing', [`${2 * GIB + 5} 200001 ${GIB}\n`], 0],
    ['too many bytes end it once', [`${3 * GIB} 2 ${GIB}\n`, `${4 * GIB} 2 ${GIB}\n`], 1],
    ['too many entries end it', ['6 200', `002 ${GIB}\n`], 1],
    ['too little room beside it ends it, whatever it seems to hold', ['5 1 268435455\n'], 1],
    ['just enough room does not', ['5 1 268435456\n'], 0],
    ['half a line is none', ['6 900000'], 0],
  ])('%s', async (_, printed, times) => {
    let over = 0;
    const laid = { bytes: 5, inodes: 1 };
    const count = counter({ laid, size: WORKSPACE_SIZE }, async () => {
      over += 1;
    });
    for (const text of printed) await count(Buffer.from(text));
    expect(over).toBe(times);
  });

  test.each(['', '5', 'x 1', '1e99 1', '1 2 3'])('%j is none of what was laid', (text) => {
    expect(() => heldIn(Buffer.from(text))).toThrow('no 2 numbers');
  });

  test('one without the room beside it is none', async () => {
    const laid = { bytes: 0, inodes: 0 };
    const count = counter({ laid, size: WORKSPACE_SIZE }, async () => {});
    await expect(count(Buffer.from('5 1\n'))).rejects.toThrow('no 3 numbers');
  });
});
