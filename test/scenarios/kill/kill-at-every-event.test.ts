/** After `kill -9` at any event: the same end, one pull request, nothing paid for twice, nothing left behind. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { approve } from '../../../orchestrator/commands/decide.ts';
import type { Factory } from '../../../orchestrator/compose.ts';
import type { RunId } from '../../../orchestrator/domain/ids.ts';
import { contextFor } from '../context.ts';
import {
  leftOver,
  queueFile,
  SHOP_MODELS,
  SHOP_TASKS,
  settle,
  shopIn,
  stateOf,
  testFactory,
} from '../support.ts';

const DRIVER = fileURLToPath(new URL('./driver.ts', import.meta.url));
const PROCESSES_MAX = 30;

describe('a controller that is killed at every event', () => {
  it.each(['after', 'before'] as const)(
    '%s the event was written comes to the same end',
    async (when) => {
      const factory = await testFactory(`kill-${when}`);
      const shop = await shopIn(factory.home);
      const task = await queueFile(factory, shop, `${SHOP_TASKS}/stay-signed-in.md`);

      const before = await driveInPieces(factory, task.id, when);
      expect(before.phase).toBe('awaiting_approval');
      const tree = before.phase === 'awaiting_approval' ? before.change.tree : '';
      await approve(contextFor(factory), { run: task.id, tree, as: 'local:rita' });
      const end = await driveInPieces(factory, task.id, when);

      expect(end).toMatchObject({ phase: 'done', outcome: { kind: 'published', pullRequest: 1 } });
      expect(await factory.forge.pullRequests(shop)).toHaveLength(1);
      expect(leftOver(task.id)).toEqual([]);
      const types = (await factory.store.read(task.id)).map(({ event }) => event.type);
      expect(types).toEqual([
        'claimed',
        'workspace_ready',
        'agent_finished',
        'change_sealed',
        'judged',
        'validation_passed',
        'approved',
        'pull_request_opened',
      ]);
      expect(await settledCalls(factory, task.id)).toBe(await callsOfAnUndisturbedRun());
    },
  );
});

/** Starts one controller after another until nothing is left to do; each but the last was killed. */
async function driveInPieces(factory: Factory, run: RunId, when: 'after' | 'before') {
  for (let processes = 1; processes <= PROCESSES_MAX; processes += 1) {
    const ended = await controller(factory.home, when);
    if (ended === 0) return stateOf(factory, run);
    expect(ended).toBe('SIGKILL');
  }
  throw new Error(`not at an end after ${PROCESSES_MAX} controllers`);
}

function controller(home: string, when: string): Promise<number | string | null> {
  const child = spawn(process.execPath, [DRIVER, home, when, SHOP_MODELS], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(signal ?? code));
  });
}

async function settledCalls(factory: Factory, run: RunId): Promise<number> {
  return (await factory.store.calls(run)).filter(({ state }) => state === 'settled').length;
}

async function callsOfAnUndisturbedRun(): Promise<number> {
  const factory = await testFactory('undisturbed');
  const task = await queueFile(
    factory,
    await shopIn(factory.home),
    `${SHOP_TASKS}/stay-signed-in.md`,
  );
  await settle(factory, task.id);
  return settledCalls(factory, task.id);
}
