import { describe, expect, test } from 'vitest';
import { Fault, type FaultCode } from '../../orchestrator/domain/faults.ts';
import type { RunId } from '../../orchestrator/domain/ids.ts';
import { BREAKS_MAX } from '../../orchestrator/domain/run.ts';
import type { RunEvent } from '../../orchestrator/domain/run-state.ts';
import { JournalMoved, type Lease, type Stage, type Store } from '../../orchestrator/ports.ts';
import { drive, expireWaits, type Runner, replay, type Stages } from '../../orchestrator/runner.ts';
import { emptyMemory, openMemoryStore } from '../contracts/memory-store.ts';
import { ALLOW, EVENTS, RUN, TASK } from './fixtures.ts';

const NEVER = new AbortController().signal;
const LEASE_MS = 30_000;

/** What each stage reports when all goes well; nobody has to approve. */
const GOOD: { readonly [S in keyof Stages]: RunEvent } = {
  prepare: EVENTS.workspace_ready,
  work: EVENTS.agent_finished,
  seal: EVENTS.change_sealed,
  judge: { type: 'judged', judgement: ALLOW },
  validate: EVENTS.validation_passed,
  publish: EVENTS.pull_request_opened,
};

type World = {
  readonly runner: Runner;
  readonly store: Store;
  /** Stages in the order in which they were performed. */
  readonly performed: string[];
  readonly discarded: RunId[];
  /** Lets the lease of a driver that died run out. */
  pass(ms: number): void;
};

async function world(stages: Partial<Stages> = {}, renewMs = 60_000): Promise<World> {
  const time = { now: Date.parse(TASK.queuedAt) };
  const store = openMemoryStore(emptyMemory(), () => new Date(time.now));
  await store.addTask(TASK);
  const performed: string[] = [];
  const discarded: RunId[] = [];
  const stage = (name: keyof Stages): Stage => {
    return async (...given) => {
      performed.push(name);
      return stages[name]?.(...given) ?? GOOD[name];
    };
  };
  const names = Object.keys(GOOD) as (keyof Stages)[];
  const runner: Runner = {
    store,
    stages: Object.fromEntries(names.map((name) => [name, stage(name)])) as Stages,
    discard: async (run) => {
      discarded.push(run);
    },
    clock: () => new Date(time.now),
    renewMs,
    breakMs: 0,
    awayMs: 0,
  };
  const pass = (ms: number): void => {
    time.now += ms;
  };
  return { runner, store, performed, discarded, pass };
}

async function claimed(store: Store): Promise<Lease> {
  const lease = await store.claim(RUN);
  if (lease === null) throw new Error('there was nothing to claim');
  return lease;
}

async function driven({ runner, store }: World, signal = NEVER) {
  return drive(runner, await claimed(store), signal);
}

const types = async ({ store }: World): Promise<string[]> =>
  (await store.read(RUN)).map(({ event }) => event.type);

/** The stage throws as often as it is told to, and is good after that. */
function failing(
  name: keyof Stages,
  code: FaultCode,
  times = Number.POSITIVE_INFINITY,
): Partial<Stages> {
  let left = times;
  return {
    [name]: async () => {
      left -= 1;
      if (left >= 0) throw new Fault(code, `${name} broke`);
      return GOOD[name];
    },
  };
}

describe('a run that is driven', () => {
  test('performs each stage once, in order, and ends as published', async () => {
    const one = await world();
    expect(await driven(one)).toMatchObject({ outcome: { kind: 'published', pullRequest: 7 } });
    expect(one.performed).toEqual(['prepare', 'work', 'seal', 'judge', 'validate', 'publish']);
    expect((await types(one))[0]).toBe('claimed');
  });

  test('gives up its lease and what it holds on the engine when it is over', async () => {
    const one = await world();
    const lease = await claimed(one.store);
    await drive(one.runner, lease, NEVER);
    expect(one.discarded).toEqual([RUN]);
    expect(await one.store.renew(lease)).toBe(false);
  });

  test('stops at a person, gives up what it holds, and cannot be claimed', async () => {
    const one = await world({ judge: async () => EVENTS.judged });
    expect(await driven(one)).toMatchObject({ phase: 'awaiting_approval' });
    expect(one.discarded).toEqual([RUN]);
    expect(await one.store.claim()).toBeNull();
  });

  test('gives each stage the state that the journal says, and the task', async () => {
    const seen: unknown[] = [];
    const one = await world({
      seal: async (run, task) => {
        seen.push(run, task);
        return GOOD.seal;
      },
    });
    await driven(one);
    const journal = await one.store.read(RUN);
    expect(seen).toEqual([replay(journal.slice(0, 3)), TASK]);
  });

  test('that has no task is not driven', async () => {
    const { runner } = await world();
    const unknown = { run: 'r9999999' as RunId, token: 1 };
    await expect(drive(runner, unknown, NEVER)).rejects.toThrow('has no task');
  });

  test('an event that cannot happen is not written, and the run can be driven again', async () => {
    const one = await world({ seal: async () => EVENTS.judged });
    await expect(driven(one)).rejects.toThrow('cannot happen');
    expect(await types(one)).toEqual(['claimed', 'workspace_ready', 'agent_finished']);
    expect(await one.store.claim()).not.toBeNull();
  });
});

describe('an engine that does not answer', () => {
  test('ends nothing: the same stage goes on when it is back, and no break is counted', async () => {
    const one = await world(failing('work', 'docker_missing', 5));
    const runner = { ...one.runner, awayMs: 60_000 };
    expect(await driven({ ...one, runner })).toMatchObject({ outcome: { kind: 'published' } });
    expect(one.performed.filter((stage) => stage === 'work')).toHaveLength(6);
    expect(one.performed.filter((stage) => stage === 'prepare')).toHaveLength(1);
    expect(await types(one)).not.toContain('machinery_broke');
  });

  test('is broken machinery once it is away for too long', async () => {
    const one = await world(failing('work', 'docker_missing'));
    expect(await driven(one)).toMatchObject({ outcome: { kind: 'broke', code: 'docker_missing' } });
    expect((await types(one)).filter((type) => type === 'machinery_broke')).toHaveLength(
      BREAKS_MAX,
    );
  });

  test('does not keep a controller from being stopped', async () => {
    const stop = new AbortController();
    const one = await world({
      work: async () => {
        stop.abort(new Error('stopped'));
        throw new Fault('docker_missing', 'gone');
      },
    });
    const runner = { ...one.runner, awayMs: 60_000 };
    await expect(driven({ ...one, runner }, stop.signal)).rejects.toThrow('stopped');
    expect(await types(one)).toEqual(['claimed', 'workspace_ready']);
  });
});

describe('a crash', () => {
  const EVENTS_IN_ALL = 7;
  const points = Array.from({ length: EVENTS_IN_ALL }, (_, at) => at);

  /** The process dies at the append of this event: nothing after it happens, not even the release. */
  async function crashing(one: World, at: number, isWritten: boolean): Promise<void> {
    const lease = await claimed(one.store);
    const store: Store = {
      ...one.store,
      append: async (run, seq, event, held) => {
        if (seq === at && !isWritten) throw new Error('killed');
        await one.store.append(run, seq, event, held);
        if (seq === at) throw new Error('killed');
      },
      release: async () => {},
    };
    const runner = {
      ...one.runner,
      store,
      discard: async () => {
        throw new Error('killed');
      },
    };
    await expect(drive(runner, lease, NEVER)).rejects.toThrow('killed');
    one.pass(LEASE_MS);
  }

  test.each(points)('after event %d was written changes nothing but time', async (at) => {
    const [whole, broken] = [await world(), await world()];
    await driven(whole);
    await crashing(broken, at, true);
    const isOver = at === EVENTS_IN_ALL - 1;
    if (!isOver) await driven(broken);
    expect(await types(broken)).toEqual(await types(whole));
    expect(broken.performed).toEqual(whole.performed);
  });

  test.each(points)('before event %d was written repeats that one stage', async (at) => {
    const [whole, broken] = [await world(), await world()];
    await driven(whole);
    await crashing(broken, at, false);
    await driven(broken);
    expect(await types(broken)).toEqual(await types(whole));
    const repeated = whole.performed.slice(at - 1, at);
    expect(broken.performed).toEqual(
      whole.performed.flatMap((name) => (repeated.includes(name) ? [name, name] : [name])),
    );
  });
});

describe('broken machinery', () => {
  test('a stage that throws is broken machinery, and the same stage is tried again', async () => {
    const one = await world(failing('validate', 'engine_failed', 2));
    expect(await driven(one)).toMatchObject({ outcome: { kind: 'published' } });
    expect(one.performed.filter((name) => name === 'validate')).toHaveLength(3);
    expect((await one.store.read(RUN)).at(5)?.event).toEqual({
      type: 'machinery_broke',
      code: 'engine_failed',
      message: 'validate broke',
      final: false,
    });
  });

  test('it ends the run after so many times, and no stage is tried once more', async () => {
    const one = await world(failing('seal', 'engine_failed'));
    expect(await driven(one)).toMatchObject({ outcome: { kind: 'broke', code: 'engine_failed' } });
    expect(one.performed.filter((name) => name === 'seal')).toHaveLength(BREAKS_MAX);
    expect(one.discarded).toEqual([RUN]);
  });

  test('a stage that throws what nobody foresaw is internal, and keeps its message within bounds', async () => {
    const one = await world({
      seal: async () => {
        throw new TypeError('x'.repeat(5_000));
      },
    });
    const outcome = { kind: 'broke', code: 'internal', message: 'x'.repeat(4_000) };
    expect(await driven(one)).toEqual({ phase: 'done', outcome });
  });

  test.each(['policy_missing', 'policy_invalid', 'workspace_invalid', 'model_unpriced'] as const)(
    '%s is for a person to mend first, and ends the run at once',
    async (code) => {
      const one = await world(failing('prepare', code));
      expect(await driven(one)).toMatchObject({ outcome: { kind: 'broke', code } });
      expect(one.performed).toEqual(['prepare']);
    },
  );

  test('waits longer each time, and being stopped ends the wait', async () => {
    const one = await world(failing('seal', 'engine_failed'));
    const stop = new AbortController();
    const append: Store['append'] = async (...event) => {
      await one.store.append(...event);
      if (event[2].type === 'machinery_broke') stop.abort(new Error('stopped'));
    };
    const runner = { ...one.runner, breakMs: 3_600_000, store: { ...one.store, append } };
    await expect(drive(runner, await claimed(one.store), stop.signal)).rejects.toThrow();
    expect(await types(one)).toHaveLength(4);
  });
});

describe('being stopped', () => {
  test('records nothing, whatever the stage throws because of it, and frees the lease', async () => {
    const stop = new AbortController();
    const one = await world({
      work: async () => {
        stop.abort(new Error('stopped'));
        throw new Fault('engine_failed', 'the connection was closed');
      },
    });
    await expect(driven(one, stop.signal)).rejects.toThrow('stopped');
    expect(await types(one)).toEqual(['claimed', 'workspace_ready']);
    expect(one.discarded).toEqual([]);
    expect(await one.store.claim()).not.toBeNull();
  });

  test('between two stages keeps what the first one came to', async () => {
    const stop = new AbortController();
    const one = await world({
      work: async () => {
        stop.abort(new Error('stopped'));
        return GOOD.work;
      },
    });
    await expect(driven(one, stop.signal)).rejects.toThrow('stopped');
    expect((await types(one)).at(-1)).toBe('agent_finished');
    expect(one.performed).toEqual(['prepare', 'work']);
  });
});

/** Resolves when the signal says so, as a stage does that follows an agent. */
function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

describe('the lease', () => {
  test('that somebody else has taken stops the driver, which writes nothing more', async () => {
    const one: World = await world(
      {
        work: async (_run, _task, signal) => {
          one.pass(LEASE_MS);
          await claimed(one.store);
          return untilAborted(signal);
        },
      },
      1,
    );
    await expect(driven(one)).rejects.toThrow('was lost');
    expect(await types(one)).toEqual(['claimed', 'workspace_ready']);
    expect(one.discarded).toEqual([]);
  });

  test('that was lost unnoticed fences the write of who comes back late', async () => {
    const one: World = await world({
      work: async () => {
        one.pass(LEASE_MS);
        await claimed(one.store);
        return GOOD.work;
      },
    });
    await expect(driven(one)).rejects.toBeInstanceOf(JournalMoved);
    expect(await types(one)).toEqual(['claimed', 'workspace_ready']);
  });

  test('does not fence what the driver found when a person decided meanwhile', async () => {
    const one: World = await world({
      validate: async () => {
        const seq = (await one.store.read(RUN)).length;
        await one.store.append(RUN, seq, EVENTS.revoked, null);
        return GOOD.validate;
      },
    });
    expect(await driven(one)).toMatchObject({ outcome: { kind: 'published' } });
    expect((await types(one)).slice(-3)).toEqual([
      'revoked',
      'validation_passed',
      'pull_request_opened',
    ]);
    expect(one.performed).toEqual(['prepare', 'work', 'seal', 'judge', 'validate', 'publish']);
  });

  test('that cannot be renewed is not relied on', async () => {
    const one = await world({ work: (_run, _task, signal) => untilAborted(signal) }, 1);
    const renew = async (): Promise<boolean> => {
      throw new Fault('store_failed', 'the disk is gone');
    };
    const runner = { ...one.runner, store: { ...one.store, renew } };
    await expect(drive(runner, await claimed(one.store), NEVER)).rejects.toThrow(
      'the disk is gone',
    );
    expect(await types(one)).toEqual(['claimed', 'workspace_ready']);
  });

  test('is renewed for as long as a stage takes', async () => {
    let renewals = 0;
    let resolve = (): void => {};
    const enough = new Promise<void>((done) => {
      resolve = done;
    });
    const one: World = await world({ work: async () => enough.then(() => GOOD.work) }, 1);
    const renew: Store['renew'] = async (lease) => {
      one.pass(LEASE_MS - 1);
      renewals += 1;
      if (renewals === 3) resolve();
      return one.store.renew(lease);
    };
    const runner = { ...one.runner, store: { ...one.store, renew } };
    const end = await drive(runner, await claimed(one.store), NEVER);
    expect(end).toMatchObject({ outcome: { kind: 'published' } });
  });
});

describe('a cancellation', () => {
  const cancel = ({ store }: World): Promise<void> => store.append(RUN, 2, EVENTS.cancelled, null);

  test('ends a stage that would go on, and the run gives up what it holds', async () => {
    const one: World = await world(
      {
        work: async (_run, _task, signal) => {
          await cancel(one);
          return untilAborted(signal);
        },
      },
      1,
    );
    expect(await driven(one)).toMatchObject({ outcome: { kind: 'cancelled' } });
    expect(one.performed).toEqual(['prepare', 'work']);
    expect(one.discarded).toEqual([RUN]);
  });

  test('that is found at the next write is what stands, and the run gives up what it holds', async () => {
    const one: World = await world({
      work: async () => {
        await cancel(one);
        return GOOD.work;
      },
    });
    expect(await driven(one)).toMatchObject({ outcome: { kind: 'cancelled' } });
    expect((await types(one)).at(-1)).toBe('cancelled');
    expect(one.discarded).toEqual([RUN]);
  });
});

describe('a wait', () => {
  const at = (one: World, now: string) =>
    expireWaits({ ...one.runner, clock: () => new Date(now) });

  test('ends as expired when nobody decided in time, and not a moment earlier', async () => {
    const one = await world({ judge: async () => EVENTS.judged });
    const waiting = await driven(one);
    const ends = waiting.phase === 'awaiting_approval' ? Date.parse(waiting.expiresAt) : 0;
    await at(one, new Date(ends - 1).toISOString());
    expect((await types(one)).at(-1)).toBe('validation_passed');
    await at(one, new Date(ends).toISOString());
    await at(one, new Date(ends).toISOString());
    expect((await types(one)).slice(-2)).toEqual(['validation_passed', 'expired']);
  });
});
