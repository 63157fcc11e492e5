/**
 * Drives one run until a person must decide or nothing is left to do.
 *
 * An event is durable before anything acts on it, so a crash anywhere in here repeats at most one
 * stage; every stage is therefore safe to repeat. The lease fences every write: a controller that
 * was thought dead and comes back writes nothing.
 */
import { setTimeout as later } from 'node:timers/promises';
import { asFault, type Fault } from './domain/faults.ts';
import type { RunId } from './domain/ids.ts';
import { apply, NEW_RUN, nextStep, type Step } from './domain/run.ts';
import type { RunEvent, RunState } from './domain/run-state.ts';
import type { Task } from './domain/task.ts';
import { type JournalEntry, JournalMoved, type Lease, type Stage, type Store } from './ports.ts';

export type Stages = Record<Exclude<Step, 'claim'>, Stage>;

export type Runner = {
  readonly store: Store;
  readonly stages: Stages;
  /** Removes what a run holds on the engine while nobody drives it. */
  readonly discard: (run: RunId) => Promise<void>;
  readonly clock: () => Date;
  /** Milliseconds between renewals of the lease. */
  readonly renewMs: number;
  /** Wait before the next try after broken machinery, times the number of breaks so far. */
  readonly breakMs: number;
  /** How long no engine may answer before that counts as broken machinery. */
  readonly awayMs: number;
};

/** A stage that went on for this long had an engine: when none answers after that, it went away anew. */
const STEADY_MS = 60_000;

/** Drives the run under a lease that was claimed. Throws only when stopped, or when the journal moved. */
export async function drive(runner: Runner, lease: Lease, signal: AbortSignal): Promise<RunState> {
  const { store } = runner;
  const task = await store.task(lease.run);
  if (task === null) throw new Error(`run ${lease.run} has no task`);
  const lost = new AbortController();
  const keeping = keepLease(runner, lease, lost);
  try {
    return await advance(runner, lease, task, AbortSignal.any([signal, lost.signal]));
  } catch (error) {
    const now = replay(await store.read(lease.run));
    if (now.phase !== 'done') throw error;
    // Somebody cancelled it meanwhile. Nobody will claim it again, so what it holds goes now.
    await runner.discard(lease.run);
    return now;
  } finally {
    lost.abort();
    await keeping;
    await store.release(lease);
  }
}

async function advance(
  runner: Runner,
  lease: Lease,
  task: Task,
  signal: AbortSignal,
): Promise<RunState> {
  const journal = await runner.store.read(lease.run);
  let run = replay(journal);
  let seq = journal.length;
  for (let step = nextStep(run); step !== null; step = nextStep(run)) {
    signal.throwIfAborted();
    const event =
      step === 'claim'
        ? ({ type: 'claimed' } as const)
        : await perform(runner, { stage: runner.stages[step], run, task }, signal);
    ({ run, seq } = await write(runner.store, lease, { run, seq }, event));
    if (event.type === 'machinery_broke' && nextStep(run) !== null)
      await pause(runner, run, signal);
  }
  await runner.discard(lease.run);
  return run;
}

type Written = { readonly run: RunState; readonly seq: number };

/**
 * What a person wrote while a stage worked comes before what the stage found, and undoes none of it: an
 * approval that was taken back costs nobody an hour of an agent. A phase that changed does.
 */
async function write(
  store: Store,
  lease: Lease,
  { run, seq }: Written,
  event: RunEvent,
): Promise<Written> {
  // Checked first: an illegal event in the journal would fail every replay.
  const next = apply(run, event);
  try {
    await store.append(lease.run, seq, event, lease);
    return { run: next, seq: seq + 1 };
  } catch (error) {
    const journal = await store.read(lease.run);
    const now = replay(journal);
    const isSame = now.phase === run.phase && journal.length > seq;
    if (!(error instanceof JournalMoved) || !isSame) throw error;
    return write(store, lease, { run: now, seq: journal.length }, event);
  }
}

/** A wait ends even when nobody comes. Several controllers may say so; the journal takes one. */
export async function expireWaits({
  store,
  clock,
}: Pick<Runner, 'store' | 'clock'>): Promise<void> {
  for (const { id } of await store.tasks()) {
    const journal = await store.read(id);
    const run = replay(journal);
    if (run.phase !== 'awaiting_approval' || Date.parse(run.expiresAt) > clock().getTime())
      continue;
    await store.append(id, journal.length, { type: 'expired' }, null).catch((error: unknown) => {
      if (!(error instanceof JournalMoved)) throw error;
    });
  }
}

export function replay(journal: readonly JournalEntry[]): RunState {
  return journal.reduce((run, { event }) => apply(run, event), NEW_RUN);
}

type Performing = { readonly stage: Stage; readonly run: RunState; readonly task: Task };

/**
 * A stage that throws did not fail the task: the machinery around the task broke. An engine that does
 * not answer has lost nothing, though: what runs in it is found again by its name when it is back.
 */
async function perform(
  { awayMs, breakMs }: Runner,
  { stage, run, task }: Performing,
  signal: AbortSignal,
): Promise<RunEvent> {
  let awaySince: number | null = null;
  for (;;) {
    const began = performance.now();
    try {
      return await stage(run, task, signal);
    } catch (thrown) {
      // Once we are being stopped every call fails; none of those failures is news.
      signal.throwIfAborted();
      const fault = asFault(thrown);
      const now = performance.now();
      if (awaySince === null || now - began > STEADY_MS) awaySince = now;
      if (fault.code !== 'docker_missing' || now - awaySince >= awayMs) return broken(fault);
      await later(breakMs, undefined, { signal });
    }
  }
}

function broken(fault: Fault): RunEvent {
  // What a person must mend first is not tried again: their input will be the same.
  return {
    type: 'machinery_broke',
    code: fault.code,
    message: fault.message.slice(0, 4000),
    final: fault.exit === 2,
  };
}

function pause(runner: Runner, run: RunState, signal: AbortSignal): Promise<void> {
  const breaks = 'breaks' in run ? run.breaks : 0;
  return later(runner.breakMs * breaks, undefined, { signal });
}

async function keepLease(
  { store, renewMs }: Runner,
  lease: Lease,
  lost: AbortController,
): Promise<void> {
  try {
    for (;;) {
      await later(renewMs, undefined, { signal: lost.signal });
      if (!(await store.renew(lease))) lost.abort(new Error(`the lease of ${lease.run} was lost`));
      // A stage may take an hour; a cancellation is heard at the next renewal.
      const { phase } = replay(await store.read(lease.run));
      if (phase === 'done') lost.abort(new Error(`${lease.run} was ended by somebody else`));
    }
  } catch (error) {
    // Aborted already, and this changes nothing; or it cannot be renewed, and then it is not ours.
    lost.abort(error);
  }
}
