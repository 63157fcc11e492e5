/** Channels over one stream: nothing lost, nothing mixed, nothing without a bound. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  BrokenFrames,
  CHANNELS_MAX,
  frame,
  type Listener,
  type Mux,
  multiplex,
  PAYLOAD_BYTES_MAX,
  TYPES,
  WINDOW_BYTES,
} from '../../../sandboxes/remote/mux.ts';

type Heard = { readonly said: string[]; readonly bytes: Map<number, Buffer> };

function listening(): Heard & { readonly listener: Listener } {
  const heard: Heard = { said: [], bytes: new Map() };
  const tell = (what: string) => (channel: number) => void heard.said.push(`${what} ${channel}`);
  return {
    ...heard,
    listener: {
      opened: tell('opened'),
      ended: tell('ended'),
      gone: tell('gone'),
      drained: tell('drained'),
      data: (channel, bytes) => {
        const before = heard.bytes.get(channel) ?? Buffer.alloc(0);
        heard.bytes.set(channel, Buffer.concat([before, bytes]));
      },
    },
  };
}

/** Two sides joined by queues; `carry` brings everything over until there is nothing more. */
function pair() {
  const [a, b] = [listening(), listening()];
  const [toA, toB]: [Uint8Array[], Uint8Array[]] = [[], []];
  // As Node reads them: a piece of a larger buffer.
  const read = (bytes: Uint8Array) => Buffer.concat([Buffer.alloc(3), bytes]).subarray(3);
  const one = multiplex('opens', (bytes) => void toB.push(bytes), a.listener);
  const two = multiplex('accepts', (bytes) => void toA.push(bytes), b.listener);
  const carry = (): void => {
    while (toA.length + toB.length > 0) {
      for (const bytes of toB.splice(0)) two.push(read(bytes));
      for (const bytes of toA.splice(0)) one.push(read(bytes));
    }
  };
  return { one, two, a, b, toB, carry };
}

function opened({ one, carry }: ReturnType<typeof pair>): number {
  const channel = one.open();
  if (channel === null) throw new Error('no channel');
  carry();
  return channel;
}

const hostile = (side: 'opens' | 'accepts', ...frames: Uint8Array[]): (() => void) => {
  return () => {
    const mux = multiplex(side, () => {}, listening().listener);
    for (const bytes of frames) mux.push(bytes);
  };
};
const OPEN = frame(TYPES.open, 1);
const lying = (length: number): Uint8Array => {
  const bytes = frame(TYPES.data, 1);
  new DataView(bytes.buffer).setUint32(5, length);
  return bytes;
};

describe('two sides', () => {
  test('hear what the other said on each channel, however the stream is cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 3 }), fc.uint8Array({ maxLength: 200 }))),
        fc.integer({ min: 1, max: 50 }),
        (writes, cut) => {
          const heard = listening();
          const sent: Uint8Array[] = [];
          const one = multiplex('opens', (bytes) => void sent.push(bytes), listening().listener);
          const two = multiplex('accepts', () => {}, heard.listener);
          for (let n = 0; n < 4; n += 1) one.open();
          for (const [at, bytes] of writes) one.write(at + 1, bytes);
          const stream = Buffer.concat(sent);
          for (let at = 0; at < stream.length; at += cut) two.push(stream.subarray(at, at + cut));
          for (let at = 0; at < 4; at += 1) {
            const said = writes.filter(([to]) => to === at).map(([, bytes]) => bytes);
            expect(heard.bytes.get(at + 1) ?? Buffer.alloc(0)).toEqual(Buffer.concat(said));
          }
        },
      ),
    );
  });

  test('may end one direction and go on in the other', () => {
    const both = pair();
    const channel = opened(both);
    both.one.write(channel, Buffer.from('question'));
    both.one.end(channel);
    both.carry();
    expect(both.b.said).toEqual([`opened ${channel}`, `ended ${channel}`]);
    both.two.write(channel, Buffer.from('answer'));
    both.two.end(channel);
    both.carry();
    expect(both.a.bytes.get(channel)?.toString()).toBe('answer');
    expect(both.a.said).toEqual([`ended ${channel}`]);
  });

  test('a channel that one gave up is gone for the other, and frames under way are no offence', () => {
    const both = pair();
    const channel = opened(both);
    both.two.write(channel, Buffer.from('late'));
    both.one.drop(channel);
    both.carry();
    expect(both.b.said).toContain(`gone ${channel}`);
    expect(both.a.bytes.size).toBe(0);
  });
});

describe('a reader that takes nothing', () => {
  test('stops its writer at the window, and no other channel', () => {
    const both = pair();
    const [slow, quick] = [opened(both), opened(both)];
    expect(both.one.write(slow, Buffer.alloc(WINDOW_BYTES + 10))).toBe(false);
    expect(both.one.write(quick, Buffer.from('here'))).toBe(true);
    both.carry();
    expect(both.b.bytes.get(slow)).toHaveLength(WINDOW_BYTES);
    expect(both.b.bytes.get(quick)?.toString()).toBe('here');
    both.two.taken(slow, WINDOW_BYTES);
    both.carry();
    expect(both.b.bytes.get(slow)).toHaveLength(WINDOW_BYTES + 10);
    expect(both.a.said).toEqual([`drained ${slow}`]);
  });

  test('is not told of the end before it was given everything', () => {
    const both = pair();
    const channel = opened(both);
    both.one.write(channel, Buffer.alloc(WINDOW_BYTES + 1));
    both.one.end(channel);
    both.carry();
    expect(both.b.said).not.toContain(`ended ${channel}`);
    both.two.taken(channel, WINDOW_BYTES);
    both.carry();
    expect(both.b.said).toContain(`ended ${channel}`);
  });
});

describe('limits', () => {
  test('a side opens no more channels than there may be, until one is over', () => {
    const both = pair();
    const all = Array.from({ length: CHANNELS_MAX }, () => opened(both));
    expect(both.one.open()).toBeNull();
    both.one.drop(all[0] ?? 0);
    expect(both.one.open()).toBe(CHANNELS_MAX + 1);
  });

  test('whoever opens more than that finds them gone', () => {
    const sent: Uint8Array[] = [];
    const heard = listening();
    const mux: Mux = multiplex('accepts', (bytes) => void sent.push(bytes), heard.listener);
    for (let n = 1; n <= CHANNELS_MAX + 1; n += 1) mux.push(frame(TYPES.open, n));
    expect(heard.said).toHaveLength(CHANNELS_MAX);
    expect(sent).toEqual([frame(TYPES.gone, CHANNELS_MAX + 1)]);
  });

  test('no frame is larger than one may be', () => {
    const both = pair();
    const channel = opened(both);
    both.one.write(channel, Buffer.alloc(PAYLOAD_BYTES_MAX * 2));
    expect(Math.max(...both.toB.map(({ length }) => length))).toBe(PAYLOAD_BYTES_MAX + 9);
  });
});

describe('what breaks the stream', () => {
  const LONG = Buffer.alloc(PAYLOAD_BYTES_MAX);
  const full = Array.from({ length: 5 }, () => frame(TYPES.data, 1, LONG));
  test.each<[string, () => void, RegExp]>([
    [
      'a length that is too large',
      hostile('accepts', OPEN, lying(2 ** 32 - 1)),
      /4294967295 bytes/,
    ],
    ['one byte too many', hostile('accepts', OPEN, lying(PAYLOAD_BYTES_MAX + 1)), /32769 bytes/],
    ['a type that there is not', hostile('accepts', frame(0, 1)), /type 0/],
    ['a type beyond the last', hostile('accepts', frame(6, 1)), /type 6/],
    ['text', hostile('accepts', Buffer.from('HTTP/1.1 200 OK')), /type 72/],
    ['a channel out of order', hostile('accepts', frame(TYPES.open, 2)), /comes after 0/],
    ['a channel that is opened twice', hostile('accepts', OPEN, OPEN), /comes after 1/],
    ['channel 0', hostile('accepts', frame(TYPES.data, 0)), /never opened/],
    [
      'a channel that was never opened',
      hostile('accepts', OPEN, frame(TYPES.end, 7)),
      /7 was never/,
    ],
    [
      'an end after an end',
      hostile('accepts', OPEN, frame(TYPES.end, 1), frame(TYPES.end, 1)),
      /twice/,
    ],
    [
      'bytes after the end',
      hostile('accepts', OPEN, frame(TYPES.end, 1), frame(TYPES.data, 1, LONG)),
      /after its end/,
    ],
    ['more than the window', hostile('accepts', OPEN, ...full), /more than there is room/],
    [
      'room that nobody needs',
      hostile('accepts', OPEN, frame(TYPES.taken, 1, new Uint8Array([0, 0, 0, 1]))),
      /took more than it was sent/,
    ],
    ['room without a number', hostile('accepts', OPEN, frame(TYPES.taken, 1)), /four bytes/],
    ['a channel opened by the side that accepts', hostile('opens', OPEN), /opens no channels/],
  ])('%s', (_, push, reason) => {
    expect(push).toThrow(BrokenFrames);
    expect(push).toThrow(reason);
  });

  test('a frame of the largest size is none of it', () => {
    expect(hostile('accepts', OPEN, ...full.slice(0, 4))).not.toThrow();
  });
});
