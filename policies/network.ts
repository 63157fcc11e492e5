/** Which phases of a run may use their one door. Every layer must agree; checks have none. */
import type { LoadedPolicy } from './parse.ts';

export type Doors = {
  /** Setting up dependencies may reach the package registry. */
  readonly dependencies: boolean;
  /** The agent may reach the model gateway. */
  readonly agent: boolean;
};

export function networkOf(layers: readonly LoadedPolicy[]): Doors {
  const all = layers.map(({ policy }) => policy.network);
  const open = (phase: keyof Doors): boolean =>
    all.length > 0 && all.every((network) => network[phase]);
  return { dependencies: open('dependencies'), agent: open('agent') };
}
