/**
 * Kills one controller after another at a random moment, until one comes to an end by itself. Whatever the
 * moments were: the run is published, once, and nothing is left of it.
 */
import { spawn } from 'node:child_process';
import path from 'node:path';
import { setTimeout as later } from 'node:timers/promises';
import { personNamed } from '../../orchestrator/commands/names.ts';
import { addTask } from '../../orchestrator/commands/task.ts';
import { replay } from '../../orchestrator/runner.ts';
import { CHECKOUT, type House, orphans } from './house.ts';

const CONTROLLERS_MAX = 60;
const DANA = personNamed('dana');

export type Killed = { readonly kills: number; readonly wrong: readonly string[] };

/** `moment` gives how long each controller lives, in milliseconds. */
export async function killed(
  { factory, repository }: House,
  moment: () => number,
): Promise<Killed> {
  const wanted = { text: 'Add a file', file: null, repository, base: 'main' };
  const before = (await factory.forge.pullRequests(repository)).length;
  const task = await addTask(factory, { ...wanted, requester: DANA, operator: DANA }, new Date());
  let kills = 0;
  while ((await controller(factory.home, moment())) === 'SIGKILL') {
    kills += 1;
    if (kills >= CONTROLLERS_MAX) return { kills, wrong: [`no end after ${kills} controllers`] };
  }
  const end = replay(await factory.store.read(task.id));
  const isPublished = end.phase === 'done' && end.outcome.kind === 'published';
  const opened = (await factory.forge.pullRequests(repository)).length - before;
  return {
    kills,
    wrong: [
      ...(isPublished ? [] : [`${task.id} ended as ${JSON.stringify(end)}`]),
      ...(opened === 1 ? [] : [`${opened} pull requests for ${task.id}`]),
      ...(await orphans(factory)),
    ],
  };
}

async function controller(home: string, livesMs: number): Promise<string | number | null> {
  const argv = [
    path.join(CHECKOUT, 'orchestrator/cli.ts'),
    '--home',
    home,
    'serve',
    '--until-idle',
  ];
  const scripted = ['--scripted', path.join(CHECKOUT, 'examples/shop/models'), '--log', 'error'];
  const child = spawn(process.execPath, [...argv, ...scripted], { stdio: 'ignore' });
  const ended = new Promise<string | number | null>((resolve) => {
    child.once('exit', (code, signal) => resolve(signal ?? code));
  });
  const stop = new AbortController();
  const timer = later(livesMs, undefined, { signal: stop.signal }).then(
    () => child.kill('SIGKILL'),
    () => {},
  );
  const how = await ended;
  stop.abort();
  await timer;
  return how;
}
