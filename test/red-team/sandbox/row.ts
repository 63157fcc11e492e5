/** A row that is tried in two sandboxes: ours, and one that differs from it in a single field. */
import type { Attack } from '../attack.ts';
import type { Body } from './body.ts';

export type SandboxRow = Attack & {
  /** What the attacker runs. */
  readonly script: string;
  /** Changes one field. */
  readonly weaken: (body: Body) => Body;
  /** Whether one sandbox leaves it and the next one finds it. */
  readonly isLeftBehind?: true;
  /** What it prints where the attack works. */
  readonly works: RegExp;
  /** What it prints in ours. */
  readonly fails: RegExp;
};
