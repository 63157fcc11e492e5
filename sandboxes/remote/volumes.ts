/**
 * Volumes of an engine that does not see our folders, and how they are filled.
 *
 *   proofhouse-<instance>-mirror-<repository>               history, added to by carriers only
 *   proofhouse-<instance>-dependencies-<repository>-<key>   what the dependency commands made
 *   proofhouse-<run>-<attempt>-<part>                       a workspace: a clone that borrows the mirror
 */
import { createReadStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { Sha } from '../../orchestrator/domain/ids.ts';
import type { DependencyPlan, Place } from '../../orchestrator/ports.ts';
import { onceEach } from '../once-each.ts';
import type { Folders } from '../source/folders.ts';
import { packOf } from '../source/pack.ts';
import type { Mount } from '../spec.ts';
import { type Shop, volumeMount } from '../tool.ts';
import { sandboxName } from '../workspaces/names.ts';
import { type Errand, send } from './exchange.ts';

const LIST_BYTES_MAX = 4 * 2 ** 20;

export type Far = Shop & { readonly folders: Folders; readonly runtime: string };

export type Volumes = {
  /** Brings the base's history over, as far as it is not there. */
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
  /** A fresh volume with the base, what the plan made, and what makes it the tree. */
  lay(name: string, place: Place, on: Laid, signal: AbortSignal): Promise<void>;
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

export function openVolumes(far: Far): Volumes {
  const { engine } = far;
  const key = (repository: string): string =>
    path.basename(path.dirname(far.folders.mirror(repository)));
  const mirrorName = (place: Place): string =>
    `proofhouse-${engine.instance}-mirror-${key(place.repository)}`;
  const layerName = (place: Place, plan: DependencyPlan): string =>
    `proofhouse-${engine.instance}-dependencies-${key(place.repository)}-${plan.key.slice(7, 39)}`;
  const once = onceEach<void>();
  const mirror: Volumes['mirror'] = async (place, signal) => {
    const name = mirrorName(place);
    await once(`${name} ${place.base}`, () => bringOver(far, place, name, signal));
    return volumeMount(name, '/mirror');
  };
  const layer: Volumes['layer'] = async (place, plan) =>
    plan === null ? [] : [volumeMount(layerName(place, plan), '/layer')];
  return {
    mirror,
    layer,
    hasDependencies: async (place, plan, signal) => {
      await engine.ensureVolume(layerName(place, plan), null);
      const looked = { place, part: 'look', script: 'whole.sh', code: 'engine_failed' } as const;
      const mounts = [filling(layerName(place, plan))];
      const said = await send(far, { ...looked, mounts, bytesMax: 16 }, signal);
      return said.toString() === 'whole\n';
    },
    keepDependencies: async (place, plan, from, signal) => {
      await engine.ensureVolume(layerName(place, plan), null);
      const keeping: Errand = {
        place,
        part: 'keep',
        script: 'keep.sh',
        args: [place.run],
        env: { BASE: place.base },
        mounts: [
          await mirror(place, signal),
          volumeMount(from, '/workspace', true),
          filling(layerName(place, plan)),
        ],
        code: 'dependencies_failed',
        bytesMax: LIST_BYTES_MAX,
      };
      await send(far, keeping, signal);
    },
    lay: async (name, place, { plan, tree }, signal) => {
      const mounts = [await mirror(place, signal), ...(await layer(place, plan)), filling(name)];
      await engine.removeVolume(name);
      await engine.ensureVolume(name, place.run);
      const laying: Errand = {
        place,
        part: `lay-${name.slice(sandboxName(place, '').length)}`,
        script: 'lay.sh',
        env: { BASE: place.base, ...(tree === null ? {} : { TREE: tree.id }) },
        mounts,
        code: 'git_failed',
        bytesMax: LIST_BYTES_MAX,
      };
      if (tree === null) await send(far, laying, signal);
      else
        await withPack(far, place, treePack(far, place, tree), (input) =>
          send(far, { ...laying, input }, signal),
        );
    },
  };
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

async function withPack(
  { folders }: Far,
  place: Place,
  wanted: Wanted,
  use: (pack: ReturnType<typeof createReadStream>) => Promise<unknown>,
): Promise<void> {
  const folder = path.join(folders.attempt(place.run, place.attempt), 'pack');
  await mkdir(folder, { recursive: true });
  try {
    await use(createReadStream(await packOf(folder, wanted)));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
