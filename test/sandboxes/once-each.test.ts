import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { onceEach } from '../../sandboxes/once-each.ts';

/** Makes that say when they are inside, and never end before others had a turn. */
function counted() {
  const counts = { inside: 0, most: 0, made: 0 };
  const make = async (): Promise<number> => {
    counts.inside += 1;
    counts.most = Math.max(counts.most, counts.inside);
    await turn();
    counts.inside -= 1;
    counts.made += 1;
    return counts.made;
  };
  return { counts, make };
}

test('of one key one at a time, in the order in which they came', async () => {
  const once = onceEach<number>();
  const { counts, make } = counted();
  const made = await Promise.all([once('a', make), once('a', make), once('a', make)]);
  expect(made).toEqual([1, 2, 3]);
  expect(counts.most).toBe(1);
});

test('of several keys at once', async () => {
  const once = onceEach<number>();
  const { counts, make } = counted();
  await Promise.all([once('a', make), once('b', make)]);
  expect(counts.most).toBe(2);
});

test('one that fails tells who asked, and the next is made all the same', async () => {
  const once = onceEach<number>();
  const broken = once('a', async () => {
    throw new Error('no space');
  });
  const next = once('a', async () => 1);
  await expect(broken).rejects.toThrow('no space');
  expect(await next).toBe(1);
  expect(await once('a', async () => 2)).toBe(2);
});
