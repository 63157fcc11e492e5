/**
 * Clears away what no run needs: on the engine and on this machine, of a controller that was killed at
 * any moment.
 *
 *   a run that somebody drives        is left alone, whoever it is
 *   over, waiting, or not known       everything of it goes
 *   goes on and nobody drives it      what its phase needs stays for the next controller, which adopts
 *                                     it; what ran longer than it may is ended; the rest goes
 *
 * A run is held while its things are removed, so nobody begins to drive it in between. An engine that
 * gives no list is not an engine without sandboxes: then nothing is concluded.
 */
import type { RunId } from '../orchestrator/domain/ids.ts';
import { nextStep } from '../orchestrator/domain/run.ts';
import type { RunState } from '../orchestrator/domain/run-state.ts';
import type { Reaped, Removed } from '../orchestrator/ports/upkeep.ts';
import type { Lease, Store } from '../orchestrator/ports.ts';
import type { Engine } from './docker.ts';
import { DOCTOR_RUN, type Found, isLayer, type Thing } from './engine-names.ts';
import type { HostLeft } from './host-left.ts';
import { isUnderWay } from './looks.ts';

/** Removals that may fail in one go before the rest is left for the next. */
const FAILURES_MAX = 3;
const RENEW_MS = 10_000;

export type ReaperOptions = {
  readonly engine: Pick<Engine, 'mine' | 'kill' | 'remove' | 'removeVolume'>;
  readonly host: HostLeft;
  readonly journal: Pick<Store, 'hold' | 'renew' | 'release'> & {
    /** Null for a run that there is not. */
    state(run: RunId): Promise<RunState | null>;
  };
  /** Removes everything of a run but its sealed changes. */
  readonly discard: (run: RunId) => Promise<void>;
};

export type Plan = {
  /** Why everything goes; null when something stays. */
  readonly everything: string | null;
  /** Sandboxes to end and keep: whoever adopts them sees how they ended. */
  readonly end: Found['sandboxes'];
  readonly sandboxes: Found['sandboxes'];
  readonly volumes: Found['volumes'];
};

/** What goes of a run that nobody drives. Pure. */
export function planFor(state: RunState | null, own: Found): Plan {
  const everything = whyOver(state);
  if (state === null || everything !== null) return { everything, end: [], ...own };
  const isNeeded = neededIn(state);
  return {
    everything,
    end: own.sandboxes.filter((one) => isNeeded(one) && one.isPastLimit),
    sandboxes: own.sandboxes.filter((one) => !isNeeded(one)),
    volumes: own.volumes.filter((one) => !isNeeded(one)),
  };
}

function whyOver(state: RunState | null): string | null {
  if (state === null) return 'there is no such run';
  if (nextStep(state) !== null) return null;
  return state.phase === 'done' ? 'its run is over' : 'its run waits for a person';
}

/** Tools of ours are begun anew by whoever needs them; one that was left half-way is not trusted. */
const TOOLS = new Set([
  ...['checkout', 'dependencies', 'exporter', 'apply', 'prune', 'export'],
  ...['carrier', 'relay'],
]);

function neededIn(state: RunState): (thing: Thing) => boolean {
  if (state.phase === 'working') {
    // A tool may be named for what it is about too, as in `apply-1234`.
    return ({ attempt, role }) =>
      attempt === state.attempt && !TOOLS.has(role.split('-')[0] ?? role);
  }
  if (state.phase === 'sealing') {
    return ({ attempt, role }) => attempt === state.attempt && role === 'workspace';
  }
  return () => false;
}

export function openReaper(options: ReaperOptions): () => Promise<Reaped> {
  return async () => {
    const found = withoutLayers(await options.engine.mine());
    const elsewhere = await options.host.runs();
    const removed: Removed[] = [];
    const failed: { run: RunId | null; error: unknown }[] = [];
    for (const run of runsOf(found, elsewhere)) {
      try {
        await reapRun(options, { run, own: of(found, run) }, (one) => removed.push(one));
      } catch (error) {
        failed.push({ run, error });
        if (failed.length >= FAILURES_MAX) break;
      }
    }
    await options.host.removeLooks();
    return { removed, failed };
  };
}

type OfRun = { readonly run: RunId | null; readonly own: Found };
type Tell = (removed: Removed) => unknown;

async function reapRun(options: ReaperOptions, { run, own }: OfRun, tell: Tell): Promise<void> {
  const { journal } = options;
  if (run === null) return act(options, { run, own, plan: planFor(null, own) }, tell);
  const lease = await journal.hold(run);
  // A large folder takes longer to remove than a lease lasts.
  const renewing = setInterval(() => {
    if (lease !== null) void journal.renew(lease).catch(() => {});
  }, RENEW_MS);
  try {
    const state = await journal.state(run);
    // Not ours to hold, and there is such a run: somebody drives it.
    if (lease === null && state !== null) return;
    const held = withLease(options, lease);
    await act(held, { run, own, plan: planFor(state, own) }, tell);
  } finally {
    clearInterval(renewing);
    if (lease !== null) await journal.release(lease);
  }
}

/** Asks before every step whether the run is still ours: an engine may answer slower than a lease lasts. */
function withLease(options: ReaperOptions, lease: Lease | null): ReaperOptions {
  if (lease === null) return options;
  const { engine, journal, discard } = options;
  const still =
    <A extends unknown[]>(act: (...args: A) => Promise<void>) =>
    async (...args: A): Promise<void> => {
      if (!(await journal.renew(lease))) throw new Error(`the lease of ${lease.run} was lost`);
      await act(...args);
    };
  return {
    ...options,
    engine: {
      mine: engine.mine,
      kill: still(engine.kill),
      remove: still(engine.remove),
      removeVolume: still(engine.removeVolume),
    },
    discard: still(discard),
  };
}

async function act(
  { engine, host, discard }: ReaperOptions,
  { run, own, plan }: OfRun & { readonly plan: Plan },
  tell: Tell,
): Promise<void> {
  const why = plan.everything ?? 'its run goes on without it';
  for (const { id, name } of plan.end) {
    await engine.kill(id);
    tell({ run, what: name, why: 'it ran longer than it may' });
  }
  // By id: another of this name that was made since is somebody's.
  for (const { id, name } of plan.sandboxes) {
    await engine.remove(id);
    tell({ run, what: name, why });
  }
  for (const { name } of plan.volumes) {
    await engine.removeVolume(name);
    tell({ run, what: name, why });
  }
  if (run === null || plan.everything === null) return;
  const isOnHost = own.sandboxes.length + own.volumes.length === 0;
  await discard(run);
  await host.remove(run);
  if (isOnHost) tell({ run, what: 'folders', why });
}

/** What all runs share is no run's to clear away: it goes by its age. */
function withoutLayers({ sandboxes, volumes }: Found): Found {
  return {
    // Somebody looks at the engine, now, and takes its sandbox away. One that is left is no run's.
    sandboxes: sandboxes
      .filter(
        ({ run, isPastLimit, name }) => run !== DOCTOR_RUN || isPastLimit || !isUnderWay(name),
      )
      .map((one) => (one.run === DOCTOR_RUN ? { ...one, run: null } : one)),
    volumes: volumes.filter((one) => !isLayer(one)),
  };
}

function runsOf(found: Found, elsewhere: readonly RunId[]): (RunId | null)[] {
  const all = [...found.sandboxes, ...found.volumes].map(({ run }) => run);
  // What looks at the engine left on this machine is found by its process, below.
  return [...new Set([...all, ...elsewhere.filter((run) => run !== DOCTOR_RUN)])];
}

function of({ sandboxes, volumes }: Found, run: RunId | null): Found {
  return {
    sandboxes: sandboxes.filter((one) => one.run === run),
    volumes: volumes.filter((one) => one.run === run),
  };
}
