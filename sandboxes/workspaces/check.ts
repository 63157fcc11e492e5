/** Checks, and apps that checks drive: over a sealed tree, never over what the agent left. */
import path from 'node:path';
import type { Sha } from '../../orchestrator/domain/ids.ts';
import type { CheckCommand, CheckRun, DependencyPlan, Place } from '../../orchestrator/ports.ts';
import type { Engine } from '../docker.ts';
import { readOut } from '../out-folder.ts';
import { removeTree } from '../remove-tree.ts';
import type { SandboxSpec } from '../spec.ts';
import { emptyFolder, folderMount, keepTail, volumeMount } from '../tool.ts';
import type { House } from './house.ts';
import { specOf } from './launch.ts';
import { sandboxName } from './names.ts';

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
  const out = await emptyFolder(folders.out(place.run, place.attempt, part), house.uid);
  const lower = await house.layers.stack(place, tree, plan, signal);
  const scratch = path.join(folders.attempt(place.run, place.attempt), `scratch-${part}`);
  const upper = {
    folder: await emptyFolder(path.join(scratch, 'upper'), house.uid),
    work: await emptyFolder(path.join(scratch, 'work'), house.uid),
  };
  await engine.freshOverlay(name, place.run, { lower, upper });
  const spec = await specOf(house, place, {
    ...command,
    door: false,
    mounts: [
      volumeMount(name, '/workspace', true),
      folderMount(folders.mirror(place.repository), '/mirror'),
      folderMount(out, '/out', true),
    ],
  });
  await engine.ensure(spec);
  const tail = keepTail(TAIL_LINES);
  const clear = async (): Promise<void> => {
    await engine.remove(name);
    await engine.removeVolume(name);
    await removeTree(scratch);
  };
  let stopping: { readonly ended: Promise<CheckRun> } | undefined;
  return {
    finish: async (until) => {
      try {
        const end = await engine.follow(spec, tail.onLine, until);
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
