/** Attacks that no single decision can see: what a report tells whoever decides. */
import type { Told } from './attack.ts';

export const REACHED: Told = {
  ...{ id: 'GATE-06', attack: 'an edit of an unguarded file that guarded code imports' },
  weak: 'paths of the change are all that is looked at',
  ours: 'policy explain: reaches',
};

export const SPLIT_GATE: Told = {
  ...{ id: 'GATE-11', attack: 'one change split over two tasks, through one gate' },
  weak: 'each run is looked at alone',
  ours: 'run show and the pull request: other runs',
};

export const SPLIT_FILE: Told = {
  ...{ id: 'GATE-11', attack: 'one change split over two tasks, in one file' },
  weak: 'each run is looked at alone',
  ours: 'run show and the pull request: other runs',
};

export const BESIDE: readonly Told[] = [REACHED, SPLIT_GATE, SPLIT_FILE];
