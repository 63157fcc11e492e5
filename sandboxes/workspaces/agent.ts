/** The agent's sandbox: the workspace to write in, the mirror to read, and the door to the gateway. */
import type { AgentEnd, OnLine, Place, SandboxCommand } from '../../orchestrator/ports.ts';
import { fullText, WORKSPACE_SIZE } from '../quota.ts';
import type { Mount, SandboxSpec } from '../spec.ts';
import { folderMount, volumeMount } from '../tool.ts';
import type { Ground, House } from './house.ts';
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
  const history = folderMount(await house.layers.history(place), '/mirror');
  const room = house.folders.workspace(place.run, place.attempt);
  const follow = async (spec: SandboxSpec) => {
    await house.engine.ensure(spec);
    const following = { spec, room, size: WORKSPACE_SIZE, onLine };
    return followWatched(house, following, signal);
  };
  const { end, isOver } = await amongServices(house, { place, command, history, follow }, signal);
  return { ...end, full: isOver ? fullText(WORKSPACE_SIZE) : await house.quotas.full(room) };
}

type Among<End> = {
  readonly place: Place;
  readonly command: SandboxCommand;
  /** The past of the base commit. */
  readonly history: Mount;
  /** Starts the agent unless it is there, and follows it to its end. */
  readonly follow: (spec: SandboxSpec) => Promise<End>;
};

/** Wherever the workspace lies: an agent's sandbox with its services before, and without them after. */
export async function amongServices<End>(
  house: Ground,
  { place, command, history, follow }: Among<End>,
  signal: AbortSignal,
): Promise<End> {
  const { services = [] } = command;
  const owner = { place, part: 'agent' };
  const network = networkOf(owner, services);
  const mounts = [volumeMount(volumeName(place), '/workspace', true), history];
  const own = { part: 'agent', role: 'agent', door: true } as const;
  const spec = await specOf(house, place, { ...command, ...own, network, mounts });
  // One that a controller before us started has its services, with what it did to them.
  if (!(await house.engine.has(spec.name))) await startServices(house, owner, services, signal);
  const end = await follow(spec);
  await stopServices(house, owner, services);
  return end;
}
