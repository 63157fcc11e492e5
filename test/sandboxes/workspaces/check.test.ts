/** A check and an app that checks drive are followed from their start, and cleared away whatever happens. */
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { Sha } from '../../../orchestrator/domain/ids.ts';
import type { CheckCommand, Service } from '../../../orchestrator/ports.ts';
import type { Engine } from '../../../sandboxes/docker.ts';
import type { SandboxSpec } from '../../../sandboxes/spec.ts';
import { folderMount } from '../../../sandboxes/tool.ts';
import { checksBy } from '../../../sandboxes/workspaces/check.ts';
import type { CheckRoom } from '../../../sandboxes/workspaces/check-room.ts';
import type { Ground } from '../../../sandboxes/workspaces/house.ts';
import { strict } from '../../orchestrator/strict.ts';
import { SPEC } from '../sample.ts';

const TREE = Sha.parse('b'.repeat(40));
const PLACE = { run: SPEC.run, attempt: 1, repository: '/r', base: Sha.parse('a'.repeat(40)) };
const APP: CheckCommand = {
  ...{ part: 'app', role: 'app', image: 'base', joins: null, argv: ['node', 'app.js'] },
  ...{ env: {}, files: {}, memoryBytes: 2 ** 28, wallMs: 60_000 },
};
const KILLED = { ended: 'exited', exitCode: 137, wallMs: 1 } as const;
const signal = new AbortController().signal;

/** A room that says what is done in it, and ends what it follows as it is told. */
function ground(over: { readonly failAt?: string } = {}) {
  const done: string[] = [];
  const specs: SandboxSpec[] = [];
  const killed = Promise.withResolvers<void>();
  const engine = strict<Engine>('engine', {
    remove: async (name) => void done.push(`remove ${name.split('-').slice(3).join('-')}`),
    ensure: async (spec) => {
      specs.push(spec);
      done.push(`start ${spec.role}`);
      if (over.failAt === spec.role) throw new Error('no room');
    },
    kill: async () => killed.resolve(),
    follow: async ({ argv }, _, until) => {
      // A service runs until nobody listens any more; what looks at it or fills it ends at once.
      if (argv[0] === 'serve') await once(until, 'abort');
      return { ended: 'exited', exitCode: 0, wallMs: 1 };
    },
    imageVolumes: async () => ['/data/kept'],
  });
  const house: Ground = {
    ...{ engine, image: async () => SPEC.image, uidOf: async () => 20_000 },
    launch: async () => folderMount('/tmp/proofhouse-1/r0000001/1-app', '/run/proofhouse'),
    base: async () => folderMount('/data/home/base', '/workspace'),
  };
  const room: CheckRoom = {
    mounts: [],
    follow: async () => {
      done.push('followed');
      await killed.promise;
      return { end: KILLED, full: 'there is no room left' };
    },
    read: async () => ({ files: [], left: 0 }),
    clear: async () => void done.push('clear'),
  };
  return { ...checksBy(house, async () => room), done, specs, killed };
}

test('an app is followed while checks drive it: what it writes is counted', async () => {
  const { serve, done } = ground();
  const running = await serve(PLACE, TREE, null, APP, signal);
  expect(done).toEqual(['remove app', 'start app', 'followed']);
  const { end, tail } = await running.stop();
  expect(end).toEqual(KILLED);
  expect(tail).toEqual(['there is no room left']);
  expect(done.at(-1)).toBe('clear');
});

test('a check that does not come up leaves nothing of its room', async () => {
  const { check, done } = ground({ failAt: 'validator' });
  await expect(
    check(PLACE, TREE, null, { ...APP, part: 'unit', role: 'validator' }, signal),
  ).rejects.toThrow('no room');
  expect(done.slice(-2)).toEqual(['remove unit', 'clear']);
});

test('whatever runs in the image of a service has the folder that the image declares in memory', async () => {
  const service: Service = {
    ...{ name: 'kept', image: 'postgres', argv: ['serve'], env: {}, ready: { argv: ['look'] } },
    ...{ readyMs: 1000, seed: [['fill']], memoryBytes: 2 ** 27, data: '/data/kept' },
  };
  const { serve, specs, killed } = ground();
  const running = await serve(PLACE, TREE, null, { ...APP, services: [service] }, signal);
  killed.resolve();
  await running.stop();
  const inIts = specs.filter(({ role }) => role === 'service');
  expect(inIts.map(({ argv }) => argv[0])).toEqual(['serve', 'look', 'fill']);
  for (const { data } of inIts) expect(data).toEqual({ target: '/data/kept', bytes: 2 ** 27 });
});
