/**
 * Volumes of an engine that does not see our folders, and how they are filled.
 *
 *   proofhouse-<instance>-mirror-<repository>               history, added to by carriers only
 *   proofhouse-<instance>-history-<repository>-<base>       the past of one base commit, for whoever is not ours
 *   proofhouse-<instance>-dependencies-<repository>-<key>   what the dependency commands made
 *   proofhouse-<run>-<attempt>-<part>                       a workspace: a clone that borrows its past
 */
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import path from 'node:path';
import { type RunId, Sha } from '../../orchestrator/domain/ids.ts';
import type { DependencyPlan, Place } from '../../orchestrator/ports.ts';
import { takeLease } from '../gc-leases.ts';
import { onceEach } from '../once-each.ts';
import type { Folders } from '../source/folders.ts';
import { packOf } from '../source/pack.ts';
import type { Mount } from '../spec.ts';
import { type Shop, volumeMount } from '../tool.ts';
import { sandboxName } from '../workspaces/names.ts';
import { type Held, heldIn } from './counted.ts';
import { type Errand, send } from './exchange.ts';

const LIST_BYTES_MAX = 4 * 2 ** 20;

export type Far = Shop & { readonly folders: Folders; readonly runtime: string };

export type Volumes = {
  /** Objects of the base and of what led to it, for sandboxes that run what nobody trusts. */
  history(place: Place, signal: AbortSignal): Promise<Mount>;
  /** The base commit, to read, at /workspace. */
  base(place: Place, signal: AbortSignal): Promise<Mount>;
  /** What a run had is removed, or may be from now on. */
  forget(run: RunId): void;
  /** Every branch that came over so far, with the base's: for carriers only. */
  mirror(place: Place, signal: AbortSignal): Promise<Mount>;
  hasDependencies(place: Place, plan: DependencyPlan, signal: AbortSignal): Promise<boolean>;
  keepDependencies(
    place: Place,
    plan: DependencyPlan,
    from: string,
    signal: AbortSignal,
  ): Promise<void>;
  /** An empty list without a plan. */
  layer(place: Place, plan: DependencyPlan | null): Promise<readonly Mount[]>;
  /** A fresh volume with the base, what the plan made, and what makes it the tree. Says how much that is. */
  lay(name: string, place: Place, on: Laid, signal: AbortSignal): Promise<Held>;
};

export type Laid = {
  readonly plan: DependencyPlan | null;
  /** A sealed tree, and the attempt whose quarantine it lies in. */
  readonly tree: { readonly id: Sha; readonly attempt: number } | null;
};

/** Where a carrier has the volume that it fills. */
export const filling = (source: string): Mount => ({
  ...volumeMount(source, '/var/tmp', true),
  takesRights: true,
});

type House = {
  readonly far: Far;
  /** Once for each run, until it is forgotten: what a run that goes on uses is not collected. */
  readonly once: (what: string, place: Place, make: () => Promise<void>) => Promise<void>;
};

export function openVolumes(far: Far): Volumes {
  const [one, there] = [onceEach<void>(), new Set<string>()];
  const house: House = {
    far,
    once: (what, { run, base }, make) => {
      const key = `${run} ${base} ${what}`;
      return one(key, async () => {
        if (!there.has(key)) await make();
        there.add(key);
      });
    },
  };
  return {
    mirror: (place, signal) => mirror(house, place, signal),
    history: (place, signal) => history(house, place, signal),
    base: (place, signal) => base(house, place, signal),
    layer: async (place, plan) => layer(far, place, plan),
    hasDependencies: (place, plan, signal) => hasDependencies(far, place, plan, signal),
    keepDependencies: (place, plan, from, signal) => keep(house, { place, plan, from }, signal),
    lay: (name, place, on, signal) => lay(house, { name, place, ...on }, signal),
    forget: (run) => {
      for (const key of there) if (key.startsWith(`${run} `)) there.delete(key);
    },
  };
}

/** As the folders of this machine name a repository. */
function nameFor(far: Far, place: Place, what: string): string {
  const key = path.basename(path.dirname(far.folders.mirror(place.repository)));
  return `proofhouse-${far.engine.instance}-${what}-${key}`;
}

const layerName = (far: Far, place: Place, plan: DependencyPlan): string =>
  `${nameFor(far, place, 'dependencies')}-${plan.key.slice(7, 39)}`;

const layer = (far: Far, place: Place, plan: DependencyPlan | null): readonly Mount[] =>
  plan === null ? [] : [volumeMount(layerName(far, place, plan), '/layer')];

async function mirror({ far, once }: House, place: Place, signal: AbortSignal): Promise<Mount> {
  const name = nameFor(far, place, 'mirror');
  await once(name, place, () => bringOver(far, place, name, signal));
  return volumeMount(name, '/mirror');
}

async function history(house: House, place: Place, signal: AbortSignal): Promise<Mount> {
  const { far, once } = house;
  const name = `${nameFor(far, place, 'history')}-${place.base}`;
  await takeLease(far.folders.history(place.repository, place.base), place.run);
  const from = await mirror(house, place, signal);
  await once(name, place, async () => {
    await far.engine.ensureVolume(name, null);
    const errand = { place, part: 'past', script: 'past.sh', env: { BASE: place.base } } as const;
    const mounts = [from, filling(name)];
    await send(far, { ...errand, mounts, code: 'git_failed', bytesMax: 0 }, signal);
  });
  return volumeMount(name, '/mirror');
}

/** A commit in the name: what was approved may be checked again over a base that moved on. */
async function base(house: House, place: Place, signal: AbortSignal): Promise<Mount> {
  const name = sandboxName(place, `base-${place.base.slice(0, 12)}`);
  await house.once(name, place, async () => {
    await lay(house, { name, place, plan: null, tree: null }, signal);
  });
  return volumeMount(name, '/workspace');
}

async function hasDependencies(
  far: Far,
  place: Place,
  plan: DependencyPlan,
  signal: AbortSignal,
): Promise<boolean> {
  const name = layerName(far, place, plan);
  await takeLease(far.folders.dependencies(place.repository, plan.key), place.run);
  await far.engine.ensureVolume(name, null);
  const looked = { place, part: 'look', script: 'whole.sh', code: 'engine_failed' } as const;
  const said = await send(far, { ...looked, mounts: [filling(name)], bytesMax: 16 }, signal);
  return said.toString() === 'whole\n';
}

async function keep(
  house: House,
  kept: { readonly place: Place; readonly plan: DependencyPlan; readonly from: string },
  signal: AbortSignal,
): Promise<void> {
  const { far } = house;
  const { place, plan, from } = kept;
  const name = layerName(far, place, plan);
  await far.engine.ensureVolume(name, null);
  const keeping: Errand = {
    place,
    part: 'keep',
    script: 'keep.sh',
    args: [place.run],
    env: { BASE: place.base },
    mounts: [
      await mirror(house, place, signal),
      volumeMount(from, '/workspace', true),
      filling(name),
    ],
    code: 'dependencies_failed',
    bytesMax: LIST_BYTES_MAX,
  };
  await send(far, keeping, signal);
}

async function lay(
  house: House,
  { name, place, plan, tree }: Laid & { readonly name: string; readonly place: Place },
  signal: AbortSignal,
): Promise<Held> {
  const { far } = house;
  const from = await mirror(house, place, signal);
  await far.engine.removeVolume(name);
  await far.engine.ensureVolume(name, place.run);
  const laying: Errand = {
    place,
    part: `lay-${name.slice(sandboxName(place, '').length)}`,
    script: 'lay.sh',
    env: { BASE: place.base, ...(tree === null ? {} : { TREE: tree.id }) },
    mounts: [from, ...layer(far, place, plan), filling(name)],
    code: 'git_failed',
    bytesMax: LIST_BYTES_MAX,
  };
  if (tree === null) return heldIn(await send(far, laying, signal));
  return heldIn(
    await withPack(far, place, treePack(far, place, tree), (input) =>
      send(far, { ...laying, input }, signal),
    ),
  );
}

/** The mirror on the engine is asked what it has; what it lacks goes over as one pack. */
async function bringOver(far: Far, place: Place, name: string, signal: AbortSignal): Promise<void> {
  await far.engine.ensureVolume(name, null);
  const errand = { place, part: 'mirror', mounts: [filling(name)], code: 'git_failed' } as const;
  const asking = { ...errand, script: 'has.sh', bytesMax: LIST_BYTES_MAX };
  const listed = (await send(far, asking, signal)).toString('latin1').split('\n').filter(Boolean);
  const there = listed.map((line) => Sha.parse(line));
  if (there.includes(place.base)) return;
  const mirror = far.folders.mirror(place.repository);
  const wanted = { git: mirror, borrowed: null, want: place.base, have: there };
  await withPack(far, place, wanted, (input) =>
    send(
      far,
      { ...errand, script: 'add.sh', env: { BASE: place.base }, input, bytesMax: 0 },
      signal,
    ),
  );
}

function treePack(far: Far, place: Place, { id, attempt }: NonNullable<Laid['tree']>): Wanted {
  return {
    git: far.folders.quarantine(place.run, attempt),
    borrowed: far.folders.mirror(place.repository),
    want: id,
    have: [place.base],
  };
}

type Wanted = Parameters<typeof packOf>[1];

async function withPack<T>(
  { folders }: Far,
  place: Place,
  wanted: Wanted,
  use: (pack: ReturnType<typeof createReadStream>) => Promise<T>,
): Promise<T> {
  const attempt = folders.attempt(place.run, place.attempt);
  await mkdir(attempt, { recursive: true });
  // Several checks of one attempt are laid at once.
  const folder = await mkdtemp(path.join(attempt, 'pack-'));
  try {
    return await use(createReadStream(await packOf(folder, wanted)));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
