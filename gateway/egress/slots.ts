/** How many tunnels there may be: at once, in one second, and in all. */

export type SlotLimits = {
  readonly atOnce: number;
  readonly perSecond: number;
  /** Every tunnel that opens is noted, so this also bounds what is stored. */
  readonly inAll: number;
};

export type SlotProblem = 'too_many_at_once' | 'too_many_per_second' | 'too_many_in_all';

export type Slots = {
  /** Null when one was taken, which then must be given back. */
  take(): SlotProblem | null;
  giveBack(): void;
};

export function slotsOf({ atOnce, perSecond, inAll }: SlotLimits, now: () => number): Slots {
  const taken = { now: 0, inAll: 0 };
  let lately: number[] = [];
  return {
    take: () => {
      const at = now();
      lately = lately.filter((time) => at - time < 1_000);
      if (taken.now >= atOnce) return 'too_many_at_once';
      if (lately.length >= perSecond) return 'too_many_per_second';
      if (taken.inAll >= inAll) return 'too_many_in_all';
      taken.now += 1;
      taken.inAll += 1;
      lately.push(at);
      return null;
    },
    giveBack: () => {
      taken.now -= 1;
    },
  };
}
