/** The clock of the gateway's limits, as a value: a test holds its own and waits for nothing. */

export type Timer = {
  /** Counts from now again, also after it ran. Does nothing once stopped. */
  restart(): void;
  stop(): void;
};

export type Timers = { after(ms: number, run: () => void): Timer };

export const TIMERS: Timers = {
  after: (ms, run) => {
    const timer = setTimeout(run, ms);
    const state = { stopped: false };
    return {
      restart: () => {
        if (!state.stopped) timer.refresh();
      },
      stop: () => {
        state.stopped = true;
        clearTimeout(timer);
      },
    };
  },
};
