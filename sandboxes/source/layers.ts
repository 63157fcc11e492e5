/**
 * Layers that workspaces are stacked from: the snapshot of a base commit, what its dependency commands
 * made, and what turns it into a sealed tree. Each is made once, in a sandbox, under a name of its own,
 * and moved into place whole; after that it is only read.
 */
import { access, mkdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import type { RunId, Sha } from '../../orchestrator/domain/ids.ts';
import type { DependencyPlan, Place } from '../../orchestrator/ports.ts';
import { onceEach } from '../once-each.ts';
import { emptyFolder, folderMount, runTool, type Shop, volumeMount } from '../tool.ts';
import type { Folders } from './folders.ts';

export type Layers = {
  /** Folders under a workspace at this place, top to bottom. Missing ones are made, but for dependencies. */
  stack(
    place: Place,
    tree: Sha | null,
    plan: DependencyPlan | null,
    signal: AbortSignal,
  ): Promise<readonly string[]>;
  snapshot(place: Place, signal: AbortSignal): Promise<string>;
  hasDependencies(place: Place, plan: DependencyPlan): Promise<boolean>;
  /** Takes over what the dependency commands wrote to `upper`. */
  keepDependencies(
    place: Place,
    plan: DependencyPlan,
    upper: string,
    signal: AbortSignal,
  ): Promise<void>;
};

export function openLayers(shop: Shop, folders: Folders): Layers {
  const once = onceEach<string>();
  const toolName = (place: Place, what: string): string =>
    `proofhouse-${place.run}-${place.attempt}-${what}`;

  const snapshot = (place: Place, signal: AbortSignal): Promise<string> => {
    const target = folders.snapshot(place.repository, place.base);
    return once(target, async () => {
      if (await isThere(target)) return target;
      const making = await emptyFolder(making_(target, place.run), shop.uid);
      await runTool(
        shop,
        {
          name: toolName(place, 'checkout'),
          run: place.run,
          role: 'checkout',
          script: 'checkout.sh',
          env: { BASE: place.base },
          mounts: [
            folderMount(folders.mirror(place.repository), '/mirror'),
            folderMount(making, '/snapshot', true),
          ],
          workingDir: '/snapshot',
          code: 'git_failed',
        },
        signal,
      );
      return moveIn(making, target);
    });
  };

  const below = async (
    place: Place,
    plan: DependencyPlan | null,
    signal: AbortSignal,
  ): Promise<string[]> => {
    const base = await snapshot(place, signal);
    return plan === null ? [base] : [folders.dependencies(place.repository, plan.key), base];
  };

  const treeLayer = (place: Place, tree: Sha, signal: AbortSignal): Promise<string> => {
    const target = folders.tree(place.repository, place.base, tree);
    return once(target, async () => {
      if (await isThere(target)) return target;
      const base = await snapshot(place, signal);
      const scratch = making_(target, place.run);
      const upper = await emptyFolder(path.join(scratch, 'upper'), shop.uid);
      const work = await emptyFolder(path.join(scratch, 'work'), shop.uid);
      const volume = toolName(place, 'apply');
      await shop.engine.freshOverlay(volume, place.run, {
        lower: [base],
        upper: { folder: upper, work },
      });
      try {
        await runTool(
          shop,
          {
            name: volume,
            run: place.run,
            role: 'checkout',
            script: 'apply-tree.sh',
            env: { TREE: tree },
            mounts: [
              folderMount(folders.mirror(place.repository), '/mirror'),
              folderMount(folders.quarantine(place.run, place.attempt), '/quarantine'),
              folderMount(base, '/snapshot'),
              volumeMount(volume, '/workspace', true),
            ],
            workingDir: '/workspace',
            code: 'git_failed',
          },
          signal,
        );
      } finally {
        await shop.engine.removeVolume(volume);
      }
      await moveIn(upper, target);
      await rm(scratch, { recursive: true, force: true });
      return target;
    });
  };

  return {
    snapshot,
    stack: async (place, tree, plan, signal) => {
      const lower = await below(place, plan, signal);
      return tree === null ? lower : [await treeLayer(place, tree, signal), ...lower];
    },
    hasDependencies: (place, plan) => isThere(folders.dependencies(place.repository, plan.key)),
    keepDependencies: async (place, plan, upper, signal) => {
      await runTool(
        shop,
        {
          name: toolName(place, 'prune'),
          run: place.run,
          role: 'dependencies',
          script: 'prune-layer.sh',
          env: { BASE: place.base },
          mounts: [
            folderMount(folders.mirror(place.repository), '/mirror'),
            folderMount(upper, '/layer', true),
          ],
          workingDir: '/layer',
          code: 'dependencies_failed',
        },
        signal,
      );
      await moveIn(upper, folders.dependencies(place.repository, plan.key));
    },
  };
}

/** Beside its target, on the same file system; named by the run, so that two never share one. */
function making_(target: string, run: RunId): string {
  return `${target}.${run}`;
}

/** Whoever comes second finds the layer there and drops its own: both are the same. */
async function moveIn(making: string, target: string): Promise<string> {
  await mkdir(path.dirname(target), { recursive: true });
  await rename(making, target).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    await rm(making, { recursive: true, force: true });
  });
  return target;
}

function isThere(folder: string): Promise<boolean> {
  return access(folder).then(
    () => true,
    () => false,
  );
}
