/** Checks, and apps that checks drive: over a sealed tree, never over what the agent left. */
import path from 'node:path';
import type { Sha } from '../../orchestrator/domain/ids.ts';
import type { CheckCommand, CheckRun, DependencyPlan, Place } from '../../orchestrator/ports.ts';
import type { Engine } from '../docker.ts';
import { readOut } from '../out-folder.ts';
import { fullText, WORKSPACE_SIZE } from '../quota.ts';
import type { SandboxSpec } from '../spec.ts';
import { emptyFolder, folderMount, keepTail, volumeMount } from '../tool.ts';
import type { House } from './house.ts';
import { specOf } from './launch.ts';
import { sandboxName } from './names.ts';
import { networkOf, startServices, stopServices } from './services.ts';
import { followWatched } from './watched.ts';

const TAIL_LINES = 200;
const STOP_MS = 30_000;

type Running = { finish(signal: AbortSignal): Promise<CheckRun>; stop(): Promise<CheckRun> };

/** A check sees the sealed tree, a writable top that is thrown away, and a folder for its reports. */
export async function startCheck(
  house: House,
  place: Place,
  tree: Sha,
  plan: DependencyPlan | null,
  command: CheckCommand,
  signal: AbortSignal,
): Promise<Running> {
  const { engine, folders } = house;
  const { part } = command;
  const name = sandboxName(place, part);
  await engine.remove(name);
  const lower = await house.layers.stack(place, tree, plan, signal);
  const uid = await house.uidOf(place.repository);
  const scratch = path.join(folders.attempt(place.run, place.attempt), `scratch-${part}`);
  await house.quotas.open(scratch, WORKSPACE_SIZE, uid);
  // Reports too: what a check runs is the change, and it may write there as much as it likes.
  const out = await emptyFolder(path.join(scratch, 'out'), uid);
  const upper = {
    folder: await emptyFolder(path.join(scratch, 'upper'), uid),
    work: await emptyFolder(path.join(scratch, 'work'), uid),
  };
  await engine.freshOverlay(name, place.run, { lower, upper });
  const owner = { place, part };
  const { services = [] } = command;
  const clear = async (): Promise<void> => {
    await engine.remove(name);
    await stopServices(house, owner, services);
    await engine.removeVolume(name);
    await house.quotas.close(scratch);
  };
  try {
    await startServices(house, owner, services, signal);
  } catch (thrown) {
    await clear();
    throw thrown;
  }
  const spec = await specOf(house, place, {
    ...command,
    door: false,
    network: networkOf(owner, services),
    mounts: [
      volumeMount(name, '/workspace', true),
      folderMount(await house.layers.history(place), '/mirror'),
      folderMount(out, '/out', true),
    ],
  });
  await engine.ensure(spec);
  const tail = keepTail(TAIL_LINES);
  let stopping: { readonly ended: Promise<CheckRun> } | undefined;
  return {
    finish: async (until) => {
      try {
        const following = { spec, onLine: tail.onLine, room: scratch, size: WORKSPACE_SIZE };
        const { end, isOver } = await followWatched(house, following, until);
        if (isOver) tail.lines.push(fullText(WORKSPACE_SIZE));
        const left = await readOut(out);
        return 'tooMuch' in left
          ? { end, tail: [...tail.lines, left.tooMuch], files: [] }
          : { end, tail: tail.lines, files: left.files };
      } finally {
        await clear();
      }
    },
    stop: async () => {
      stopping ??= { ended: stopApp({ engine, spec, tail, clear }) };
      return stopping.ended;
    },
  };
}

type App = {
  readonly engine: Engine;
  readonly spec: SandboxSpec;
  readonly tail: ReturnType<typeof keepTail>;
  readonly clear: () => Promise<void>;
};

async function stopApp({ engine, spec, tail, clear }: App): Promise<CheckRun> {
  try {
    await engine.kill(spec.name);
    const end = await engine.follow(spec, tail.onLine, AbortSignal.timeout(STOP_MS));
    return { end, tail: tail.lines, files: [] };
  } finally {
    await clear();
  }
}
