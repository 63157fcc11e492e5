/** Checks, and apps that checks drive: over a sealed tree, never over what the agent left. */
import type { CheckCommand, CheckRun, SandboxEnd, Workspaces } from '../../orchestrator/ports.ts';
import type { Engine } from '../docker.ts';
import type { SandboxSpec } from '../spec.ts';
import { keepTail } from '../tool.ts';
import type { Checked, CheckRoom } from './check-room.ts';
import type { Ground } from './house.ts';
import { specOf } from './launch.ts';
import { sandboxName } from './names.ts';
import { networkOf, startServices, stopServices } from './services.ts';

const TAIL_LINES = 200;
const STOP_MS = 30_000;

type Running = { finish(signal: AbortSignal): Promise<CheckRun>; stop(): Promise<CheckRun> };

/** What a check is given, wherever that lies. */
export type MakeRoom = (checked: Checked, signal: AbortSignal) => Promise<CheckRoom>;

export function checksBy(house: Ground, makeRoom: MakeRoom): Pick<Workspaces, 'check' | 'serve'> {
  const start = (...[place, tree, plan, command, signal]: Parameters<Workspaces['check']>) => {
    const checked = { place, part: command.part, tree, plan };
    return startCheck(house, { checked, command, makeRoom }, signal);
  };
  return {
    check: async (...given) => {
      const running = await start(...given);
      return running.finish(given[4]);
    },
    serve: async (...given) => {
      const running = await start(...given);
      return { stop: () => running.stop() };
    },
  };
}

type Starting = {
  readonly checked: Checked;
  readonly command: CheckCommand;
  readonly makeRoom: MakeRoom;
};

/** A check sees the sealed tree, a writable top that is thrown away, and a place for its reports. */
async function startCheck(
  house: Ground,
  { checked, command, makeRoom }: Starting,
  signal: AbortSignal,
): Promise<Running> {
  const { engine } = house;
  const { place, part } = checked;
  const name = sandboxName(place, part);
  const owner = { place, part };
  const { services = [] } = command;
  await engine.remove(name);
  const room = await makeRoom(checked, signal);
  const clear = async (): Promise<void> => {
    await engine.remove(name);
    await stopServices(house, owner, services);
    await room.clear();
  };
  try {
    await startServices(house, owner, services, signal);
    const network = networkOf(owner, services);
    const { mounts } = room;
    const spec = await specOf(house, place, { ...command, door: false, network, mounts });
    await engine.ensure(spec);
    return running({ engine, spec, room, tail: keepTail(TAIL_LINES), clear });
  } catch (thrown) {
    await clear();
    throw thrown;
  }
}

type Started = {
  readonly engine: Engine;
  readonly spec: SandboxSpec;
  readonly room: CheckRoom;
  readonly tail: ReturnType<typeof keepTail>;
  readonly clear: () => Promise<void>;
};

/** Followed from its start, so that whoever counts what it writes counts what an app writes too. */
function running(started: Started): Running {
  const { engine, spec, room, tail, clear } = started;
  const leave = new AbortController();
  const followed = room.follow({ spec, onLine: tail.onLine }, leave.signal);
  // Awaited below whatever happens; a failure in between must not go unheard.
  followed.catch(() => {});
  const ended = async (until: AbortSignal): Promise<SandboxEnd> => {
    const stop = (): void => leave.abort(until.reason);
    if (until.aborted) stop();
    until.addEventListener('abort', stop, { once: true });
    try {
      const { end, full } = await followed;
      if (full !== null) tail.lines.push(full);
      return end;
    } finally {
      until.removeEventListener('abort', stop);
    }
  };
  let stopping: { readonly ended: Promise<CheckRun> } | undefined;
  return {
    finish: async (until) => {
      try {
        const end = await ended(until);
        const left = await room.read();
        return 'tooMuch' in left
          ? { end, tail: [...tail.lines, left.tooMuch], files: [] }
          : { end, tail: tail.lines, files: left.files, left: left.left };
      } finally {
        await clear();
      }
    },
    stop: async () => {
      stopping ??= { ended: stopApp({ engine, spec, tail, clear }, ended) };
      return stopping.ended;
    },
  };
}

async function stopApp(
  { engine, spec, tail, clear }: Pick<Started, 'engine' | 'spec' | 'tail' | 'clear'>,
  ended: (until: AbortSignal) => Promise<SandboxEnd>,
): Promise<CheckRun> {
  try {
    await engine.kill(spec.name);
    const end = await ended(AbortSignal.timeout(STOP_MS));
    return { end, tail: tail.lines, files: [] };
  } finally {
    await clear();
  }
}
