/**
 * Runs several runs at once in this process: as many as the machine has memory for, never more than
 * it was told. What to run next is the store's answer, so a second controller on the same store shares
 * the work and neither takes the other's.
 */
import { freemem } from 'node:os';
import { setTimeout as later } from 'node:timers/promises';
import PQueue from 'p-queue';
import type { RunId } from './domain/ids.ts';
import type { Reaped } from './ports.ts';
import { drive, expireWaits, type Runner } from './runner.ts';

/** What one run may hold at its peak: an agent or a check with its app, and the engine's share. */
const RUN_BYTES = 1.5 * 2 ** 30;
const POLL_MS = 500;
/** Waits last hours and days. */
const EXPIRE_EVERY_MS = 10 * 60_000;
/** What a controller that died left is found within a minute. */
const REAP_EVERY_MS = 60_000;
/** A run that cannot be driven this often in a row is not the run's fault any more. */
const TROUBLES_MAX = 3;

export type SchedulerOptions = {
  readonly runner: Runner;
  readonly concurrency: number;
  /** Told when a run could not be driven, or nothing cleared away (null); both are tried again. */
  readonly onTrouble: (run: RunId | null, error: unknown) => void;
  readonly onReaped: (reaped: Reaped) => void;
};

/** How many runs fit: cores and memory decide, and at least one does. */
export function fitting(cores: number, freeBytes: number): number {
  return Math.max(1, Math.min(cores, Math.floor(freeBytes / RUN_BYTES)));
}

/**
 * Drives every run that can go on. With `untilIdle` it returns when none is left but those that wait
 * for a person; else when the signal says so. Throws when the store or one run cannot be driven at all.
 */
export async function schedule(
  options: SchedulerOptions,
  untilIdle: boolean,
  signal: AbortSignal,
): Promise<void> {
  const { store } = options.runner;
  // Nothing is claimed where no engine answers: what is queued stays queued.
  const reaping = reapingOf(options);
  await reaping.now();
  const queue = new PQueue({ concurrency: options.concurrency });
  const going = driving(options, signal);
  let expireAt = 0;
  try {
    while (!signal.aborted && going.failed() === null) {
      if (performance.now() >= expireAt) {
        await expireWaits(options.runner);
        expireAt = performance.now() + EXPIRE_EVERY_MS;
      }
      reaping.whenDue();
      const lease = queue.pending < room(queue, options.concurrency) ? await store.claim() : null;
      if (lease !== null) {
        // Never rejects: what goes wrong is kept in `going`.
        void queue.add(() => going.drive(lease));
        continue;
      }
      if (untilIdle && queue.pending === 0) break;
      await later(POLL_MS, undefined, { signal }).catch(() => {});
    }
  } finally {
    await queue.onIdle();
    await reaping.ended();
  }
  const failure = going.failed();
  if (failure !== null) throw failure;
}

/** One at a time, beside the runs: an engine that answers slowly holds up no run. */
function reapingOf({ runner, onReaped, onTrouble }: SchedulerOptions) {
  let going: Promise<void> = Promise.resolve();
  let dueAt = Number.POSITIVE_INFINITY;
  const now = async (): Promise<void> => {
    dueAt = Number.POSITIVE_INFINITY;
    try {
      onReaped(await runner.reap());
    } finally {
      dueAt = performance.now() + REAP_EVERY_MS;
    }
  };
  return {
    now,
    whenDue: (): void => {
      // An engine that does not answer has not lost anything; it is asked again.
      if (performance.now() >= dueAt) going = now().catch((error) => onTrouble(null, error));
    },
    ended: () => going,
  };
}

function driving({ runner, onTrouble }: SchedulerOptions, signal: AbortSignal) {
  const troubles = new Map<RunId, number>();
  let failure: unknown = null;
  return {
    failed: () => failure,
    drive: async (lease: Parameters<typeof drive>[1]): Promise<void> => {
      try {
        await drive(runner, lease, signal);
        troubles.delete(lease.run);
      } catch (error) {
        if (signal.aborted) return;
        onTrouble(lease.run, error);
        const count = (troubles.get(lease.run) ?? 0) + 1;
        troubles.set(lease.run, count);
        if (count >= TROUBLES_MAX) failure = error;
      }
    },
  };
}

/** Under memory pressure one run goes on and the others wait in the store. */
function room(queue: PQueue, concurrency: number): number {
  return freemem() > RUN_BYTES || queue.pending === 0 ? concurrency : queue.pending;
}
