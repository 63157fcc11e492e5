/** The agent's sandbox: the workspace to write in, the mirror to read, and the door to the gateway. */
import type { OnLine, Place, SandboxCommand, SandboxEnd } from '../../orchestrator/ports.ts';
import { folderMount, volumeMount } from '../tool.ts';
import type { House } from './house.ts';
import { specOf } from './launch.ts';
import { volumeName } from './names.ts';

export async function runAgent(
  house: House,
  { place, command }: { readonly place: Place; readonly command: SandboxCommand },
  onLine: OnLine,
  signal: AbortSignal,
): Promise<SandboxEnd> {
  const spec = await specOf(house, place, {
    ...command,
    part: 'agent',
    role: 'agent',
    door: true,
    mounts: [
      volumeMount(volumeName(place), '/workspace', true),
      folderMount(house.folders.mirror(place.repository), '/mirror'),
    ],
  });
  await house.engine.ensure(spec);
  return house.engine.follow(spec, onLine, signal);
}
