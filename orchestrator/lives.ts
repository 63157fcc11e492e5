/** What the journal says of runs to whoever clears away what they left. */
import type { RunId } from './domain/ids.ts';
import { nextStep } from './domain/run.ts';
import type { RunState } from './domain/run-state.ts';
import type { Store } from './ports.ts';
import { replay } from './runner.ts';

/** Null for a run that there is not. */
export async function stateIn(store: Store, run: RunId): Promise<RunState | null> {
  return (await store.task(run)) === null ? null : replay(await store.read(run));
}

/** `folderOf` says where a repository's things lie. */
export function livesIn(store: Store, folderOf: (repository: string) => string) {
  const isOver = async (run: RunId): Promise<boolean> => {
    const state = await stateIn(store, run);
    return state === null || state.phase === 'done';
  };
  return {
    isOver,
    isLive: async (run: RunId): Promise<boolean> => {
      const state = await stateIn(store, run);
      if (state === null || nextStep(state) !== null) return state !== null;
      // Over or waiting, and somebody may still be clearing up after it.
      const lease = await store.hold(run);
      if (lease !== null) await store.release(lease);
      return lease === null;
    },
    repositoryOf: async (run: RunId): Promise<string | null> => {
      const task = await store.task(run);
      return task === null ? null : folderOf(task.repository);
    },
    isWorkedOn: async (folder: string): Promise<boolean> => {
      for (const { id, repository } of await store.tasks())
        if (folderOf(repository) === folder && !(await isOver(id))) return true;
      return false;
    },
  };
}
