import { describe, expect, test } from 'vitest';
import { atOnce, fitting } from '../../../orchestrator/stages/at-once.ts';

const SIGNAL = new AbortController().signal;
const GIB = 2 ** 30;

test.each([
  ['all that fit', [1, 1, 1], 3, 3],
  ['as many as the largest leave room for', [1, 2, 3], 5, 2],
  ['one that is too large by itself', [9], 1, 1],
  ['nothing', [], 1, 1],
])('%s run together', (_, weights, memory, together) => {
  expect(fitting(weights, memory)).toBe(together);
});

/** Pieces that end when they are told to, and how many are running. */
function held(count: number) {
  const running = new Set<number>();
  let most = 0;
  const ends: (() => void)[] = [];
  const pieces = Array.from({ length: count }, (_, at) => ({
    bytes: GIB,
    work: async (signal: AbortSignal) => {
      running.add(at);
      most = Math.max(most, running.size);
      await new Promise<void>((resolve, reject) => {
        ends[at] = resolve;
        signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      }).finally(() => running.delete(at));
      return at;
    },
  }));
  return { pieces, ends, running, most: () => most };
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('several pieces', () => {
  test('never hold more together than there is, and come back in their order', async () => {
    const { pieces, ends, running, most } = held(3);
    const done = atOnce(pieces, 2 * GIB, SIGNAL);
    await turn();
    expect([...running]).toEqual([0, 1]);
    ends[1]?.();
    await turn();
    expect([...running]).toEqual([0, 2]);
    ends[2]?.();
    ends[0]?.();
    expect(await done).toEqual([0, 1, 2]);
    expect(most()).toBe(2);
  });

  test('are stopped when one of them cannot be done, and none goes on after', async () => {
    const { pieces, running } = held(3);
    const broken = { bytes: GIB, work: async () => Promise.reject(new Error('the image is gone')) };
    const done = atOnce(
      [pieces[0], broken, pieces[1]].flatMap((one) => one ?? []),
      2 * GIB,
      SIGNAL,
    );
    await expect(done).rejects.toThrow('the image is gone');
    expect(running.size).toBe(0);
  });

  test('are stopped when we are told to', async () => {
    const { pieces, running } = held(2);
    const stop = new AbortController();
    const done = atOnce(pieces, 2 * GIB, stop.signal);
    await turn();
    stop.abort(new Error('stopped'));
    await expect(done).rejects.toThrow('stopped');
    expect(running.size).toBe(0);
  });
});
