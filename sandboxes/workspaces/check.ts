/** Checks, and apps that checks drive: over a sealed tree, never over what the agent left. */
import type { CheckCommand, CheckRun, Place } from '../../orchestrator/ports.ts';
import type { Engine } from '../docker.ts';
import type { SandboxSpec } from '../spec.ts';
import { keepTail } from '../tool.ts';
import type { CheckRoom } from './check-room.ts';
import type { Ground } from './house.ts';
import { specOf } from './launch.ts';
import { sandboxName } from './names.ts';
import { networkOf, startServices, stopServices } from './services.ts';

const TAIL_LINES = 200;
const STOP_MS = 30_000;

type Running = { finish(signal: AbortSignal): Promise<CheckRun>; stop(): Promise<CheckRun> };

/** A check sees the sealed tree, a writable top that is thrown away, and a place for its reports. */
export async function startCheck(
  house: Ground,
  place: Place,
  command: CheckCommand,
  makeRoom: (signal: AbortSignal) => Promise<CheckRoom>,
  signal: AbortSignal,
): Promise<Running> {
  const { engine } = house;
  const name = sandboxName(place, command.part);
  await engine.remove(name);
  const owner = { place, part: command.part };
  const { services = [] } = command;
  const room = await makeRoom(signal);
  const clear = async (): Promise<void> => {
    await engine.remove(name);
    await stopServices(house, owner, services);
    await room.clear();
  };
  try {
    await startServices(house, owner, services, signal);
  } catch (thrown) {
    await clear();
    throw thrown;
  }
  const network = networkOf(owner, services);
  const spec = await specOf(house, place, {
    ...command,
    door: false,
    network,
    mounts: room.mounts,
  });
  await engine.ensure(spec);
  const tail = keepTail(TAIL_LINES);
  let stopping: { readonly ended: Promise<CheckRun> } | undefined;
  return {
    finish: async (until) => {
      try {
        const end = await engine.follow(spec, tail.onLine, until);
        const left = await room.read();
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
