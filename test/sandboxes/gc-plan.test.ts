import { describe, expect, test } from 'vitest';
import { excess, type Item, oldTags, planGc } from '../../sandboxes/gc-plan.ts';

const A = '/data/repositories/a';
const B = '/data/repositories/b';
const item = (over: Partial<Item>): Item => ({
  ...{ kind: 'snapshot', path: `${A}/snapshots/1`, repository: A, bytes: 10, usedAt: 1 },
  isNeeded: false,
  ...over,
});
const OLD = item({ path: 'old', usedAt: 1 });
const NEW = item({ path: 'new', usedAt: 2 });
const USED = item({ path: 'used', usedAt: 0, isNeeded: true });
const over = (bytes: number) => ({
  ...{ totalBytes: 100 + bytes, keepBytes: 100, freeBytes: 1000, floorBytes: 10 },
});
const paths = (items: readonly Item[], bytes: number): string[] =>
  planGc(items, over(bytes)).map(({ path }) => path);

describe('what goes', () => {
  test('is nothing within the size', () => {
    expect(paths([OLD, NEW], 0)).toEqual([]);
  });

  test('is what was not used for longest, and no more than must', () => {
    expect(paths([NEW, OLD], 1)).toEqual(['old']);
    expect(paths([NEW, OLD], 10)).toEqual(['old']);
    expect(paths([NEW, OLD], 11)).toEqual(['old', 'new']);
  });

  test('is never what a run stacks on, however old and whatever is missing', () => {
    expect(paths([USED, NEW, OLD], 1000)).toEqual(['old', 'new']);
    // Weak: without its lease it is the first to go.
    expect(paths([{ ...USED, isNeeded: false }, NEW, OLD], 1)).toEqual(['used']);
  });

  test('makes room where the disk is nearly full, within the size as well', () => {
    const room = { ...over(0), freeBytes: 4, floorBytes: 10 };
    expect(excess(room)).toBe(6);
    expect(planGc([NEW, OLD], room)).toEqual([OLD]);
  });
});

describe('a mirror', () => {
  const MIRROR = item({ kind: 'mirror', path: 'mirror', usedAt: 0 });

  test('goes last, and only when nothing borrows from it any more', () => {
    expect(paths([MIRROR, OLD, NEW], 15)).toEqual(['old', 'new']);
    expect(paths([MIRROR, OLD, NEW], 21)).toEqual(['old', 'new', 'mirror']);
    expect(paths([MIRROR, OLD, USED], 1000)).toEqual(['old']);
  });

  test('does not wait for another repository', () => {
    expect(paths([MIRROR, item({ path: 'b', repository: B, isNeeded: true })], 1)).toEqual([
      'mirror',
    ]);
  });

  test('stays while there is a change of which nobody knows the repository', () => {
    const stray = item({ kind: 'change', path: 'stray', repository: null, isNeeded: true });
    expect(paths([MIRROR, stray], 1)).toEqual([]);
  });
});

describe('an image', () => {
  const DAY_MS = 24 * 3_600_000;
  const tag = 'proofhouse/base:0123456789ab';
  const image = { tags: [tag, 'mine:latest'], madeAt: 0 };

  test('of an earlier recipe goes after a week, and what others named it stays', () => {
    expect(oldTags([image], new Set(), 8 * DAY_MS)).toEqual([tag]);
    expect(oldTags([image], new Set(), 6 * DAY_MS)).toEqual([]);
  });

  test('of a recipe of today stays, however old', () => {
    expect(oldTags([image], new Set([tag]), 400 * DAY_MS)).toEqual([]);
  });
});
