/** The agent's sandbox: the workspace to write in, the mirror to read, and the door to the gateway. */
import type { AgentEnd, OnLine, Place, SandboxCommand } from '../../orchestrator/ports.ts';
import { fullText, WORKSPACE_SIZE } from '../quota.ts';
import { folderMount, volumeMount } from '../tool.ts';
import type { House } from './house.ts';
import { specOf } from './launch.ts';
import { volumeName } from './names.ts';
import { networkOf, startServices, stopServices } from './services.ts';
import { followWatched } from './watched.ts';

export async function runAgent(
  house: House,
  { place, command }: { readonly place: Place; readonly command: SandboxCommand },
  onLine: OnLine,
  signal: AbortSignal,
): Promise<AgentEnd> {
  const { services = [] } = command;
  const owner = { place, part: 'agent' };
  const spec = await specOf(house, place, {
    ...command,
    part: 'agent',
    role: 'agent',
    door: true,
    network: networkOf(owner, services),
    mounts: [
      volumeMount(volumeName(place), '/workspace', true),
      folderMount(await house.layers.history(place), '/mirror'),
    ],
  });
  // One that a controller before us started has its services, with what it did to them.
  if (!(await house.engine.has(spec.name))) await startServices(house, owner, services, signal);
  await house.engine.ensure(spec);
  const room = house.folders.workspace(place.run, place.attempt);
  const { end, isOver } = await followWatched(
    house,
    { spec, room, size: WORKSPACE_SIZE, onLine },
    signal,
  );
  await stopServices(house, owner, services);
  return { ...end, full: isOver ? fullText(WORKSPACE_SIZE) : await house.quotas.full(room) };
}
