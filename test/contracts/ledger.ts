/** What every ledger keeps beside the budget of one run: levels, windows, vendors, and time. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RESERVATION_MS } from '../../orchestrator/domain/money.ts';
import type { Budget, SpendWindow } from '../../orchestrator/ports/ledger.ts';
import type { Store } from '../../orchestrator/ports.ts';
import { CLAIMED, NO_BUDGET, NOW, sampleCall, sampleRun, sampleTask } from './samples.ts';

type Open = () => Store;
type Pass = (ms: number) => void;

const DAY_MS = 86_400_000;
const NO_CEILING = { microUsd: null, tokens: null, calls: null };
const SHOP = 'repository:/repositories/shop';
const within = (over: Partial<SpendWindow>): Budget => ({
  ...NO_BUDGET,
  accounts: [SHOP, 'requester:local:rita', 'organisation'],
  windows: [{ account: SHOP, per: 'day', ...NO_CEILING, ...over }],
});

async function withTasks(open: Open, count: number): Promise<Store> {
  const store = open();
  for (let number = 1; number <= count; number++) await store.addTask(sampleTask(number));
  return store;
}

export function levelsContract(open: Open, pass: Pass): void {
  test.each([
    ['money', { microUsd: 1_999 }, { microUsd: 2_000 }],
    ['tokens', { tokens: 199 }, { tokens: 200 }],
    ['turns', { calls: 1 }, { calls: 2 }],
  ])('runs of one repository share its %s of a day', async (what, short, enough) => {
    const store = await withTasks(open, 2);
    const other = sampleCall('two', { run: sampleRun(2) });
    expect(await store.ledger.reserve(sampleCall('one'), within(short))).toBeNull();
    const refused = await open().ledger.reserve(other, within(short));
    expect(refused?.refused).toContain(`${SHOP} per day: ${what}`);
    expect(await store.calls(sampleRun(2))).toEqual([]);
    expect(await store.ledger.reserve(other, within(enough))).toBeNull();
  });

  test('a call counts for every account it names, and for no other', async () => {
    const store = await withTasks(open, 1);
    await store.ledger.reserve(sampleCall('one'), within({}));
    const two = sampleCall('two');
    for (const account of [SHOP, 'requester:local:rita', 'organisation']) {
      expect(await store.ledger.reserve(two, within({ account, calls: 1 }))).not.toBeNull();
    }
    const other = within({ account: 'repository:/repositories/other', calls: 1 });
    expect(await store.ledger.reserve(two, other)).toBeNull();
  });

  test('a day ends at midnight and a month at its end, by the clock of UTC', async () => {
    const store = await withTasks(open, 1);
    const reserve = async (id: string, per: 'day' | 'month') => {
      const refused = await store.ledger.reserve(sampleCall(id), within({ per, calls: 1 }));
      if (refused === null) await store.ledger.settle(sampleCall(id, { state: 'settled' }));
      return refused;
    };
    expect(await reserve('one', 'day')).toBeNull();
    pass(DAY_MS - (NOW % DAY_MS) - 1);
    expect(await reserve('two', 'day')).not.toBeNull();
    pass(1);
    expect(await reserve('three', 'month')).not.toBeNull();
    expect(await reserve('three', 'day')).toBeNull();
    pass(30 * DAY_MS);
    expect(await reserve('four', 'month')).toBeNull();
  });

  test('what a call took in the end is what its accounts have used up', async () => {
    const store = await withTasks(open, 1);
    const budget = within({ microUsd: 1_300, tokens: 130 });
    await store.ledger.reserve(sampleCall('one'), budget);
    const usage = { inputTokens: 10, outputTokens: 5, cacheReadTokens: 15 };
    await store.ledger.settle(sampleCall('one', { state: 'settled', usage, microUsd: 300 }));
    await store.ledger.settle(sampleCall('one', { state: 'settled', usage, microUsd: 300 }));
    expect(await store.ledger.reserve(sampleCall('two'), budget)).toBeNull();
    expect(await store.ledger.reserve(sampleCall('three', { microUsd: 1 }), budget)).not.toBeNull();
  });

  test('an account that somebody spent without a price from has no limit on money that could hold', async () => {
    const store = await withTasks(open, 1);
    await store.ledger.reserve(sampleCall('one', { microUsd: null }), within({}));
    const refused = await store.ledger.reserve(sampleCall('two'), within({ microUsd: 1e12 }));
    expect(refused?.refused).toContain('a call has no price');
  });

  test('a role has its own part of what a run may use up', async () => {
    const store = await withTasks(open, 1);
    const budget: Budget = { ...NO_BUDGET, roles: { review: { ...NO_CEILING, calls: 1 } } };
    const reserve = (id: string, role: 'edit' | 'review') =>
      store.ledger.reserve(sampleCall(id, { role }), budget);
    for (const id of ['one', 'two']) expect(await reserve(id, 'edit')).toBeNull();
    expect(await reserve('three', 'review')).toBeNull();
    expect((await reserve('four', 'review'))?.refused).toContain('review: turns');
    expect(await reserve('five', 'edit')).toBeNull();
  });
}

export function vendorsContract(open: Open): void {
  const apart: Budget = { ...NO_BUDGET, apart: [['review', 'edit']] };
  const edit = sampleCall('edit', { role: 'edit', vendor: 'acme' });

  test('the vendor that answered edit answers no review of the run, unless nobody asks for that', async () => {
    const store = await withTasks(open, 1);
    const review = sampleCall('review', { role: 'review', vendor: 'acme' });
    await store.ledger.reserve(edit, apart);
    expect(await store.ledger.reserve(review, apart)).toEqual({
      refused: 'acme answered edit in this run already',
      isVendor: true,
    });
    expect(await store.ledger.reserve({ ...review, vendor: 'other' }, apart)).toBeNull();
    expect(await store.ledger.reserve({ ...review, id: 'again' }, NO_BUDGET)).toBeNull();
  });

  test('nor does the one that reviewed edit after that', async () => {
    const store = await withTasks(open, 1);
    await store.ledger.reserve(sampleCall('one', { role: 'review', vendor: 'acme' }), apart);
    expect(await store.ledger.reserve(edit, apart)).toMatchObject({ isVendor: true });
  });

  test('a vendor that failed has answered nothing, and another run is another matter', async () => {
    const store = await withTasks(open, 2);
    await store.ledger.reserve(edit, apart);
    await store.ledger.settle({ ...edit, state: 'failed', failure: 'model_silent' });
    const review = sampleCall('review', { role: 'review', vendor: 'acme' });
    expect(await store.ledger.reserve(review, apart)).toBeNull();
    const other = sampleCall('other', { run: sampleRun(2), vendor: 'acme' });
    expect(await store.ledger.reserve(other, apart)).toBeNull();
  });
}

export function expiryContract(open: Open, pass: Pass): void {
  const one = { ...NO_BUDGET, turns: 1 };

  test('what a gateway that died had reserved is given back, and not before its time', async () => {
    const store = await withTasks(open, 1);
    const budget = { ...within({ calls: 1 }), turns: 1 };
    await store.ledger.reserve(sampleCall('one'), budget);
    pass(RESERVATION_MS);
    expect(await store.ledger.reserve(sampleCall('two'), budget)).not.toBeNull();
    pass(1);
    expect(await open().ledger.reserve(sampleCall('two'), budget)).toBeNull();
    expect((await store.calls(sampleRun(1))).map(({ state }) => state)).toEqual([
      'expired',
      'reserved',
    ]);
  });

  test('a settlement that comes after that still counts, once', async () => {
    const store = await withTasks(open, 1);
    await store.ledger.reserve(sampleCall('one'), within({}));
    pass(RESERVATION_MS + 1);
    await store.ledger.reserve(sampleCall('two'), within({}));
    const late = sampleCall('one', { state: 'settled', microUsd: 700 });
    await store.ledger.settle(late);
    await store.ledger.settle(late);
    expect((await store.calls(sampleRun(1)))[0]).toEqual(late);
    const reserve = (microUsd: number) =>
      store.ledger.reserve(sampleCall('three', { microUsd: 1 }), within({ microUsd }));
    expect(await reserve(1_700)).not.toBeNull();
    expect(await reserve(1_701)).toBeNull();
  });

  test('what was settled is never given back', async () => {
    const store = await withTasks(open, 1);
    await store.ledger.reserve(sampleCall('one'), one);
    await store.ledger.settle(sampleCall('one', { state: 'settled' }));
    pass(10 * RESERVATION_MS);
    expect(await store.ledger.reserve(sampleCall('two'), one)).not.toBeNull();
  });
}

export function sumsContract(open: Open): void {
  test('fifty calls at once for the money of ten spend no more, whatever they took in the end', async () => {
    const store = await withTasks(open, 5);
    const openers = [open(), open(), open()];
    const budget = within({ microUsd: 10_000 });
    const calls = Array.from({ length: 50 }, async (_, n) => {
      const call = sampleCall(`c${n}`, { run: sampleRun(1 + (n % 5)) });
      const { ledger } = openers[n % 3] ?? store;
      if ((await ledger.reserve(call, budget)) !== null) return 0;
      const microUsd = 1_000 - (n % 7);
      await ledger.settle({ ...call, state: n % 4 === 0 ? 'failed' : 'settled', microUsd });
      return microUsd;
    });
    const spent = (await Promise.all(calls)).reduce((sum, one) => sum + one, 0);
    expect(spent).toBeLessThanOrEqual(10_000);
    expect(spent).toBeGreaterThan(9_000);
  });

  test('in any order of calls no budget is passed, and what is refused would have passed it', async () => {
    const step = fc.record({
      cost: fc.integer({ min: 1, max: 400 }),
      part: fc.integer({ min: 0, max: 100 }),
      settles: fc.boolean(),
    });
    let round = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        round += 1;
        const account = `team:${round}`;
        const store = open();
        const run = sampleRun(1_000 + round);
        await store.addTask({ ...sampleTask(1), id: run });
        const budget = { ...within({ account, microUsd: 1_000 }), accounts: [account] };
        let held = 0;
        for (const [index, { cost, part, settles }] of steps.entries()) {
          const call = sampleCall(`${round}-${index}`, { run, microUsd: cost });
          const refused = await store.ledger.reserve(call, budget);
          expect(refused !== null).toBe(held + cost > 1_000);
          if (refused !== null) continue;
          const took = settles ? Math.floor((cost * part) / 100) : cost;
          if (settles) await store.ledger.settle({ ...call, state: 'settled', microUsd: took });
          held += took;
        }
        expect(held).toBeLessThanOrEqual(1_000);
      }),
      { numRuns: 15 },
    );
  });

  test('every class of tokens and what the provider said is read back as it was written', async () => {
    const store = await withTasks(open, 1);
    const usage = {
      ...{ inputTokens: 1, outputTokens: 2, cacheWrite5mTokens: 3, cacheWrite1hTokens: 4 },
      ...{ cacheReadTokens: 5, reasoningTokens: 6, reportedMicroUsd: 7 },
    };
    const call = sampleCall('one', { usage, role: 'title', vendor: 'acme' });
    await store.ledger.reserve(call, NO_BUDGET);
    expect(await open().calls(sampleRun(1))).toEqual([call]);
  });
}

export function startsContract(open: Open, pass: Pass): void {
  test('the runs of a repository that began on a day, in order; others and those that wait are none', async () => {
    const store = await withTasks(open, 4);
    await store.addTask({ ...sampleTask(5), repository: '/repositories/other' });
    for (const number of [3, 1, 5]) {
      await store.append(sampleRun(number), 0, CLAIMED, null);
      pass(1_000);
    }
    pass(DAY_MS);
    await store.append(sampleRun(2), 0, CLAIMED, null);
    const started = (day: string) => open().startedOn('/repositories/shop', day);
    expect(await started('2026-03-01')).toEqual([3, 1].map(sampleRun));
    expect(await started('2026-03-02')).toEqual([sampleRun(2)]);
    expect(await started('2026-03-03')).toEqual([]);
  });
}
