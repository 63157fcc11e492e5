import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { Fault } from '../../orchestrator/domain/faults.ts';
import { RunId } from '../../orchestrator/domain/ids.ts';
import { apply, NEW_RUN } from '../../orchestrator/domain/run.ts';
import type { RunEvent, RunState } from '../../orchestrator/domain/run-state.ts';
import { replay } from '../../orchestrator/runner.ts';
import { DOCTOR_RUN, type Found, thing } from '../../sandboxes/engine-names.ts';
import { openReaper, planFor, type ReaperOptions } from '../../sandboxes/reaper.ts';
import { emptyMemory, openMemoryStore } from '../contracts/memory-store.ts';
import { AT, EVENTS, RUN, TASK } from '../orchestrator/fixtures.ts';
import { strict } from '../orchestrator/strict.ts';

const UNKNOWN = RunId.parse('r9999999');
const after = (...events: RunEvent[]): RunState => events.reduce(apply, NEW_RUN);
const WORKING = after(EVENTS.claimed, EVENTS.workspace_ready);
const SEALING = apply(WORKING, EVENTS.agent_finished);
const CANCELLED = apply(WORKING, EVENTS.cancelled);

function named(name: string, role: string, run: RunId | null = RUN) {
  const attempt = name.split('-')[2] ?? '1';
  const marks = { 'proofhouse.attempt': attempt, 'proofhouse.role': role };
  return thing(name, run === null ? marks : { ...marks, 'proofhouse.run': run });
}
const sandbox = (name: string, role: string, isPastLimit = false, run: RunId | null = RUN) => ({
  ...named(name, role, run),
  id: `id of ${name}`,
  isPastLimit,
});

const OWN: Found = {
  sandboxes: [
    sandbox(`proofhouse-${RUN}-1-agent`, 'agent'),
    sandbox(`proofhouse-${RUN}-1-checkout`, 'checkout'),
    sandbox(`proofhouse-${RUN}-2-agent`, 'agent'),
  ],
  volumes: [
    named(`proofhouse-${RUN}-1-workspace`, 'workspace'),
    named(`proofhouse-${RUN}-1-dependencies`, 'dependencies'),
  ],
};
const goes = (state: RunState | null, own = OWN): string[] => {
  const plan = planFor(state, own);
  return [...plan.sandboxes, ...plan.volumes].map(({ name }) => name.replace(`-${RUN}`, ''));
};

describe('of a run that nobody drives', () => {
  test('the agent at work and its workspace stay, and what was left half-way goes', () => {
    expect(goes(WORKING)).toEqual([
      'proofhouse-1-checkout',
      'proofhouse-2-agent',
      'proofhouse-1-dependencies',
    ]);
    expect(planFor(WORKING, OWN)).toMatchObject({ everything: null, end: [] });
  });

  test('an agent that ran longer than it may is ended and kept, so that its end is seen', () => {
    const late = { ...OWN, sandboxes: [sandbox(`proofhouse-${RUN}-1-agent`, 'agent', true)] };
    expect(planFor(WORKING, late)).toMatchObject({ end: late.sandboxes, sandboxes: [] });
  });

  test('only the workspace stays once its agent has ended', () => {
    expect(goes(SEALING)).not.toContain('proofhouse-1-workspace');
    expect(goes(SEALING)).toHaveLength(OWN.sandboxes.length + OWN.volumes.length - 1);
  });

  test.each<[string, RunState]>([
    ['is queued', NEW_RUN],
    ['is prepared anew', after(EVENTS.claimed)],
    ['is judged', apply(SEALING, EVENTS.change_sealed)],
  ])('nothing stays while it %s', (_, state) => {
    expect(goes(state)).toHaveLength(OWN.sandboxes.length + OWN.volumes.length);
    expect(planFor(state, OWN).everything).toBeNull();
  });

  test.each<[string, RunState | null]>([
    ['its run is over', CANCELLED],
    ['there is no such run', null],
  ])('everything goes when %s', (why, state) => {
    expect(planFor(state, OWN)).toMatchObject({ everything: why, ...OWN });
  });
});

type Given = { found: Found; state?: RunEvent[]; elsewhere?: RunId[] };

/** A store with one run that came this far, and what the engine was told. */
async function world({ found, state = [], elsewhere = [] }: Given) {
  const time = { now: Date.parse(AT) };
  const store = openMemoryStore(emptyMemory(), () => new Date(time.now));
  await store.addTask(TASK);
  for (const [seq, event] of state.entries()) await store.append(RUN, seq, event, null);
  const told: string[] = [];
  const tell =
    (what: string) =>
    async (name: string): Promise<void> =>
      void told.push(`${what} ${name}`);
  const options: ReaperOptions = {
    engine: {
      mine: async () => found,
      kill: tell('kill'),
      remove: tell('remove'),
      removeVolume: tell('volume'),
    },
    host: { runs: async () => elsewhere, remove: tell('host'), removeLooks: async () => {} },
    journal: {
      ...store,
      state: async (run) => ((await store.task(run)) ? replay(await store.read(run)) : null),
    },
    discard: tell('discard'),
  };
  const pass = (ms: number): void => {
    time.now += ms;
  };
  return { store, options, told, reap: () => openReaper(options)(), pass };
}

const ONE: Found = { sandboxes: [sandbox(`proofhouse-${RUN}-1-agent`, 'agent')], volumes: [] };
const OVER = [EVENTS.claimed, EVENTS.cancelled];

describe('the reaper', () => {
  test('leaves a look at the engine that is under way, and takes one that forgot itself', async () => {
    const look = sandbox('proofhouse-doctor-1', 'checkout', false, DOCTOR_RUN);
    const late = sandbox('proofhouse-doctor-2', 'checkout', true, DOCTOR_RUN);
    const young = await world({
      found: { sandboxes: [look], volumes: [] },
      elsewhere: [DOCTOR_RUN],
    });
    expect(await young.reap()).toEqual({ removed: [], failed: [] });
    expect(young.told).toEqual([]);
    // Nothing runs under a number as high as this.
    const dead = sandbox(
      `proofhouse-doctor-7fffffff${'0'.repeat(24)}`,
      'checkout',
      false,
      DOCTOR_RUN,
    );
    const old = await world({ found: { sandboxes: [look, late, dead], volumes: [] } });
    expect((await old.reap()).removed.map(({ what }) => what)).toEqual([late.name, dead.name]);
    expect(old.told.filter((line) => line.startsWith('discard'))).toEqual([]);
  });

  test('holds a run for as long as its things take to remove', async () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const one = await world({ found: ONE, state: OVER });
    const [gone, renewed] = [Promise.withResolvers<void>(), { times: 0 }];
    const reaping = openReaper({
      ...one.options,
      journal: {
        ...one.options.journal,
        renew: async (lease) => {
          renewed.times += 1;
          return one.store.renew(lease);
        },
      },
      discard: () => gone.promise,
    })();
    await vi.advanceTimersByTimeAsync(35_000);
    const whileRemoving = renewed.times;
    gone.resolve();
    await reaping;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(whileRemoving).toBeGreaterThanOrEqual(3);
    expect(renewed.times).toBe(whileRemoving);
  });

  test("leaves what all runs share, and takes what bears our mark and is nobody's", async () => {
    const volumes = [named('proofhouse-mirror', 'layer', null), named('stray', '', null)];
    const one = await world({ found: { sandboxes: [], volumes } });
    expect((await one.reap()).removed.map(({ what }) => what)).toEqual(['stray']);
  });

  test('removes by the id it was given, and says what and why', async () => {
    const one = await world({ found: ONE, state: OVER });
    const why = 'its run is over';
    expect(await one.reap()).toEqual({
      removed: [{ run: RUN, what: `proofhouse-${RUN}-1-agent`, why }],
      failed: [],
    });
    expect(one.told).toEqual([
      `remove id of proofhouse-${RUN}-1-agent`,
      `discard ${RUN}`,
      `host ${RUN}`,
    ]);
  });

  test('leaves a run alone that somebody drives, even one that is over', async () => {
    const one = await world({ found: ONE });
    await one.store.claim(RUN);
    await one.store.append(RUN, 0, EVENTS.cancelled, null);
    expect(await one.reap()).toEqual({ removed: [], failed: [] });
    expect(one.told).toEqual([]);
    one.pass(30_000);
    expect((await one.reap()).removed).toHaveLength(1);
  });

  test('holds a run while its things go, and lets it go after', async () => {
    const one = await world({ found: ONE, state: OVER });
    const held: unknown[] = [];
    const engine = {
      ...one.options.engine,
      remove: async () => void held.push(await one.store.hold(RUN)),
    };
    await openReaper({ ...one.options, engine })();
    expect(held).toEqual([null]);
    expect(await one.store.hold(RUN)).not.toBeNull();
  });

  test('stops when the run changed hands while the engine was slow', async () => {
    const two = { ...ONE, volumes: OWN.volumes };
    const one = await world({ found: two, state: OVER });
    const { engine, journal } = one.options;
    const reap = openReaper({
      ...one.options,
      engine: { ...engine, remove: async (id) => void one.told.push(id) },
      journal: { ...journal, renew: async () => one.told.length === 0 },
    });
    const { removed, failed } = await reap();
    expect(removed).toHaveLength(1);
    expect(failed).toMatchObject([{ run: RUN }]);
    expect(one.told).toHaveLength(1);
  });

  test('removes what no journal knows, and what is no run at all', async () => {
    const strangers = {
      sandboxes: [sandbox('proofhouse-r9999999-1-agent', 'agent', false, UNKNOWN)],
      volumes: [named('proofhouse-odd', '', null)],
    };
    const one = await world({ found: strangers });
    expect((await one.reap()).removed).toMatchObject([{ run: UNKNOWN }, { run: null }]);
    expect(one.told).toContain(`discard ${UNKNOWN}`);
  });

  test('finds runs that left folders only', async () => {
    const one = await world({ found: { sandboxes: [], volumes: [] }, elsewhere: [UNKNOWN] });
    expect((await one.reap()).removed).toMatchObject([{ run: UNKNOWN, what: 'folders' }]);
  });

  test('comes to nothing the second time', async () => {
    const one = await world({ found: { sandboxes: [], volumes: [] }, state: OVER });
    expect(await one.reap()).toEqual({ removed: [], failed: [] });
    expect(one.told).toEqual([]);
  });

  test('goes on to the next run when one thing cannot be removed', async () => {
    const both = {
      sandboxes: [
        ...ONE.sandboxes,
        sandbox('proofhouse-r9999999-1-agent', 'agent', false, UNKNOWN),
      ],
      volumes: [],
    };
    const one = await world({ found: both, state: OVER });
    const remove = async (id: string): Promise<void> => {
      if (id.includes(RUN)) throw new Fault('engine_failed', 'busy');
    };
    const engine = { ...one.options.engine, remove };
    const { removed, failed } = await openReaper({ ...one.options, engine })();
    expect(removed).toMatchObject([{ run: UNKNOWN }]);
    expect(failed).toMatchObject([{ run: RUN, error: { code: 'engine_failed' } }]);
  });
});

describe('what cannot be seen is not gone', () => {
  test('an engine that gives no list costs nothing its place', async () => {
    const one = await world({ found: ONE, state: OVER, elsewhere: [RUN, UNKNOWN] });
    const gone = async (): Promise<never> => {
      throw new Fault('docker_missing', 'no engine answers');
    };
    const engine = strict<ReaperOptions['engine']>('engine', { mine: gone });
    const host = strict<ReaperOptions['host']>('host', {});
    await expect(openReaper({ ...one.options, engine, host })()).rejects.toMatchObject({
      code: 'docker_missing',
    });
    expect(one.told).toEqual([]);
    expect(await one.store.hold(RUN)).not.toBeNull();
  });

  test('a journal that cannot be read condemns no run', async () => {
    const one = await world({ found: ONE, state: OVER });
    const state = async (): Promise<never> => {
      throw new Fault('store_failed', 'unreadable');
    };
    const journal = { ...one.options.journal, state };
    const { removed, failed } = await openReaper({ ...one.options, journal })();
    expect(removed).toEqual([]);
    expect(failed).toMatchObject([{ error: { code: 'store_failed' } }]);
    expect(one.told).toEqual([]);
  });
});
