/**
 * Several pieces of work at once, as many as fit into a memory whichever of them run together. When one
 * cannot be done the others are stopped, and none goes on after this has returned.
 */
import PQueue from 'p-queue';

export type Piece<T> = {
  /** What it may hold while it runs. */
  readonly bytes: number;
  readonly work: (signal: AbortSignal) => Promise<T>;
};

/** Results in the order of the pieces. */
export async function atOnce<T>(
  pieces: readonly Piece<T>[],
  memoryBytes: number,
  signal: AbortSignal,
): Promise<T[]> {
  signal.throwIfAborted();
  const weights = pieces.map(({ bytes }) => bytes);
  const queue = new PQueue({ concurrency: fitting(weights, memoryBytes) });
  const failed = new AbortController();
  const until = AbortSignal.any([signal, failed.signal]);
  const ended = await Promise.allSettled(
    pieces.map(({ work }) =>
      queue.add(async () => {
        until.throwIfAborted();
        try {
          return await work(until);
        } catch (thrown) {
          failed.abort(thrown);
          throw thrown;
        }
      }),
    ),
  );
  signal.throwIfAborted();
  if (failed.signal.aborted) throw failed.signal.reason;
  return ended.map((one) => {
    if (one.status === 'rejected') throw one.reason;
    return one.value;
  });
}

/** As many as the largest of them leave room for; one in any case. */
export function fitting(weights: readonly number[], memoryBytes: number): number {
  let held = 0;
  const largest = [...weights].sort((a, b) => b - a);
  const full = largest.findIndex((bytes) => {
    held += bytes;
    return held > memoryBytes;
  });
  return Math.max(1, full < 0 ? largest.length : full);
}
