/** A service that ends is told by its own end, whatever the engine says of who wanted to join it. */
import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Sha } from '../../../orchestrator/domain/ids.ts';
import type { Service } from '../../../orchestrator/ports.ts';
import type { Engine } from '../../../sandboxes/docker.ts';
import { EngineFault } from '../../../sandboxes/engine-call.ts';
import { folderMount } from '../../../sandboxes/tool.ts';
import type { Ground } from '../../../sandboxes/workspaces/house.ts';
import { startServices } from '../../../sandboxes/workspaces/services.ts';
import { strict } from '../../orchestrator/strict.ts';
import { SPEC } from '../sample.ts';

const OWNER = {
  place: { run: SPEC.run, attempt: 1, repository: '/r', base: Sha.parse('a'.repeat(40)) },
  part: 'agent',
};
const SERVICE: Service = {
  ...{ name: 'one', image: 'base', argv: ['serve'], env: {}, data: null, seed: [] },
  ...{ ready: { port: 5432 }, readyMs: 60_000, memoryBytes: 2 ** 26 },
};

/** An engine that lets nobody join a service, and then says how that ended: at its end, or never. */
function ground(exitCode: number | null): Ground {
  const refused = Promise.withResolvers<void>();
  const engine = strict<Engine>('engine', {
    imageVolumes: async () => [],
    remove: async () => {},
    ensure: async ({ name }) => {
      if (!name.endsWith('-tool')) return;
      refused.resolve();
      throw new EngineFault('start', { statusCode: 409, message: 'it is not running' });
    },
    follow: async (_, onLine, until) => {
      await refused.promise;
      // Whoever was refused hears of that first.
      await setImmediate();
      await onLine({ index: 0, stream: 'err', text: 'no disk for me' });
      if (exitCode !== null) return { ended: 'exited', exitCode, wallMs: 1 };
      return new Promise((_resolve, reject) => {
        until.addEventListener('abort', () => reject(until.reason));
      });
    },
  });
  return {
    ...{ engine, image: async () => SPEC.image, uidOf: async () => 20_000 },
    launch: async () => folderMount('/tmp/proofhouse-1/r0000001/1-app', '/run/proofhouse'),
    base: async () => folderMount('/data/home/base', '/workspace'),
  };
}

const starting = (house: Ground) =>
  startServices(house, OWNER, [SERVICE], new AbortController().signal);

test('that nobody could join any more because it had ended', async () => {
  await expect(starting(ground(3))).rejects.toMatchObject({
    code: 'service_not_ready',
    message: expect.stringMatching(/ended with exit code 3; it printed:\nno disk for me/),
  });
});

test('and an engine that refuses while it runs is what it is', async () => {
  await expect(starting(ground(null))).rejects.toMatchObject({ code: 'engine_failed' });
});
