/** What a base commit's own files try; `devcontainer.test.ts` makes it work, and then not. */
import type { Family } from './attack.ts';

export const BASE_FILES: Family = {
  title: 'Files of the base commit',
  rows: [
    {
      id: 'SBX-17',
      attack: 'devcontainer.json with initializeCommand, runArgs and the engine among its mounts',
      weak: 'a reader does what the file says',
      ours: 'ignored, with a finding in the run and its pull request',
    },
  ],
};
