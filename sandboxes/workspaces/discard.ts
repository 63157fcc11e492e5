/** What is left of a run goes, but for the quarantines: they hold what was sealed. */
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import type { RunId } from '../../orchestrator/domain/ids.ts';
import { unmountBelow } from '../mounts.ts';
import { removeTree } from '../remove-tree.ts';
import type { WorkspacesOptions } from './house.ts';

export async function discard(
  { engine, folders, runtime }: WorkspacesOptions,
  run: RunId,
): Promise<void> {
  await engine.removeAll({ run });
  await unmountBelow(folders.run(run));
  await dropWorkspaces(folders.run(run));
  // Last: by this folder a run that was cleared away half-way is found again.
  await removeTree(path.join(runtime, run));
}

/** Workspaces and outputs go; quarantines stay, they hold what was sealed. */
async function dropWorkspaces(run: string): Promise<void> {
  const attempts = await readdir(run).catch(() => []);
  for (const attempt of attempts) {
    const parts = await readdir(path.join(run, attempt)).catch(() => []);
    for (const part of parts.filter((name) => name !== 'change.git')) {
      await removeTree(path.join(run, attempt, part));
    }
  }
}
