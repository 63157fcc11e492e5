/**
 * Layers that workspaces are stacked from: the snapshot of a base commit, what its dependency commands
 * made, and what turns it into a sealed tree. Each is made once, in a sandbox, under a name of its own,
 * and moved into place whole; after that it is only read.
 */
import { access, mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { type RunId, Sha } from '../../orchestrator/domain/ids.ts';
import type { DependencyPlan, Place } from '../../orchestrator/ports.ts';
import { takeLease } from '../gc-leases.ts';
import { onceEach } from '../once-each.ts';
import {
  emptyFolder,
  folderMount,
  runTool,
  type Shop,
  type ToolRun,
  volumeMount,
} from '../tool.ts';
import type { Folders } from './folders.ts';
import { makeHistory } from './history.ts';

export type Layers = {
  /** Folders under a workspace at this place, top to bottom. Missing ones are made, but for dependencies. */
  stack(
    place: Place,
    tree: Sha | null,
    plan: DependencyPlan | null,
    signal: AbortSignal,
  ): Promise<readonly string[]>;
  snapshot(place: Place, signal: AbortSignal): Promise<string>;
  /** Objects of the base and of what led to it, for sandboxes that run what nobody trusts. */
  history(place: Place): Promise<string>;
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
  const house = { shop, folders, once: onceEach<string>() };
  return {
    snapshot: (place, signal) => snapshot(house, place, signal),
    history: (place) => history(house, place),
    stack: async (place, tree, plan, signal) => {
      const base = await snapshot(house, place, signal);
      return [
        ...(tree === null ? [] : [await treeLayer(house, place, tree, signal)]),
        ...(plan === null ? [] : [await dependencies(house, place, plan)]),
        base,
      ];
    },
    hasDependencies: async (place, plan) => isThere(await dependencies(house, place, plan)),
    keepDependencies: async (place, plan, upper, signal) => {
      await prune(house, place, upper, signal);
      await moveIn(upper, folders.dependencies(place.repository, plan.key));
    },
  };
}

type House = {
  readonly shop: Shop;
  readonly folders: Folders;
  readonly once: ReturnType<typeof onceEach<string>>;
};

function snapshot(house: House, place: Place, signal: AbortSignal): Promise<string> {
  const { shop, folders, once } = house;
  const target = folders.snapshot(place.repository, place.base);
  return once(target, async () => {
    await takeLease(target, place.run);
    if (await isThere(target)) return target;
    const uid = await shop.uidOf(place.repository);
    const making = await emptyFolder(besideTarget(target, place.run), uid);
    const checkout: ToolRun = {
      name: toolName(place, 'checkout'),
      run: place.run,
      uid,
      role: 'checkout',
      script: 'checkout.sh',
      env: { BASE: place.base },
      mounts: [
        folderMount(folders.mirror(place.repository), '/mirror'),
        folderMount(making, '/snapshot', true),
      ],
      workingDir: '/snapshot',
      code: 'git_failed',
    };
    await runTool(shop, checkout, signal);
    return moveIn(making, target);
  });
}

function history({ folders, once }: House, { repository, base, run }: Place): Promise<string> {
  const target = folders.history(repository, base);
  return once(target, async () => {
    await takeLease(target, run);
    if (await isThere(target)) return target;
    const making = besideTarget(target, run);
    await rm(making, { recursive: true, force: true });
    const older = await olderHistories(folders.histories(repository));
    await makeHistory(making, { mirror: folders.mirror(repository), base, older });
    return moveIn(making, target);
  });
}

/** Newest first; what is being made bears the name of its run too, and is no commit. */
async function olderHistories(folder: string) {
  const found = await readdir(folder).catch(() => []);
  const dated = found.flatMap((name) => {
    const base = Sha.safeParse(name).data;
    return base === undefined ? [] : [{ base, folder: path.join(folder, name) }];
  });
  const made = await Promise.all(dated.map(async (one) => ({ one, at: await madeAt(one.folder) })));
  return made.sort((a, b) => b.at - a.at).map(({ one }) => one);
}

/** 0 for one that somebody removes meanwhile. */
function madeAt(folder: string): Promise<number> {
  return stat(folder).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  );
}

/** Leased before anybody looks whether it is there. */
async function dependencies({ folders }: House, place: Place, plan: DependencyPlan) {
  const target = folders.dependencies(place.repository, plan.key);
  await takeLease(target, place.run);
  return target;
}

function treeLayer(house: House, place: Place, tree: Sha, signal: AbortSignal): Promise<string> {
  const { shop, folders, once } = house;
  const target = folders.tree(place.repository, place.base, tree);
  return once(target, async () => {
    await takeLease(target, place.run);
    if (await isThere(target)) return target;
    const base = await snapshot(house, place, signal);
    const scratch = besideTarget(target, place.run);
    const uid = await shop.uidOf(place.repository);
    const upper = await emptyFolder(path.join(scratch, 'upper'), uid);
    const work = await emptyFolder(path.join(scratch, 'work'), uid);
    // Several checks of one attempt may be over trees of their own.
    const volume = toolName(place, `apply-${tree.slice(0, 12)}`);
    const overlay = { lower: [base], upper: { folder: upper, work } };
    await shop.engine.freshOverlay(volume, place.run, overlay);
    try {
      await runTool(shop, applying(house, { place, tree, volume, uid }), signal);
    } finally {
      await shop.engine.removeVolume(volume);
    }
    await moveIn(upper, target);
    await rm(scratch, { recursive: true, force: true });
    return target;
  });
}

type Applied = {
  readonly place: Place;
  readonly tree: Sha;
  readonly volume: string;
  readonly uid: number;
};

function applying({ folders }: House, { place, tree, volume, uid }: Applied): ToolRun {
  return {
    name: volume,
    run: place.run,
    uid,
    role: 'checkout',
    script: 'apply-tree.sh',
    env: { TREE: tree },
    mounts: [
      folderMount(folders.mirror(place.repository), '/mirror'),
      folderMount(folders.quarantine(place.run, place.attempt), '/quarantine'),
      folderMount(folders.snapshot(place.repository, place.base), '/snapshot'),
      volumeMount(volume, '/workspace', true),
    ],
    workingDir: '/workspace',
    code: 'git_failed',
  };
}

async function prune(
  { shop, folders }: House,
  place: Place,
  upper: string,
  signal: AbortSignal,
): Promise<void> {
  const pruning: ToolRun = {
    name: toolName(place, 'prune'),
    run: place.run,
    uid: await shop.uidOf(place.repository),
    role: 'dependencies',
    script: 'prune-layer.sh',
    env: { BASE: place.base },
    mounts: [
      folderMount(folders.mirror(place.repository), '/mirror'),
      folderMount(upper, '/layer', true),
    ],
    workingDir: '/layer',
    code: 'dependencies_failed',
  };
  await runTool(shop, pruning, signal);
}

function toolName(place: Place, what: string): string {
  return `proofhouse-${place.run}-${place.attempt}-${what}`;
}

/** Beside its target, on the same file system; named by the run, so that two never share one. */
function besideTarget(target: string, run: RunId): string {
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
