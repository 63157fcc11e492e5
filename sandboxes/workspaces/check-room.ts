/** What a check is given on an engine that sees our folders: an overlay over the layers, a folder for reports. */
import path from 'node:path';
import type { Sha } from '../../orchestrator/domain/ids.ts';
import type { DependencyPlan, OnLine, Place, SandboxEnd } from '../../orchestrator/ports.ts';
import { type OutFolder, readOut } from '../out-folder.ts';
import { fullText, WORKSPACE_SIZE } from '../quota.ts';
import type { Mount, SandboxSpec } from '../spec.ts';
import { emptyFolder, folderMount, volumeMount } from '../tool.ts';
import type { House } from './house.ts';
import { sandboxName } from './names.ts';
import { followWatched } from './watched.ts';

export type CheckRoom = {
  readonly mounts: readonly Mount[];
  /** To its end; `full` says why it was ended, when it wrote more than it may. */
  follow(
    check: { readonly spec: SandboxSpec; readonly onLine: OnLine },
    signal: AbortSignal,
  ): Promise<{ readonly end: SandboxEnd; readonly full: string | null }>;
  /** What it left, once it has ended. */
  read(): Promise<OutFolder>;
  clear(): Promise<void>;
};

export type Checked = {
  readonly place: Place;
  readonly part: string;
  /** Null for the base's own. */
  readonly tree: Sha | null;
  readonly plan: DependencyPlan | null;
};

export async function overlayRoom(
  house: House,
  { place, part, tree, plan }: Checked,
  signal: AbortSignal,
): Promise<CheckRoom> {
  const { engine, folders } = house;
  const name = sandboxName(place, part);
  const lower = await house.layers.stack(place, tree, plan, signal);
  const uid = await house.uidOf(place.repository);
  const scratch = path.join(folders.attempt(place.run, place.attempt), `scratch-${part}`);
  await house.quotas.open(scratch, WORKSPACE_SIZE, uid);
  // Reports too: what a check runs is the change, and it may write there as much as it likes.
  const out = await emptyFolder(path.join(scratch, 'out'), uid);
  const upper = {
    folder: await emptyFolder(path.join(scratch, 'upper'), uid),
    work: await emptyFolder(path.join(scratch, 'work'), uid),
  };
  await engine.freshOverlay(name, place.run, { lower, upper });
  return {
    mounts: [
      volumeMount(name, '/workspace', true),
      folderMount(await house.layers.history(place), '/mirror'),
      folderMount(out, '/out', true),
    ],
    follow: async (check, until) => {
      const following = { ...check, room: scratch, size: WORKSPACE_SIZE };
      const { end, isOver } = await followWatched(house, following, until);
      return { end, full: isOver ? fullText(WORKSPACE_SIZE) : null };
    },
    read: () => readOut(out),
    clear: async () => {
      await engine.removeVolume(name);
      await house.quotas.close(scratch);
    },
  };
}
