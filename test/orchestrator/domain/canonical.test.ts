import fc from 'fast-check';
import { expect, test } from 'vitest';
import { canonical, digestOf, type Json, sha256 } from '../../../orchestrator/domain/canonical.ts';

test('keys are ordered by UTF-16 code units, not by code points', () => {
  // RFC 8785 §3.2.3: the emoji starts with D83D and so comes before FB33.
  const value = {
    '\u20ac': 1,
    '\r': 2,
    '\ufb33': 3,
    '1': 4,
    '\ud83d\ude00': 5,
    '\u0080': 6,
    '\u00f6': 7,
  };
  expect(canonical(value)).toBe(
    '{"\\r":2,"1":4,"\u0080":6,"\u00f6":7,"\u20ac":1,"\ud83d\ude00":5,"\ufb33":3}',
  );
});

test.each([
  [333333333.3333333, '333333333.3333333'],
  [1e30, '1e+30'],
  [4.5, '4.5'],
  [0.002, '0.002'],
  [1e-27, '1e-27'],
  [-0, '0'],
])('the number %d is written as ECMAScript writes it', (value, written) => {
  expect(canonical(value)).toBe(written);
});

test.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
  '%d is refused, also deep inside',
  (value) => {
    expect(() => canonical(value)).toThrow(TypeError);
    expect(() => canonical({ a: [{ b: value }] })).toThrow('has no JSON form');
  },
);

test.each(['\ud83d', '\ude00', 'a\ud83d b', '\ude00\ud83d'])(
  'half a surrogate pair, as in %j, is refused as a value and as a key',
  (text) => {
    expect(() => canonical(text)).toThrow(TypeError);
    expect(() => canonical({ a: [text] })).toThrow('half a surrogate pair');
    expect(() => canonical({ [text]: 1 })).toThrow(TypeError);
  },
);

test('text is escaped where JSON asks for it and nowhere else', () => {
  expect(canonical('\u0000\b\t\n\u000b\f\r\u001f"\\/\u007f\u2028\ufeff\ud83d\ude00<')).toBe(
    '"\\u0000\\b\\t\\n\\u000b\\f\\r\\u001f\\"\\\\/\u007f\u2028\ufeff\ud83d\ude00<"',
  );
});

test.each([
  [1e21, '1e+21'],
  [1e20, '100000000000000000000'],
  [999999999999999900000, '999999999999999900000'],
  [1e-6, '0.000001'],
  [1e-7, '1e-7'],
  [2 ** 53, '9007199254740992'],
  [-5e-324, '-5e-324'],
  [1.7976931348623157e308, '1.7976931348623157e+308'],
  [0.1 + 0.2, '0.30000000000000004'],
])('the number %d, at an edge of the format, is %s', (value, written) => {
  expect(canonical(value)).toBe(written);
});

test('a key that prototypes have is a key like any other', () => {
  const value = JSON.parse('{"b":1,"__proto__":{"a":1},"constructor":null}');
  expect(canonical(value)).toBe('{"__proto__":{"a":1},"b":1,"constructor":null}');
});

test('objects are ordered at every depth, and lists keep their order', () => {
  expect(canonical({ b: [{ d: 1, c: 2 }, null, true], a: { z: '', y: [] } })).toBe(
    '{"a":{"y":[],"z":""},"b":[{"c":2,"d":1},null,true]}',
  );
});

test('a member that is undefined is left out, and one that is null is not', () => {
  expect(canonical({ a: undefined, b: null })).toBe('{"b":null}');
});

test('the same value in another key order has the same bytes, and parses back to itself', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const written = canonical(value as Json);
      expect(JSON.parse(written)).toEqual(JSON.parse(JSON.stringify(value)));
      expect(canonical(reversed(JSON.parse(written)))).toBe(written);
    }),
    { numRuns: 200 },
  );
});

function reversed(value: Json): Json {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(reversed);
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, item]) => [key, reversed(item ?? null)]),
  );
}

test('a digest of one kind never passes as another, even when the values are made to meet', () => {
  expect(digestOf('gate', { a: 1 })).not.toBe(digestOf('policy', { a: 1 }));
  expect(digestOf('gate', 'x')).toBe(sha256('proofhouse.gate.v1\0"x"'));
});

test('a digest is over the bytes of all its parts', () => {
  expect(sha256('ab', new Uint8Array([99]))).toBe(sha256('abc'));
  expect(sha256('')).toBe(
    'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  );
});
