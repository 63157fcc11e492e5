/** Change out: the agent's sandbox ends, a fresh one builds the tree, the quarantine judges it. */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { DependencyPlan, Place, Workspaces } from '../../orchestrator/ports.ts';
import { exportEnv, exportTree, takeIn } from '../export.ts';
import { exactly, foldersAt, ignoredAt, untrackedIn } from '../source/ignore.ts';
import { emptyFolder, folderMount, volumeMount } from '../tool.ts';
import type { House } from './house.ts';
import { launchFolder } from './launch.ts';
import { sandboxName, volumeName } from './names.ts';

export async function seal(
  house: House,
  place: Place,
  plan: DependencyPlan | null,
  signal: AbortSignal,
): ReturnType<Workspaces['seal']> {
  const { engine, folders } = house;
  const uid = await house.uidOf(place.repository);
  // Every process of the agent dies with its sandbox; nothing writes while the tree is read.
  const gone = engine.remove(sandboxName(place, 'agent'));
  gone.catch(() => {});
  const [ignored, made, base, out, launch] = await Promise.all([
    ignoredAt(folders.mirror(place.repository), place.base),
    dependencyNames(house, place, plan),
    house.layers.snapshot(place, signal),
    emptyFolder(folders.out(place.run, place.attempt, 'export'), uid),
    launchFolder(house.runtime, place, 'export'),
    house.quotas.again(folders.workspace(place.run, place.attempt)),
  ]);
  await writeFile(path.join(launch, 'exclude'), `${ignored}${made}`, 'latin1');
  return exportTree(
    house,
    {
      name: sandboxName(place, 'export'),
      run: place.run,
      uid,
      role: 'exporter',
      script: 'export.pl',
      env: exportEnv(place.base),
      mounts: [
        volumeMount(volumeName(place), '/workspace'),
        folderMount(folders.mirror(place.repository), '/mirror'),
        folderMount(base, '/snapshot'),
        folderMount(launch, '/run/proofhouse'),
        folderMount(out, '/out', true),
      ],
      workingDir: '/workspace',
      out,
      after: gone,
    },
    (exported) => takeIn(folders, place, exported),
    signal,
  );
}

/** What the dependency commands made is no part of a change, folder by folder. */
async function dependencyNames(
  house: House,
  place: Place,
  plan: DependencyPlan | null,
): Promise<string> {
  if (plan === null) return '';
  const tracked = await foldersAt(house.folders.mirror(place.repository), place.base);
  const layer = house.folders.dependencies(place.repository, plan.key);
  const names = await untrackedIn(layer, tracked);
  return names.map((name) => `${exactly(name)}\n`).join('');
}
