import { expect, test } from 'vitest';
import { emptyMemory, openMemoryStore } from './memory-store.ts';
import { sampleRun, sampleTask } from './samples.ts';
import { storeContract } from './store.ts';

storeContract('memory', () => {
  const memory = emptyMemory();
  return { open: (clock) => openMemoryStore(memory, clock), remove: () => memory.rows.clear() };
});

test('a store that was closed answers nothing', async () => {
  const store = openMemoryStore(emptyMemory(), () => new Date());
  await store.addTask(sampleTask(1));
  store.close();
  await expect(store.task(sampleRun(1))).rejects.toMatchObject({ code: 'store_failed' });
  await expect(store.claim()).rejects.toMatchObject({ code: 'store_failed' });
});
