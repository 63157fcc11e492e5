/** Attacks on what outlives a sandbox: its leftovers, its clock, the disk, the names of images. */
import type { Attack, Family } from '../attack.ts';

export const LIFECYCLE_ROWS = {
  killed: {
    ...{ id: 'RES-07', attack: 'the controller is killed, its sandboxes made or running' },
    weak: 'nobody looks for what it left',
    ours: 'adopted when its run goes on, and gone when it does not',
  },
  full: {
    ...{ id: 'RES-10', attack: 'a publish on a full disk, or with a log that cannot be written' },
    weak: 'the forge is told before the audit log',
    ours: 'nothing is pushed',
  },
  clock: {
    ...{ id: 'RES-11', attack: 'the clock of the machine jumps while an agent works' },
    weak: 'its age is told by the time of day',
    ours: 'its age is what the kernel counts',
  },
  moved: {
    ...{
      id: 'SUP-07',
      attack: 'the tag of an image is moved to another image before the agent starts',
    },
    weak: 'the image is named by its tag',
    ours: 'the id in the journal is started',
  },
} satisfies Record<string, Attack>;

export const LIFECYCLE: Family = {
  title: 'Leftovers, clocks, disks and names',
  rows: Object.values(LIFECYCLE_ROWS),
};
