import { expect, test } from 'vitest';
import { RunId } from '../../../orchestrator/domain/ids.ts';
import type { RunEvent } from '../../../orchestrator/domain/run-state.ts';
import type { Task } from '../../../orchestrator/domain/task.ts';
import { relatedTo } from '../../../orchestrator/stages/related.ts';
import { emptyMemory, openMemoryStore } from '../../contracts/memory-store.ts';
import { AT, EVENTS, JOURNEY, TASK, WAITING } from '../fixtures.ts';

const NOW = new Date(AT);
const [TWO, THREE, FOUR] = ['r0000002', 'r0000003', 'r0000004'].map((id) => RunId.parse(id));

test('a run is told of others in their journals: of what waits and what was published', async () => {
  const store = openMemoryStore(emptyMemory(), () => NOW);
  const journaled = async (task: Task, events: readonly RunEvent[]) => {
    await store.addTask(task);
    for (const [seq, event] of events.entries()) await store.append(task.id, seq, event, null);
    return store.read(task.id);
  };
  const own = await journaled(TASK, WAITING);
  await journaled({ ...TASK, id: TWO ?? TASK.id }, WAITING);
  await journaled({ ...TASK, id: THREE ?? TASK.id }, JOURNEY);
  await journaled({ ...TASK, id: FOUR ?? TASK.id }, [...WAITING, EVENTS.rejected]);
  await journaled({ ...TASK, id: RunId.parse('r0000005') }, [EVENTS.claimed]);
  const told = await relatedTo(store, TASK, own, NOW);
  expect(told.map(({ id, isPublished }) => [id, isPublished]).sort()).toEqual([
    [TWO, false],
    [THREE, true],
  ]);
  expect(await relatedTo(store, TASK, [], NOW)).toEqual([]);
});
