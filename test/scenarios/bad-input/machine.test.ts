/** A machine that lacks something: the command says what, and no task is lost for it. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { runtimeFolder } from '../../../orchestrator/compose.ts';
import { eventsOf, factoryWith, outcomeOf, saidBy, shellAgent } from '../steps.ts';
import {
  leftOver,
  openTestFactory,
  queue,
  repositoryOf,
  SHOP_MODELS,
  scratch,
  settle,
  stateOf,
  unmountAll,
} from '../support.ts';
import { clearedAway, proofhouse, startProofhouse, TINY_FILES, tinyRepository } from '../tiny.ts';

const CHANGES = shellAgent("echo 'export const more = 1;' > src/more.mjs\n");
const SERVE = ['serve', '--until-idle', '--scripted', SHOP_MODELS] as const;

test('without a Docker engine nothing is begun: the task stays queued and runs when there is one', async () => {
  const factory = await factoryWith('no-docker');
  const at = { home: factory.home };
  const { id } = await queue(factory, tinyRepository(path.join(at.home, 'tiny'), CHANGES), 'More');
  const without = { ...at, env: { DOCKER_HOST: 'unix:///nonexistent/docker.sock' } };
  const served = await proofhouse(without, ...SERVE);
  expect(served.code).toBe(4);
  expect(served.err.slice(served.err.indexOf('error['))).toMatchInlineSnapshot(`
    "error[docker_missing]: no Docker engine answers at its socket (ENOENT)
      what to do: Run scripts/setup, or start the engine you have.
    "
  `);
  expect(await eventsOf(factory, id)).toEqual([]);
  expect(outcomeOf(await settle(factory, id))).toMatchObject({ kind: 'published' });
  expect(leftOver(id)).toEqual([]);
});

test('an engine that goes away under a run has lost nothing: its agent goes on when it is back', async () => {
  const factory = await factoryWith('docker-dies');
  const { home } = factory;
  const script =
    'echo begun; while ! test -e /run/proofhouse/go; do sleep 0.2; done; date > added.txt\n';
  const files = { ...CHANGES, ...shellAgent(script) };
  const { id } = await queue(factory, tinyRepository(path.join(home, 'tiny'), files), 'More');
  const engine = await passage(path.join(home, 'docker.sock'));
  const at = { home, env: { DOCKER_HOST: `unix://${engine.address}` } };
  const serving = startProofhouse(at, ...SERVE);
  const heard = async () => expect(await factory.store.activity(id)).not.toEqual([]);
  await vi.waitFor(heard, { timeout: 120_000, interval: 100 });
  engine.close();
  await vi.waitFor(() => expect(engine.refused()).toBeGreaterThan(3), { timeout: 120_000 });
  engine.open();
  writeFileSync(path.join(runtimeFolder(home), id, '1-agent/go'), '');

  expect((await serving.ended).code).toBe(0);
  expect(await eventsOf(factory, id)).not.toContain(expect.stringContaining('machinery_broke'));
  expect(outcomeOf(await stateOf(factory, id))).toMatchObject({ kind: 'published' });
  expect(await saidBy(factory, id, 1)).toBe('begun');
  expect(leftOver(id)).toEqual([]);
});

/** A way to the engine's socket that can be closed and opened again. */
async function passage(address: string) {
  const open = new Set<net.Socket>();
  let refused = 0;
  let isOpen = true;
  const server = net.createServer((client) => {
    client.on('error', () => {});
    if (!isOpen) {
      refused += 1;
      client.destroy();
      return;
    }
    const socket = net.connect('/var/run/docker.sock');
    socket.on('error', () => {});
    for (const one of [client, socket]) open.add(one);
    client.pipe(socket).pipe(client);
  });
  await new Promise<void>((resolve) => server.listen(address, resolve));
  onTestFinished(() => {
    for (const one of open) one.destroy();
    server.close();
  });
  return {
    address,
    refused: () => refused,
    open: (): void => {
      isOpen = true;
    },
    close: (): void => {
      isOpen = false;
      for (const one of open) one.destroy();
    },
  };
}

/** A data directory on a file system of its own. Only root can mount one. */
function smallDisk(options: string): string {
  const folder = scratch('disk');
  execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'proofhouse-test', folder]);
  onTestFinished(() => {
    execFileSync('umount', ['--lazy', folder]);
  });
  return folder;
}

const isRoot = process.getuid?.() === 0;

test.skipIf(!isRoot)(
  'a data directory that is nearly full (needs root, to mount one): no workspace is opened',
  async () => {
    const home = smallDisk('size=200m');
    const at = clearedAway({ home });
    const factory = await openTestFactory(home);
    onTestFinished(() => factory.close());
    const repository = tinyRepository(path.join(scratch('small'), 'tiny'), CHANGES);
    const { id } = await queue(factory, repository, 'More');
    const end = await settleNow(factory, id);
    const found = `machinery_broke disk_full: ${home} has N MiB free; a run needs at least 256 MiB to start`;
    expect(
      (await eventsOf(factory, id)).map((one) => one.replace(/\d+ MiB free/, 'N MiB free')),
    ).toEqual(['claimed', found, found, found]);
    expect(outcomeOf(end)).toMatchObject({ kind: 'broke', code: 'disk_full' });
    expect((await proofhouse(at, 'run', 'show', id)).code).toBe(4);
    expect(leftOver(id)).toEqual([]);
  },
);

test.skipIf(!isRoot)(
  'a disk that fills while a sandbox makes a layer (needs root, to mount one) is disk_full too',
  async () => {
    const home = smallDisk('size=512m,nr_inodes=400');
    const factory = await openTestFactory(home);
    onTestFinished(async () => {
      await factory.engine.removeAll('instance');
      await unmountAll(factory.home);
      factory.close();
    });
    const many = Object.fromEntries(
      Array.from({ length: 500 }, (_, at) => [`data/${at}.txt`, `${at}\n`]),
    );
    const repository = repositoryOf(path.join(scratch('many'), 'tiny'), {
      ...TINY_FILES,
      ...CHANGES,
      ...many,
    });
    const { id } = await queue(factory, repository, 'More');
    const end = await settleNow(factory, id);
    expect(outcomeOf(end)).toMatchObject({
      kind: 'broke',
      code: 'disk_full',
      message: expect.stringContaining('checkout.sh'),
    });
    expect(leftOver(id)).toEqual([]);
  },
);

function settleNow(
  factory: Awaited<ReturnType<typeof openTestFactory>>,
  id: Parameters<typeof settle>[1],
) {
  return settle({ ...factory, runner: { ...factory.runner, breakMs: 1 } }, id);
}
