/**
 * Sandboxes that have given what they were for, and have yet to end: nobody waits for them but who makes
 * another of their name, or clears their run away.
 */
import type { RunId } from '../../orchestrator/domain/ids.ts';

export type Leaving = {
  /** `rest` is over when the sandbox is gone; that it failed is nobody's concern any more. */
  add(run: RunId, rest: Promise<unknown>): void;
  over(run: RunId): Promise<void>;
};

export function openLeaving(): Leaving {
  const rests = new Map<RunId, Promise<unknown>>();
  return {
    add: (run, rest) => {
      const all: Promise<unknown> = Promise.allSettled([rests.get(run), rest]).then(() => {
        if (rests.get(run) === all) rests.delete(run);
      });
      rests.set(run, all);
    },
    over: async (run) => void (await rests.get(run)),
  };
}
