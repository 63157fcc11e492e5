/**
 * Layers on an engine elsewhere: volumes that all runs of a data directory share. What they take there is
 * not to be seen from here, so age decides: one that no run that goes on has a lease on goes a week after
 * its last use. A mirror goes with the last history that was made from it.
 */
import path from 'node:path';
import type { Engine } from './docker.ts';
import { EngineFault } from './engine-call.ts';
import { isLayer } from './engine-names.ts';
import type { Lives } from './gc.ts';
import { lastUse, leasesOn } from './gc-leases.ts';

const VOLUME_AGE_MS = 7 * 24 * 3_600_000;
const IN_USE = 409;
const NAME =
  /^proofhouse-[0-9a-f]{12}-(?<kind>mirror|history|dependencies)-(?<repository>[0-9a-f]{16})(?:-(?<layer>[0-9a-f]{32,64}))?$/;
const FOLDERS: Readonly<Record<string, string>> = {
  history: 'histories',
  dependencies: 'dependencies',
};

export type VolumesGc = {
  readonly home: string;
  readonly lives: Pick<Lives, 'isLive' | 'isWorkedOn'>;
  readonly now: Date;
};

/** Names of those that went, or would go. */
export async function collectVolumes(
  engine: Pick<Engine, 'mine' | 'removeVolume'>,
  options: VolumesGc,
  isDryRun: boolean,
): Promise<readonly string[]> {
  const removed: string[] = [];
  const kept: string[] = [];
  const { volumes } = await engine.mine();
  const found = volumes.flatMap((one) => {
    const { kind, repository, layer } = NAME.exec(one.name)?.groups ?? {};
    if (!isLayer(one) || kind === undefined || repository === undefined) return [];
    return [{ name: one.name, kind, repository, layer }];
  });
  // Mirrors last: whether one is needed is known by what was made from it.
  const mirrorsLast = found.toSorted(
    (a, b) => Number(a.layer === undefined) - Number(b.layer === undefined),
  );
  for (const one of mirrorsLast) {
    const isNeeded =
      one.layer === undefined
        ? kept.includes(one.repository) ||
          (await options.lives.isWorkedOn(repositoryOf(options, one)))
        : await isUsed(
            options,
            path.join(repositoryOf(options, one), FOLDERS[one.kind] ?? '', one.layer),
          );
    if (!isNeeded && (isDryRun || (await removedFrom(engine, one.name)))) removed.push(one.name);
    else kept.push(one.repository);
  }
  return removed;
}

const repositoryOf = (
  { home }: VolumesGc,
  { repository }: { readonly repository: string },
): string => path.join(home, 'repositories', repository);

async function isUsed({ lives, now }: VolumesGc, layer: string): Promise<boolean> {
  for (const run of await leasesOn(layer)) if (await lives.isLive(run)) return true;
  return now.getTime() - (await lastUse(layer)) < VOLUME_AGE_MS;
}

/** False while a sandbox has it. */
async function removedFrom(engine: Pick<Engine, 'removeVolume'>, name: string): Promise<boolean> {
  try {
    await engine.removeVolume(name);
    return true;
  } catch (thrown) {
    if (thrown instanceof EngineFault && thrown.status === IN_USE) return false;
    throw thrown;
  }
}
