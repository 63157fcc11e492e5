/**
 * What every store keeps, whatever it is made of. `fresh` gives an empty store that can be opened
 * more than once, the way several processes would.
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { lineOf } from '../../orchestrator/domain/audit.ts';
import { verifyChain } from '../../orchestrator/domain/audit-verify.ts';
import { TrustedKey } from '../../orchestrator/domain/dsse.ts';
import { Digest, type Person } from '../../orchestrator/domain/ids.ts';
import type { KeptRecord } from '../../orchestrator/domain/records.ts';
import { IllegalTransition } from '../../orchestrator/domain/run.ts';
import type { RunEvent } from '../../orchestrator/domain/run-state.ts';
import { type Activity, JournalMoved, type Lease, type Store } from '../../orchestrator/ports.ts';
import { CHECK } from '../orchestrator/fixtures.ts';
import { SIGNATURES } from '../policies/signing.ts';
import {
  expiryContract,
  levelsContract,
  startsContract,
  sumsContract,
  vendorsContract,
} from './ledger.ts';
import {
  CANCELLED,
  CLAIMED,
  FINISHED,
  judgedBy,
  NO_BUDGET,
  NOW,
  READY,
  sampleCall,
  sampleRun,
  sampleTask,
} from './samples.ts';

export type FreshStore = { open(clock: () => Date): Store; remove(): void };

export function storeContract(name: string, fresh: () => FreshStore): void {
  describe(`${name} keeps the store contract`, () => {
    const given = { now: NOW, stores: [] as Store[], fresh: undefined as FreshStore | undefined };
    const open = (): Store => {
      if (given.fresh === undefined) throw new Error('open() is for tests');
      const store = given.fresh.open(() => new Date(given.now));
      given.stores.push(store);
      return store;
    };
    const pass = (ms: number): void => {
      given.now += ms;
    };
    beforeEach(() => Object.assign(given, { now: NOW, stores: [], fresh: fresh() }));
    afterEach(() => {
      for (const store of given.stores) store.close();
      given.fresh?.remove();
    });

    tasksContract(open);
    checksContract(open);
    journalContract(open);
    claimContract(open, pass);
    fencingContract(open, pass);
    auditContract(open, pass);
    activityContract(open);
    keptContract(open);
    ledgerContract(open);
    settlementContract(open);
    levelsContract(open, pass);
    vendorsContract(open);
    expiryContract(open, pass);
    sumsContract(open);
    startsContract(open, pass);
  });
}

type Open = () => Store;

function tasksContract(open: Open): void {
  test('a task is read back as it was given, also by another opener', async () => {
    await open().addTask(sampleTask(1));
    expect(await open().task(sampleRun(1))).toEqual(sampleTask(1));
  });

  test('tasks come in the order in which they were added', async () => {
    const store = open();
    for (const number of [3, 1, 2]) await store.addTask(sampleTask(number));
    expect((await store.tasks()).map(({ id }) => id)).toEqual([3, 1, 2].map(sampleRun));
  });

  test('an id that is taken is refused and the first task stays', async () => {
    const store = open();
    await store.addTask(sampleTask(1));
    const second = store.addTask({ ...sampleTask(1), title: 'Another' });
    await expect(second).rejects.toMatchObject({ code: 'store_failed' });
    expect((await store.task(sampleRun(1)))?.title).toBe('Task 1');
  });

  test('an unknown run has no task, no events and no activity', async () => {
    const store = open();
    expect(await store.task(sampleRun(9))).toBeNull();
    expect(await store.read(sampleRun(9))).toEqual([]);
    expect(await store.activity(sampleRun(9))).toEqual([]);
    expect(await store.calls(sampleRun(9))).toEqual([]);
  });
}

function journalContract(open: Open): void {
  test('events are read back in order with the time they were written', async () => {
    const store = open();
    await store.addTask(sampleTask(1));
    await store.append(sampleRun(1), 0, CLAIMED, null);
    await store.append(sampleRun(1), 1, READY, null);
    const at = new Date(NOW).toISOString();
    expect(await open().read(sampleRun(1))).toEqual([
      { seq: 0, at, event: CLAIMED },
      { seq: 1, at, event: READY },
    ]);
  });

  test('an event for an older or newer end of the journal writes nothing', async () => {
    const store = open();
    await store.addTask(sampleTask(1));
    await store.append(sampleRun(1), 0, CLAIMED, null);
    for (const seq of [0, 2]) {
      const late = store.append(sampleRun(1), seq, CANCELLED, null);
      await expect(late).rejects.toBeInstanceOf(JournalMoved);
    }
    expect(await store.read(sampleRun(1))).toHaveLength(1);
  });

  test('an event that cannot happen now writes nothing', async () => {
    const store = open();
    await store.addTask(sampleTask(1));
    const illegal = store.append(sampleRun(1), 0, READY, null);
    await expect(illegal).rejects.toBeInstanceOf(IllegalTransition);
    expect(await store.read(sampleRun(1))).toEqual([]);
  });

  test('an event that could not be read back writes nothing', async () => {
    const store = open();
    await store.addTask(sampleTask(1));
    const broken: RunEvent = { type: 'cancelled', by: '' as Person };
    await expect(store.append(sampleRun(1), 0, broken, null)).rejects.toThrow();
    expect(await store.read(sampleRun(1))).toEqual([]);
  });

  test('an event for an unknown run is refused', async () => {
    const unknown = open().append(sampleRun(9), 0, CLAIMED, null);
    await expect(unknown).rejects.toMatchObject({ code: 'run_not_found' });
  });
}

function claimContract(open: Open, pass: (ms: number) => void): void {
  test('the oldest run that nobody drives is claimed first, and each one once', async () => {
    const [store, other] = [open(), open()];
    for (const number of [2, 1]) await store.addTask(sampleTask(number));
    expect((await store.claim())?.run).toBe(sampleRun(2));
    expect((await other.claim())?.run).toBe(sampleRun(1));
    expect(await store.claim()).toBeNull();
  });

  test('a claim for one run takes that run or none', async () => {
    const store = open();
    for (const number of [1, 2]) await store.addTask(sampleTask(number));
    expect((await store.claim(sampleRun(2)))?.run).toBe(sampleRun(2));
    expect(await store.claim(sampleRun(2))).toBeNull();
    expect(await store.claim(sampleRun(9))).toBeNull();
  });

  test('a run without a next step is not claimed', async () => {
    const store = open();
    await store.addTask(sampleTask(1));
    await store.append(sampleRun(1), 0, CANCELLED, null);
    expect(await store.claim()).toBeNull();
  });

  test('whoever clears up holds a run of any phase, and nobody drives it meanwhile', async () => {
    const [store, other] = [open(), open()];
    for (const number of [1, 2]) await store.addTask(sampleTask(number));
    await store.append(sampleRun(2), 0, CANCELLED, null);
    const over = await store.hold(sampleRun(2));
    const queued = await store.hold(sampleRun(1));
    expect([queued?.run, over?.run]).toEqual([sampleRun(1), sampleRun(2)]);
    expect(await other.claim()).toBeNull();
    expect(await other.hold(sampleRun(2))).toBeNull();
    if (queued !== null) await store.release(queued);
    expect((await other.claim())?.token).toBeGreaterThan(queued?.token ?? 0);
  });

  test('a run that somebody drives is not held until that lease has run out', async () => {
    const [store, other] = [open(), open()];
    await store.addTask(sampleTask(1));
    await claimed(store);
    expect(await other.hold(sampleRun(1))).toBeNull();
    expect(await other.hold(sampleRun(9))).toBeNull();
    pass(30_000);
    expect(await other.hold(sampleRun(1))).not.toBeNull();
  });

  test('a released run can be claimed again at once, under a higher token', async () => {
    const store = open();
    await store.addTask(sampleTask(1));
    const first = await claimed(store);
    await store.release(first);
    expect((await claimed(store)).token).toBeGreaterThan(first.token);
  });

  test('a lease lasts thirty seconds from when it was last renewed', async () => {
    const [store, other] = [open(), open()];
    await store.addTask(sampleTask(1));
    const lease = await claimed(store);
    pass(20_000);
    expect(await store.renew(lease)).toBe(true);
    pass(29_999);
    expect(await other.claim()).toBeNull();
    pass(1);
    expect((await claimed(other)).token).toBeGreaterThan(lease.token);
  });
}

function fencingContract(open: Open, pass: (ms: number) => void): void {
  const overtaken = async (store: Store): Promise<{ old: Lease; current: Lease }> => {
    await store.addTask(sampleTask(1));
    const old = await claimed(store);
    pass(30_000);
    return { old, current: await claimed(store) };
  };

  test('a write under an old token is refused and writes nothing', async () => {
    const store = open();
    const { old, current } = await overtaken(store);
    await expect(store.append(old.run, 0, CLAIMED, old)).rejects.toBeInstanceOf(JournalMoved);
    expect(await store.read(old.run)).toEqual([]);
    await store.append(old.run, 0, CLAIMED, current);
    expect(await store.read(old.run)).toHaveLength(1);
  });

  test('an old token can neither renew nor release the lease of its successor', async () => {
    const store = open();
    const { old, current } = await overtaken(store);
    expect(await store.renew(old)).toBe(false);
    await store.release(old);
    expect(await store.claim()).toBeNull();
    expect(await store.renew(current)).toBe(true);
  });

  test('a released lease writes nothing and is not renewed', async () => {
    const store = open();
    await store.addTask(sampleTask(1));
    const lease = await claimed(store);
    await store.release(lease);
    await expect(store.append(lease.run, 0, CLAIMED, lease)).rejects.toBeInstanceOf(JournalMoved);
    expect(await store.renew(lease)).toBe(false);
  });

  test('the lease of one run does not write to another', async () => {
    const store = open();
    for (const number of [1, 2]) await store.addTask(sampleTask(number));
    const lease = await claimed(store);
    await claimed(store);
    const astray = store.append(sampleRun(2), 0, CLAIMED, lease);
    await expect(astray).rejects.toBeInstanceOf(JournalMoved);
  });

  test('a person may write while someone drives, and the driver notices', async () => {
    const store = open();
    await store.addTask(sampleTask(1));
    const lease = await claimed(store);
    await store.append(lease.run, 0, CLAIMED, lease);
    await store.append(lease.run, 1, CANCELLED, null);
    await expect(store.append(lease.run, 1, READY, lease)).rejects.toBeInstanceOf(JournalMoved);
  });
}

function auditContract(open: Open, pass: (ms: number) => void): void {
  const types = async (store: Store): Promise<string[]> =>
    (await store.audit.records(0)).map(({ type }) => type);
  /** The chain by itself: a checkpoint is the business of who publishes it. */
  const check = async (store: Store): Promise<unknown> => {
    const records = await store.audit.records(0);
    const trusted = [
      { role: 'audit', key: String(records[0]?.data['key']), from: null, until: null },
    ];
    const lines = records.map((record) => `${lineOf(record)}\n`);
    return (await verifyChain(lines, [], z.array(TrustedKey).parse(trusted))).code;
  };

  test('the records of one run are its own, in order, and a run that nobody knows has none', async () => {
    const store = open();
    await store.addTask(sampleTask(1));
    await store.addTask(sampleTask(2));
    await store.append(sampleRun(1), 0, CLAIMED, null);
    const own = await store.audit.of(sampleRun(1));
    expect(own.map(({ type, task }) => [type, task])).toEqual([
      ['task.queued', sampleRun(1)],
      ['run.started', sampleRun(1)],
    ]);
    expect(await store.audit.of(sampleRun(9))).toEqual([]);
  });

  test('a store without tasks has no audit record', async () => {
    expect(await open().audit.records(0)).toEqual([]);
    expect(await open().audit.head()).toBeNull();
  });

  test('a task and every event that is answered for leave records of one chain', async () => {
    const store = open();
    await store.addTask(sampleTask(1));
    pass(1_000);
    await store.append(sampleRun(1), 0, CLAIMED, null);
    await open().append(sampleRun(1), 1, READY, null);
    await store.append(sampleRun(1), 2, FINISHED, null);
    await store.append(sampleRun(1), 3, CANCELLED, null);
    expect(await types(open())).toEqual([
      ...['log.opened', 'task.queued', 'run.started', 'policy.loaded', 'run.stopped'],
    ]);
    expect(await check(store)).toBe('unsigned');
    const [, queued, started] = await store.audit.records(0);
    expect(queued).toMatchObject({ actor: 'local:rita', task: sampleRun(1) });
    expect(started?.ts).toBe((await store.read(sampleRun(1)))[0]?.at);
  });

  test('what is refused leaves no record', async () => {
    const store = open();
    await store.addTask(sampleTask(1));
    const before = await store.audit.head();
    await expect(store.addTask(sampleTask(1))).rejects.toThrow();
    await expect(store.append(sampleRun(1), 0, READY, null)).rejects.toThrow();
    await expect(store.append(sampleRun(1), 1, CLAIMED, null)).rejects.toThrow();
    await expect(store.append(sampleRun(9), 0, CLAIMED, null)).rejects.toThrow();
    expect(await store.audit.head()).toEqual(before);
  });

  test('a task whose record cannot be written is not queued', async () => {
    const store = open();
    const odd = { ...sampleTask(1), repository: `/repositories/${'x'.repeat(70_000)}` };
    await expect(store.addTask(odd)).rejects.toMatchObject({ code: 'internal' });
    expect(await store.tasks()).toEqual([]);
    expect(await store.audit.records(0)).toEqual([]);
  });

  test('what belongs to no run is recorded too, and what a log cannot hold is refused', async () => {
    const store = open();
    const draft = { type: 'group.changed', actor: 'controller', task: null } as const;
    await store.audit.append({ ...draft, data: { group: 'platform' }, sealed: { why: 'new' } });
    expect(await types(store)).toEqual(['log.opened', 'group.changed']);
    await expect(store.audit.append({ ...draft, data: { share: 0.5 } })).rejects.toThrow();
    expect((await store.audit.head())?.data['why']).toMatch(/^sha256:/);
    expect((await store.audit.head())?.seq).toBe(1);
  });

  test('the same words are another digest in each record', async () => {
    const store = open();
    for (const number of [1, 2]) await store.addTask({ ...sampleTask(number), text: 'same' });
    const [, one, two] = await store.audit.records(0);
    expect(one?.data['text']).not.toBe(two?.data['text']);
  });

  test('several openers that write at once keep one chain', async () => {
    const openers = [open(), open(), open()];
    const adding = Array.from({ length: 30 }, (_, n) => openers[n % 3]?.addTask(sampleTask(n)));
    await Promise.all(adding);
    expect(await types(open())).toHaveLength(31);
    expect(await check(open())).toBe('unsigned');
  });

  test('records are read a thousand at a time, and publishing them again changes nothing', async () => {
    const store = open();
    await store.addTask(sampleTask(1));
    for (const [seq, event] of judgedBy(1_000).entries()) {
      await store.append(sampleRun(1), seq, event, null);
    }
    expect(await store.audit.records(0)).toHaveLength(1_000);
    const rest = (await store.audit.records(1_000)).map(({ seq }) => seq);
    expect(rest).toEqual([1_000, 1_001, 1_002, 1_003, 1_004, 1_005]);
    expect(await store.audit.records(1_006)).toEqual([]);
    await store.audit.publish();
    await store.audit.publish();
    expect((await store.audit.head())?.seq).toBe(1_005);
  });
}

function activityContract(open: Open): void {
  const line = (index: number, text: string): Activity => ({
    ...{ run: sampleRun(1), attempt: 1, source: 'agent', index, at: new Date(NOW).toISOString() },
    ...{ kind: 'said', text },
  });

  test('a line noted twice is kept once, as it was first', async () => {
    const store = open();
    await store.addTask(sampleTask(1));
    await store.note(line(0, 'first \0 😀'));
    await store.note(line(0, 'second'));
    expect(await store.activity(sampleRun(1))).toEqual([line(0, 'first \0 😀')]);
  });

  test('attempt, source and index together name a line', async () => {
    const store = open();
    await store.addTask(sampleTask(1));
    const lines: Activity[] = [
      line(1, 'a'),
      line(0, 'b'),
      { ...line(0, 'c'), attempt: 2 },
      { ...line(0, 'd'), source: 'check' },
    ];
    for (const each of lines) await store.note(each);
    expect(await open().activity(sampleRun(1))).toEqual(lines);
  });

  test('a line of an unknown run is refused', async () => {
    const unknown = open().note({ ...line(0, 'x'), run: sampleRun(9) });
    await expect(unknown).rejects.toMatchObject({ code: 'store_failed' });
  });
}

function keptContract(open: Open): void {
  const due = (id: string): KeptRecord => ({
    ...{ kind: 'review_due', id, task: sampleRun(1), by: [CANCELLED.by] },
    dueAt: new Date(NOW).toISOString(),
  });

  test('records that outlive a run come in order, also to another opener', async () => {
    expect(await open().kept()).toEqual([]);
    for (const id of ['c', 'a', 'b']) await open().keep(due(id));
    expect(await open().kept()).toEqual([due('c'), due('a'), due('b')]);
  });

  test('the first record with an id stays', async () => {
    const store = open();
    await store.keep(due('a'));
    await store.keep({ ...due('a'), task: sampleRun(2) } as KeptRecord);
    expect(await store.kept()).toEqual([due('a')]);
  });

  test('a review is in the audit log, once', async () => {
    const store = open();
    const signed = SIGNATURES.sign('break_glass_review', {
      ...{ v: 1, id: `rvw_${'0'.repeat(26)}`, nonce: '0'.repeat(32), task: sampleRun(1) },
      ...{ auth: { method: 'session', assurance: 'session', proof: null } },
      ...{ createdAt: new Date(NOW).toISOString(), by: CANCELLED.by, note: 'it was right' },
    });
    const review: KeptRecord = { kind: 'review', id: signed.record.id, signed };
    await store.keep(review);
    await store.keep(review);
    const records = await store.audit.records(0);
    expect(records.filter(({ type }) => type === 'breakglass.closed')).toMatchObject([
      { actor: CANCELLED.by, task: sampleRun(1), data: { review: signed.record.id } },
    ]);
    expect(JSON.stringify(records)).not.toContain('it was right');
  });

  test('a record that could not be read back is not kept', async () => {
    const store = open();
    await expect(store.keep({ ...due('a'), dueAt: 'soon' } as KeptRecord)).rejects.toThrow();
    expect(await store.kept()).toEqual([]);
  });
}

function ledgerContract(open: Open): void {
  test.each([
    [{ ...NO_BUDGET, turns: 1 }, { ...NO_BUDGET, turns: 2 }, 'turns'],
    [{ ...NO_BUDGET, tokens: 199 }, { ...NO_BUDGET, tokens: 200 }, 'tokens'],
    [{ ...NO_BUDGET, microUsd: 1_999 }, { ...NO_BUDGET, microUsd: 2_000 }, 'money'],
  ])('a second call over %j is refused, and within %j is not', async (short, enough, what) => {
    const store = open();
    await store.addTask(sampleTask(1));
    expect(await store.ledger.reserve(sampleCall('one'), short)).toBeNull();
    const refused = await store.ledger.reserve(sampleCall('two'), short);
    expect(refused?.refused).toContain(what);
    expect(await store.calls(sampleRun(1))).toHaveLength(1);
    expect(await store.ledger.reserve(sampleCall('two'), enough)).toBeNull();
  });

  test('fifty calls at once against a budget for ten: ten are made', async () => {
    const store = open();
    await store.addTask(sampleTask(1));
    const openers = [open(), open(), open(), open(), open()];
    const all = Array.from({ length: 50 }, (_, n) =>
      (openers[n % 5] ?? store).ledger.reserve(sampleCall(`c${n}`), { ...NO_BUDGET, turns: 10 }),
    );
    const made = (await Promise.all(all)).filter((refused) => refused === null);
    expect(made).toHaveLength(10);
    expect(await store.calls(sampleRun(1))).toHaveLength(10);
  });

  test('money cannot be limited when a call has no price', async () => {
    const store = open();
    await store.addTask(sampleTask(1));
    const limited = { ...NO_BUDGET, microUsd: 1_000_000 };
    const unpriced = sampleCall('one', { microUsd: null });
    expect(await store.ledger.reserve(unpriced, limited)).not.toBeNull();
    expect(await store.ledger.reserve(unpriced, NO_BUDGET)).toBeNull();
    expect(await store.ledger.reserve(sampleCall('two'), limited)).not.toBeNull();
  });

  test('the calls of one run do not count for another', async () => {
    const store = open();
    for (const number of [1, 2]) await store.addTask(sampleTask(number));
    const budget = { ...NO_BUDGET, turns: 1 };
    expect(await store.ledger.reserve(sampleCall('one'), budget)).toBeNull();
    const other = sampleCall('two', { run: sampleRun(2) });
    expect(await store.ledger.reserve(other, budget)).toBeNull();
  });

  test('the same reservation again is no second call', async () => {
    const store = open();
    await store.addTask(sampleTask(1));
    const budget = { ...NO_BUDGET, turns: 1 };
    expect(await store.ledger.reserve(sampleCall('one'), budget)).toBeNull();
    expect(await store.ledger.reserve(sampleCall('one'), budget)).toBeNull();
    expect(await store.calls(sampleRun(1))).toEqual([sampleCall('one')]);
  });
}

function settlementContract(open: Open): void {
  test('a settled call counts with what it took, not with what was reserved', async () => {
    const store = open();
    await store.addTask(sampleTask(1));
    const budget = { ...NO_BUDGET, tokens: 150 };
    await store.ledger.reserve(sampleCall('one'), budget);
    const took = { inputTokens: 40, outputTokens: 10 };
    const settled = sampleCall('one', { state: 'settled', usage: took, microUsd: 3, wallMs: 12 });
    await store.ledger.settle(settled);
    expect(await store.calls(sampleRun(1))).toEqual([settled]);
    expect(await store.ledger.reserve(sampleCall('two'), budget)).toBeNull();
  });

  test('the first settlement stands', async () => {
    const store = open();
    await store.addTask(sampleTask(1));
    await store.ledger.reserve(sampleCall('one'), NO_BUDGET);
    const settled = sampleCall('one', { state: 'settled', microUsd: 3 });
    await store.ledger.settle(settled);
    await store.ledger.settle({ ...settled, microUsd: 0 });
    await store.ledger.reserve(sampleCall('one'), NO_BUDGET);
    expect(await store.calls(sampleRun(1))).toEqual([settled]);
  });

  test('a failed call is no turn, but what it took stays taken', async () => {
    const store = open();
    await store.addTask(sampleTask(1));
    await store.ledger.reserve(sampleCall('one'), NO_BUDGET);
    const failed = sampleCall('one', { state: 'failed', failure: 'model_silent' });
    await store.ledger.settle(failed);
    expect(await store.calls(sampleRun(1))).toEqual([failed]);
    const { reserve } = store.ledger;
    expect(await reserve(sampleCall('two'), { ...NO_BUDGET, tokens: 199 })).not.toBeNull();
    expect(await reserve(sampleCall('two'), { ...NO_BUDGET, turns: 1 })).toBeNull();
  });

  test('a call that was never reserved is not settled', async () => {
    const store = open();
    await store.addTask(sampleTask(1));
    await expect(store.ledger.settle(sampleCall('one'))).rejects.toMatchObject({
      code: 'internal',
    });
  });

  test.each([0.5, -1, Number.NaN, 2 ** 53])('%d millionths are not a sum of money', async (sum) => {
    const store = open();
    await store.addTask(sampleTask(1));
    const odd = store.ledger.reserve(sampleCall('one', { microUsd: sum }), NO_BUDGET);
    await expect(odd).rejects.toMatchObject({ code: 'internal' });
    expect(await store.calls(sampleRun(1))).toEqual([]);
  });
}

async function claimed(store: Store): Promise<Lease> {
  const lease = await store.claim();
  if (lease === null) throw new Error('there was nothing to claim');
  return lease;
}

function checksContract(open: () => Store): void {
  describe('a check that was kept', () => {
    const key = Digest.parse(`sha256:${'1'.repeat(64)}`);
    const kept = { key, run: sampleRun(1), attempt: 1, check: CHECK };

    test('is found by its key, by every opener, and under no other', async () => {
      await open().keepCheck(kept);
      expect(await open().keptCheck(key)).toEqual(kept);
      const other = Digest.parse(`sha256:${'2'.repeat(64)}`);
      expect(await open().keptCheck(other)).toBeNull();
    });

    test('stays the first of its key', async () => {
      const store = open();
      await store.keepCheck(kept);
      await store.keepCheck({ ...kept, attempt: 2 });
      expect(await store.keptCheck(key)).toEqual(kept);
    });
  });
}
