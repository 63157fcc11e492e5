/**
 * Workspaces on an engine that does not see our folders: Docker Desktop, another host.
 *
 * Nothing is mounted from here. A workspace is a volume with a clone that borrows the mirror's objects,
 * and the mirror is a volume too. Everything goes in and comes out by the standard streams of
 * carriers, which run our scripts only; a relay beside the agent carries the gateway's socket.
 * What is the same as beside us: one port, one network of nothing, one way to seal.
 */
import path from 'node:path';
import { asFault } from '../../orchestrator/domain/faults.ts';
import type {
  AgentEnd,
  DependencyPlan,
  OnLine,
  Place,
  SandboxCommand,
  SandboxEnd,
  Workspaces,
} from '../../orchestrator/ports.ts';
import { onceEach } from '../once-each.ts';
import { fullText, WORKSPACE_SIZE } from '../quota.ts';
import type { SandboxSpec } from '../spec.ts';
import { volumeMount } from '../tool.ts';
import { amongServices } from '../workspaces/agent.ts';
import { checksBy } from '../workspaces/check.ts';
import { dependenciesSpec, LAYER_SIZE, tooLarge } from '../workspaces/dependencies.ts';
import { discard } from '../workspaces/discard.ts';
import type { Ground, WorkspacesOptions } from '../workspaces/house.ts';
import { launchFolder } from '../workspaces/launch.ts';
import { sandboxName, volumeName } from '../workspaces/names.ts';
import { clonedRoom } from './check-room.ts';
import { followCounted, keepHeld, keptHeld } from './counted.ts';
import { launchName, openRelay } from './door.ts';
import { send } from './exchange.ts';
import { sealFrom } from './seal.ts';
import { filling, openVolumes, type Volumes } from './volumes.ts';

type House = WorkspacesOptions & Ground & { readonly volumes: Volumes };

export function openRemoteWorkspaces(options: WorkspacesOptions): Workspaces {
  const volumes = openVolumes(options);
  const house: House = {
    ...options,
    volumes,
    launch: launchIn(options),
    base: volumes.base,
  };
  const once = onceEach<SandboxEnd>();
  return {
    socketPath: (place, part) => socketPath(house, place, part),
    hasDependencies: volumes.hasDependencies,
    buildDependencies: (place, plan, onLine, signal) =>
      once(`${place.repository} ${plan.key}`, async () =>
        (await volumes.hasDependencies(place, plan, signal))
          ? { ended: 'exited', exitCode: 0, wallMs: 0 }
          : build(house, { place, plan }, onLine, signal),
      ),
    open: async (place, previous, plan, signal) => {
      await house.engine.remove(sandboxName(place, 'agent'));
      const tree = previous === null ? null : { id: previous, attempt: place.attempt - 1 };
      const held = await volumes.lay(volumeName(place), place, { plan, tree }, signal);
      await keepHeld(laidFile(house, place), held);
      return { kind: 'watched', ...WORKSPACE_SIZE };
    },
    runAgent: (place, command, onLine, signal) =>
      runAgent(house, { place, command }, onLine, signal),
    seal: (place, plan, signal) => sealFrom(house, volumes, { place, plan }, signal),
    ...checksBy(house, (checked, until) => clonedRoom(house, volumes, checked, until)),
    discard: async (run) => {
      volumes.forget(run);
      await discard(house, run);
    },
  };
}

const socketPath = async (house: House, place: Place, part: string): Promise<string> =>
  path.join(await launchFolder(house.runtime, place, part), 'gateway.sock');

/** A file of a few lines. */
const LAUNCH_MS = 60_000;

/** What the workspace held when it was opened, for the controller that adopts its agent too. */
const laidFile = ({ folders }: House, { run, attempt }: Place): string =>
  path.join(folders.attempt(run, attempt), 'laid');

/** What to start goes into a volume, which only the relay writes to after that. */
function launchIn(options: WorkspacesOptions): Ground['launch'] {
  return async ({ place, part }, file) => {
    const name = launchName(place, part);
    await options.engine.ensureVolume(name, place.run);
    const filled = {
      place,
      part: `${part}-fill`,
      script: 'launch.sh',
      mounts: [filling(name)],
      input: Buffer.from(file),
      code: 'engine_failed',
      bytesMax: 0,
      wallMs: LAUNCH_MS,
    } as const;
    await send(options, filled, new AbortController().signal);
    return volumeMount(name, '/run/proofhouse');
  };
}

async function runAgent(
  house: House,
  { place, command }: { readonly place: Place; readonly command: SandboxCommand },
  onLine: OnLine,
  signal: AbortSignal,
): Promise<AgentEnd> {
  const history = await house.volumes.history(place, signal);
  const laid = await keptHeld(laidFile(house, place));
  const bounds = { volumes: [volumeName(place)], laid, size: WORKSPACE_SIZE } as const;
  const follow = (spec: SandboxSpec) =>
    behindRelay(
      house,
      { place, part: 'agent', spec },
      () => followCounted(house, { place, spec, ...bounds }, onLine, signal),
      signal,
    );
  const { end, isOver } = await amongServices(house, { place, command, history, follow }, signal);
  return { ...end, full: isOver ? fullText(WORKSPACE_SIZE) : null };
}

async function build(
  house: House,
  { place, plan }: { readonly place: Place; readonly plan: DependencyPlan },
  onLine: OnLine,
  signal: AbortSignal,
): Promise<SandboxEnd> {
  const { engine, volumes } = house;
  const volume = sandboxName(place, 'dependencies');
  const cache = `${volume}-out`;
  await engine.remove(volume);
  try {
    const laid = await volumes.lay(volume, place, { plan: null, tree: null }, signal);
    await engine.removeVolume(cache);
    await engine.ensureVolume(cache, place.run);
    const rights = { place, part: 'dependencies-out', script: 'nothing.sh', bytesMax: 0 } as const;
    await send(house, { ...rights, mounts: [filling(cache)], code: 'engine_failed' }, signal);
    const spec = await dependenciesSpec(house, place, plan, [
      volumeMount(volume, '/workspace', true),
      await volumes.history(place, signal),
      volumeMount(cache, '/out', true),
    ]);
    const counted = { place, spec, volumes: [volume, cache], laid, size: LAYER_SIZE } as const;
    const { end, isOver } = await behindRelay(
      house,
      { place, part: 'dependencies', spec },
      () => followCounted(house, counted, onLine, signal),
      signal,
    );
    await engine.remove(volume);
    if (isOver) throw tooLarge();
    if (end.ended === 'exited' && end.exitCode === 0)
      await volumes.keepDependencies(place, plan, volume, signal);
    return end;
  } finally {
    await engine.remove(volume);
    await engine.removeVolume(volume);
    await engine.removeVolume(cache);
  }
}

type Behind = { readonly place: Place; readonly part: string; readonly spec: SandboxSpec };

/** A sandbox whose relay broke would wait for a gateway that never answers, so it ends with it. */
async function behindRelay<End>(
  house: House,
  { place, part, spec }: Behind,
  follow: () => Promise<End>,
  signal: AbortSignal,
): Promise<End> {
  const to = await socketPath(house, place, part);
  const { wallMs } = spec.limits;
  const relay = await openRelay(house, { place, part, to, wallMs });
  try {
    await house.engine.ensure(spec);
    return await Promise.race([follow(), relay.broken]);
  } catch (thrown) {
    // An engine that went away comes back with the agent as it was; whoever adopts it brings a relay.
    const isAway = asFault(thrown).code === 'docker_missing';
    if (!signal.aborted && !isAway) await house.engine.kill(spec.name);
    throw thrown;
  } finally {
    await relay.close();
  }
}
