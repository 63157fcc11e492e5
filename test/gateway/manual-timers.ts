/** A clock that stands until a test moves it. */
import type { Timer, Timers } from '../../gateway/timers.ts';

type Entry = { at: number; readonly ms: number; readonly run: () => void; live: boolean };

export type ManualTimers = Timers & { advance(ms: number): void };

export function manualTimers(): ManualTimers {
  const entries = new Set<Entry>();
  let now = 0;
  const due = (until: number) =>
    [...entries].filter((one) => one.live && one.at <= until).sort((a, b) => a.at - b.at)[0];
  return {
    after: (ms, run): Timer => {
      const entry: Entry = { at: now + ms, ms, run, live: true };
      entries.add(entry);
      return {
        restart: () => {
          if (!entries.has(entry)) return;
          Object.assign(entry, { at: now + entry.ms, live: true });
        },
        stop: () => void entries.delete(entry),
      };
    },
    advance: (ms) => {
      const until = now + ms;
      for (let next = due(until); next !== undefined; next = due(until)) {
        now = next.at;
        next.live = false;
        next.run();
      }
      now = until;
    },
  };
}
