/**
 * A second Docker engine that shares nothing with this machine but its kernel and one socket: a network
 * of its own with nothing in it, and a mount namespace in which the folder for temporary things, where
 * tests have their data, is empty. Needs root.
 */
import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as later } from 'node:timers/promises';
import { promisify } from 'node:util';
import { recipesOf } from '../../../orchestrator/compose.ts';

const run = promisify(execFile);
const READY_MS = 60_000;
const LOOK_MS = 100;
/** Not below the folder that is hidden from it. */
const OUTSIDE = '/var/tmp/proofhouse-engine-';

const START = `mount --make-rprivate /
mount -t tmpfs none "$1"
exec dockerd --data-root "$0/data" --exec-root "$0/exec" --pidfile "$0/pid" --host "unix://$0/engine.sock" \
  --bridge none --iptables=false --ip-masq=false --ip-forward=false`;

export type SecondEngine = {
  /** As `DOCKER_HOST` names it. */
  readonly host: string;
  stop(): Promise<void>;
};

/** Started, with our base image in it. */
export async function secondEngine(): Promise<SecondEngine> {
  const folder = await mkdtemp(OUTSIDE);
  const argv = ['--net', '--mount', 'sh', '-ec', START, folder, tmpdir()];
  const engine = spawn('unshare', argv, { stdio: 'ignore', detached: true });
  const ended = new Promise<void>((resolve) => engine.once('exit', () => resolve()));
  const stop = async (): Promise<void> => {
    engine.kill('SIGTERM');
    await ended;
    await rm(folder, { recursive: true, force: true });
  };
  const host = `unix://${folder}/engine.sock`;
  try {
    await answers(host, path.join(folder, 'engine.sock'));
    const tag = recipesOf().find(({ name }) => name === 'base')?.tag ?? '';
    await run('sh', ['-ec', `docker save "$0" | docker --host "$1" load`, tag, host]);
  } catch (thrown) {
    await stop();
    throw thrown;
  }
  return { host, stop };
}

async function answers(host: string, socket: string): Promise<void> {
  const until = Date.now() + READY_MS;
  while (Date.now() < until) {
    const isUp =
      existsSync(socket) &&
      (await run('docker', ['--host', host, 'version']).then(
        () => true,
        () => false,
      ));
    if (isUp) return;
    await later(LOOK_MS);
  }
  throw new Error(`the second engine did not answer within ${READY_MS} ms`);
}
