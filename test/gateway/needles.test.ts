import fc from 'fast-check';
import { expect, test } from 'vitest';
import { needlesOf } from '../../gateway/needles.ts';

/** Few letters, so that needles overlap, repeat and end in one another. */
const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 2, maxLength: 6 });
const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c', 'é'), maxLength: 60 });

test('every place where a needle begins is found, and no other', () => {
  fc.assert(
    fc.property(fc.array(word, { maxLength: 6 }), text, fc.nat(20), (words, where, from) => {
      const bytes = Buffer.from(where);
      const found = new Set<number>();
      needlesOf(words)(bytes, from, (at) => {
        found.add(at);
        return false;
      });
      const wanted = new Set<number>();
      for (let at = from; at < bytes.length; at += 1) {
        if (words.some((one) => bytes.subarray(at).toString('latin1').startsWith(one)))
          wanted.add(at);
      }
      expect([...found].sort()).toEqual([...wanted].sort());
    }),
  );
});

test('whoever has seen enough ends the search', () => {
  const seen: number[] = [];
  expect(needlesOf(['ab'])(Buffer.from('ab ab ab'), 0, (at) => seen.push(at) === 2)).toBe(true);
  expect(seen).toEqual([0, 3]);
});
