/** An attempt's workspace: an empty folder over the previous tree, the dependencies and the base. */
import type { Sha } from '../../orchestrator/domain/ids.ts';
import type { Quota } from '../../orchestrator/domain/run-state.ts';
import type { DependencyPlan, Place } from '../../orchestrator/ports.ts';
import { needFreeSpace } from '../free-space.ts';
import { WORKSPACE_SIZE } from '../quota.ts';
import { emptyFolder } from '../tool.ts';
import type { House } from './house.ts';
import { sandboxName, volumeName } from './names.ts';

export async function openWorkspace(
  house: House,
  place: Place,
  previous: Sha | null,
  plan: DependencyPlan | null,
  signal: AbortSignal,
): Promise<Quota> {
  const { engine, folders } = house;
  await needFreeSpace(folders.home);
  await engine.remove(sandboxName(place, 'agent'));
  await engine.removeVolume(volumeName(place));
  // The tree of the attempt before lies in that attempt's quarantine.
  const from = previous === null ? place : { ...place, attempt: place.attempt - 1 };
  const lower = await house.layers.stack(from, previous, plan, signal);
  const uid = await house.uidOf(place.repository);
  const room = folders.workspace(place.run, place.attempt);
  const quota = await house.quotas.open(room, WORKSPACE_SIZE, uid);
  const folder = await emptyFolder(folders.upper(place.run, place.attempt), uid);
  const work = await emptyFolder(folders.work(place.run, place.attempt), uid);
  await engine.freshOverlay(volumeName(place), place.run, { lower, upper: { folder, work } });
  return quota;
}
