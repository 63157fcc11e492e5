/** What a check is given on an engine that sees our folders: an overlay over the layers, a folder for reports. */
import path from 'node:path';
import type { Sha } from '../../orchestrator/domain/ids.ts';
import type { DependencyPlan, Place } from '../../orchestrator/ports.ts';
import { type OutFolder, readOut } from '../out-folder.ts';
import { removeTree } from '../remove-tree.ts';
import type { Mount } from '../spec.ts';
import { emptyFolder, folderMount, volumeMount } from '../tool.ts';
import type { House } from './house.ts';
import { sandboxName } from './names.ts';

export type CheckRoom = {
  readonly mounts: readonly Mount[];
  /** What it left, once it has ended. */
  read(): Promise<OutFolder>;
  clear(): Promise<void>;
};

export type Checked = {
  readonly place: Place;
  readonly part: string;
  readonly tree: Sha;
  readonly plan: DependencyPlan | null;
};

export async function overlayRoom(
  house: House,
  { place, part, tree, plan }: Checked,
  signal: AbortSignal,
): Promise<CheckRoom> {
  const { engine, folders } = house;
  const name = sandboxName(place, part);
  const out = await emptyFolder(folders.out(place.run, place.attempt, part), house.uid);
  const lower = await house.layers.stack(place, tree, plan, signal);
  const scratch = path.join(folders.attempt(place.run, place.attempt), `scratch-${part}`);
  const upper = {
    folder: await emptyFolder(path.join(scratch, 'upper'), house.uid),
    work: await emptyFolder(path.join(scratch, 'work'), house.uid),
  };
  await engine.freshOverlay(name, place.run, { lower, upper });
  return {
    mounts: [
      volumeMount(name, '/workspace', true),
      folderMount(folders.mirror(place.repository), '/mirror'),
      folderMount(out, '/out', true),
    ],
    read: () => readOut(out),
    clear: async () => {
      await engine.removeVolume(name);
      await removeTree(scratch);
    },
  };
}
