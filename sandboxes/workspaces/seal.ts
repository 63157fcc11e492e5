/** Change out: the agent's sandbox ends, a fresh one builds the tree, the quarantine judges it. */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { DependencyPlan, Place, Workspaces } from '../../orchestrator/ports.ts';
import { type Exported, exportEnv, exportTree, takeIn } from '../export.ts';
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
  await house.leaving.over(place.run);
  const launch = await launchFolder(house.runtime, place, 'export');
  const [base, out] = await Promise.all([
    house.layers.snapshot(place, signal),
    emptyFolder(folders.out(place.run, place.attempt, 'export'), uid),
    house.quotas.again(folders.workspace(place.run, place.attempt)),
  ]);
  const after = Promise.all([
    // Every process of the agent dies with its sandbox; nothing writes while the tree is read.
    engine.remove(sandboxName(place, 'agent')),
    writeExcluded(house, place, { plan, file: path.join(launch, 'exclude') }),
  ]);
  after.catch(() => {});
  const run: Parameters<typeof exportTree>[1]['run'] = {
    ...{ name: sandboxName(place, 'export'), run: place.run, uid, role: 'exporter' },
    ...{ script: 'export.pl', env: exportEnv(place.base), workingDir: '/workspace' },
    mounts: [
      volumeMount(volumeName(place), '/workspace'),
      folderMount(folders.mirror(place.repository), '/mirror'),
      folderMount(base, '/snapshot'),
      folderMount(launch, '/run/proofhouse'),
      folderMount(out, '/out', true),
    ],
  };
  const around = { after, leave: (rest: Promise<void>) => house.leaving.add(place.run, rest) };
  const take = (exported: Exported) => takeIn(folders, place, exported);
  return exportTree(house, { run, out, around, take }, signal);
}

async function writeExcluded(
  house: House,
  place: Place,
  { plan, file }: { readonly plan: DependencyPlan | null; readonly file: string },
): Promise<void> {
  const lists = await Promise.all([
    ignoredAt(house.folders.mirror(place.repository), place.base),
    dependencyNames(house, place, plan),
  ]);
  await writeFile(file, lists.join(''), 'latin1');
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
