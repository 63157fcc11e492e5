import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, expect, test, vi } from 'vitest';
import { RunId } from '../../orchestrator/domain/ids.ts';
import type { Stage, Store } from '../../orchestrator/ports.ts';
import { replay, type Stages } from '../../orchestrator/runner.ts';
import { fitting, schedule } from '../../orchestrator/scheduler.ts';
import { emptyMemory, openMemoryStore } from '../contracts/memory-store.ts';
import { ALLOW, AT, EVENTS, TASK } from './fixtures.ts';

const GIB = 2 ** 30;
const machine = vi.hoisted(() => ({ freeBytes: 64 * 2 ** 30 }));
vi.mock('node:os', async (original) => ({
  ...(await original<typeof import('node:os')>()),
  freemem: () => machine.freeBytes,
}));
// The look into the store comes at once and not in half a second; leases are kept as they are.
vi.mock('node:timers/promises', async (original) => {
  const real = await original<typeof import('node:timers/promises')>();
  const setTimeout: typeof real.setTimeout = (ms, value, options) =>
    real.setTimeout(ms === 500 ? 1 : ms, value, options);
  return { ...real, setTimeout };
});
afterEach(() => {
  machine.freeBytes = 64 * GIB;
});

const idOf = (number: number): RunId => RunId.parse(`r000000${number}`);

async function storeWith(count: number): Promise<Store> {
  const store = openMemoryStore(emptyMemory(), () => new Date(AT));
  for (let number = 1; number <= count; number += 1) {
    await store.addTask({ ...TASK, id: idOf(number) });
  }
  return store;
}

/** Stages that come to a pull request, but for those that are given. */
function stagesWith(stages: Partial<Stages>): Stages {
  return {
    prepare: async () => EVENTS.workspace_ready,
    work: async () => EVENTS.agent_finished,
    seal: async () => EVENTS.change_sealed,
    judge: async () => ({ type: 'judged', judgement: ALLOW }),
    validate: async () => EVENTS.validation_passed,
    publish: async () => EVENTS.pull_request_opened,
    ...stages,
  };
}

type Given = { store: Store; stages?: Partial<Stages>; concurrency?: number; untilIdle?: boolean };

async function run(
  { store, stages = {}, concurrency = 4, untilIdle = true }: Given,
  signal?: AbortSignal,
) {
  const troubles: { run: RunId | null; error: unknown }[] = [];
  const runner = {
    store,
    stages: stagesWith(stages),
    discard: async () => {},
    clock: () => new Date(AT),
    renewMs: 60_000,
    breakMs: 0,
    awayMs: 0,
  };
  const onTrouble = (id: RunId | null, error: unknown): void => {
    troubles.push({ run: id, error });
  };
  const nothing = async (): Promise<void> => {};
  const upkeep = { reap: nothing, collect: nothing };
  const options = { runner, concurrency, onTrouble, ...upkeep };
  const error = await schedule(options, untilIdle, signal ?? new AbortController().signal).then(
    () => null,
    (thrown: unknown) => thrown,
  );
  return { troubles, error };
}

const phases = async (store: Store): Promise<string[]> =>
  Promise.all((await store.tasks()).map(async ({ id }) => replay(await store.read(id)).phase));

/** Counts how many are inside at once, and holds the first `together` until all of them are. */
function crowd(together: number): { readonly stage: Stage; readonly most: () => number } {
  let inside = 0;
  let most = 0;
  let open = false;
  return {
    most: () => most,
    stage: async () => {
      inside += 1;
      most = Math.max(most, inside);
      if (inside === together) open = true;
      while (!open) await turn();
      // Whoever else would come in has had the time to.
      for (let turns = 0; turns < 20; turns += 1) await turn();
      inside -= 1;
      return EVENTS.agent_finished;
    },
  };
}

test('never more runs at once than it was told, and as many as that', async () => {
  const store = await storeWith(6);
  const { stage, most } = crowd(3);
  await run({ store, stages: { work: stage }, concurrency: 3 });
  expect(most()).toBe(3);
  expect(await phases(store)).toEqual(Array.from({ length: 6 }, () => 'done'));
});

test('no run is taken that there is no room for, so that another controller can take it', async () => {
  const store = await storeWith(5);
  let held = 0;
  let most = 0;
  const claim: Store['claim'] = async (only) => {
    const lease = await store.claim(only);
    if (lease !== null) held += 1;
    most = Math.max(most, held);
    return lease;
  };
  const release: Store['release'] = async (lease) => {
    held -= 1;
    await store.release(lease);
  };
  await run({ store: { ...store, claim, release }, concurrency: 2 });
  expect([most, held]).toEqual([2, 0]);
});

test('under memory pressure one run goes on and the others wait', async () => {
  machine.freeBytes = GIB;
  const store = await storeWith(2);
  const { stage, most } = crowd(1);
  await run({ store, stages: { work: stage }, concurrency: 3 });
  expect(most()).toBe(1);
  expect(await phases(store)).toEqual(['done', 'done']);
});

test('until idle, it ends when only runs that wait for a person are left', async () => {
  const store = await storeWith(2);
  const judge: Stage = async (_run, task) =>
    task.id === idOf(1) ? EVENTS.judged : { type: 'judged', judgement: ALLOW };
  expect(await run({ store, stages: { judge } })).toEqual({ troubles: [], error: null });
  expect(await phases(store)).toEqual(['awaiting_approval', 'done']);
});

test('until idle with nothing to do, it ends at once', async () => {
  expect(await run({ store: await storeWith(0) })).toEqual({ troubles: [], error: null });
});

test('a run whose task failed is no trouble, and the others go on', async () => {
  const store = await storeWith(2);
  const seal: Stage = async (_run, task) =>
    task.id === idOf(1) ? EVENTS.nothing_changed : EVENTS.change_sealed;
  expect(await run({ store, stages: { seal } })).toEqual({ troubles: [], error: null });
  expect(await phases(store)).toEqual(['done', 'done']);
});

/** An event that cannot happen: the run cannot be driven, and the journal stays good. */
const illegal =
  (times: number): Stage =>
  async () => {
    times -= 1;
    return times >= 0 ? EVENTS.judged : EVENTS.agent_finished;
  };

test('a run that cannot be driven three times in a row ends the schedule with its error', async () => {
  const store = await storeWith(1);
  const { troubles, error } = await run({ store, stages: { work: illegal(99) } });
  expect(troubles.map((one) => one.run)).toEqual([idOf(1), idOf(1), idOf(1)]);
  expect(error).toBe(troubles.at(-1)?.error);
  expect(error).toMatchObject({ name: 'IllegalTransition' });
});

test('a run that cannot be driven twice is driven the third time', async () => {
  const store = await storeWith(1);
  const { troubles, error } = await run({ store, stages: { work: illegal(2) } });
  expect([troubles.length, error]).toEqual([2, null]);
  expect(await phases(store)).toEqual(['done']);
});

test('a store that cannot be read ends the schedule', async () => {
  const store = await storeWith(1);
  store.close();
  expect((await run({ store })).error).toMatchObject({ code: 'store_failed' });
});

test('being stopped ends the schedule without trouble and without an event', async () => {
  const store = await storeWith(1);
  const stop = new AbortController();
  const work: Stage = async () => {
    stop.abort();
    throw new Error('the connection was closed');
  };
  const given = { store, stages: { work }, untilIdle: false };
  expect(await run(given, stop.signal)).toEqual({ troubles: [], error: null });
  expect((await store.read(idOf(1))).map(({ event }) => event.type)).toEqual([
    'claimed',
    'workspace_ready',
  ]);
});

test('without until idle, a run that is queued while it waits is driven too', async () => {
  const store = await storeWith(0);
  const stop = new AbortController();
  const publish: Stage = async () => {
    stop.abort();
    return EVENTS.pull_request_opened;
  };
  const going = run({ store, stages: { publish }, untilIdle: false }, stop.signal);
  await turn();
  await store.addTask(TASK);
  expect((await going).error).toBeNull();
  expect((await store.read(TASK.id)).at(-1)?.event.type).toBe('pull_request_opened');
});

test.each([
  [2, 64 * GIB, 2],
  [8, 6 * GIB, 4],
  [8, 2.9 * GIB, 1],
  [8, 3 * GIB, 2],
  [4, 0, 1],
])('%d cores and %d free bytes hold %d runs', (cores, freeBytes, runs) => {
  expect(fitting(cores, freeBytes)).toBe(runs);
});
