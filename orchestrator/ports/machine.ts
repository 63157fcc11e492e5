/** The machine that sandboxes run on. */
import type { MachineFacts } from '../domain/machine.ts';

export type Machine = {
  /**
   * What it has now. Bounded in time; throws a `Fault` when the engine does not answer, because a
   * machine that nobody could look at has nothing that is required of it.
   */
  facts(): Promise<MachineFacts>;
};
