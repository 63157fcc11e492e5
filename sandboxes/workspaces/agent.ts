/** The agent's sandbox: the workspace to write in, the mirror to read, and the door to the gateway. */
import type { OnLine, Place, SandboxCommand, SandboxEnd } from '../../orchestrator/ports.ts';
import { folderMount, volumeMount } from '../tool.ts';
import type { House } from './house.ts';
import { specOf } from './launch.ts';
import { volumeName } from './names.ts';
import { networkOf, startServices, stopServices } from './services.ts';

export async function runAgent(
  house: House,
  { place, command }: { readonly place: Place; readonly command: SandboxCommand },
  onLine: OnLine,
  signal: AbortSignal,
): Promise<SandboxEnd> {
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
      folderMount(house.folders.mirror(place.repository), '/mirror'),
    ],
  });
  // One that a controller before us started has its services, with what it did to them.
  if (!(await house.engine.has(spec.name))) await startServices(house, owner, services, signal);
  await house.engine.ensure(spec);
  const end = await house.engine.follow(spec, onLine, signal);
  await stopServices(house, owner, services);
  return end;
}
