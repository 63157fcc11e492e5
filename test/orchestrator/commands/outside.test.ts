import { expect, test } from 'vitest';
import { appendOutside } from '../../../orchestrator/commands/outside.ts';
import type { RunEvent } from '../../../orchestrator/domain/run-state.ts';
import { JournalMoved, type Store } from '../../../orchestrator/ports.ts';
import { emptyMemory, openMemoryStore } from '../../contracts/memory-store.ts';
import { AT, EVENTS, RUN, TASK } from '../fixtures.ts';

async function storeWith(...events: readonly RunEvent[]): Promise<Store> {
  const store = openMemoryStore(emptyMemory(), () => new Date(AT));
  await store.addTask(TASK);
  for (const [seq, event] of events.entries()) await store.append(RUN, seq, event, null);
  return store;
}

/** Somebody writes these between our look and our write, one before each try. */
function interrupted(store: Store, events: readonly RunEvent[]): Store {
  const waiting = [...events];
  const append: Store['append'] = async (run, seq, event, lease) => {
    const other = waiting.shift();
    if (other !== undefined) await store.append(run, seq, other, null);
    await store.append(run, seq, event, lease);
  };
  return { ...store, append };
}

const cancel = (): RunEvent => EVENTS.cancelled;

test('an event is written without a lease, and the new state is given back', async () => {
  const store = await storeWith(EVENTS.claimed);
  const { run, event } = await appendOutside(store, RUN, cancel);
  expect(run).toMatchObject({ outcome: { kind: 'cancelled' } });
  expect((await store.read(RUN)).at(-1)?.event).toEqual(event);
});

test('when somebody wrote in between, it looks again and decides on what is there now', async () => {
  const store = await storeWith();
  const seen: string[] = [];
  const decide = (run: { phase: string }): RunEvent => {
    seen.push(run.phase);
    return EVENTS.cancelled;
  };
  const busy = interrupted(store, [EVENTS.claimed, EVENTS.workspace_ready]);
  await appendOutside(busy, RUN, decide);
  expect(seen).toEqual(['queued', 'preparing', 'working']);
  expect((await store.read(RUN)).map(({ event }) => event.type)).toEqual([
    'claimed',
    'workspace_ready',
    'cancelled',
  ]);
});

test('what somebody wrote in between can make it too late', async () => {
  const store = await storeWith(EVENTS.claimed);
  const busy = interrupted(store, [EVENTS.cancelled]);
  await expect(appendOutside(busy, RUN, cancel)).rejects.toMatchObject({ code: 'not_now' });
  expect(await store.read(RUN)).toHaveLength(2);
});

test('after five times of somebody else being first it gives up', async () => {
  const store = await storeWith();
  const broke = EVENTS.machinery_broke;
  let tries = 0;
  const append: Store['append'] = async () => {
    tries += 1;
    throw new JournalMoved('always');
  };
  await expect(appendOutside({ ...store, append }, RUN, () => broke)).rejects.toThrow('always');
  expect(tries).toBe(5);
});

test('an event that cannot happen now is refused in words, and not written', async () => {
  const store = await storeWith();
  const early = appendOutside(store, RUN, () => EVENTS.sent_back);
  await expect(early).rejects.toMatchObject({
    code: 'not_now',
    message: 'r0000001 is queued, and "sent back" is for another phase',
  });
  expect(await store.read(RUN)).toEqual([]);
});

test('a decision that throws writes nothing', async () => {
  const store = await storeWith(EVENTS.claimed);
  const broken = appendOutside(store, RUN, () => {
    throw new TypeError('no');
  });
  await expect(broken).rejects.toThrow('no');
  expect(await store.read(RUN)).toHaveLength(1);
});

test('a store that breaks is not tried again', async () => {
  const store = await storeWith();
  store.close();
  await expect(appendOutside(store, RUN, cancel)).rejects.toMatchObject({ code: 'store_failed' });
});
