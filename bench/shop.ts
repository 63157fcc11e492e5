/** One run of the shop from the queue to its pull request: time of each phase, and the controller's memory. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as later } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { makeShop, SHOP } from '../orchestrator/commands/demo-shop.ts';
import { personNamed } from '../orchestrator/commands/names.ts';
import { addTask } from '../orchestrator/commands/task.ts';
import { openLedgers } from '../orchestrator/compose.ts';
import { apply, NEW_RUN } from '../orchestrator/domain/run.ts';
import type { JournalEntry } from '../orchestrator/ports.ts';
import type { Row } from './measure.ts';

const CLI = fileURLToPath(new URL('../orchestrator/cli.ts', import.meta.url));
const LOOK_EVERY_MS = 50;
const KIB_PER_MIB = 1024;

/** The first run installs the shop's packages; unless it is the only one, it is left out of the rows. */
export async function shopRows(n: number, home: string): Promise<Row[]> {
  const shop = path.join(home, 'shop');
  await makeShop(shop);
  if (n > 1) await shopRun(home, shop);
  const runs: Measured[] = [];
  for (let at = 0; at < n; at += 1) runs.push(await shopRun(home, shop));
  const phases = [...new Set(runs.flatMap(({ phases: seen }) => [...seen.keys()]))];
  return [
    row(
      'shop run, controller, peak memory',
      'MiB',
      runs.map(({ peakMiB }) => peakMiB),
    ),
    ...phases.map((phase) =>
      row(
        `shop run, ${phase}`,
        's',
        runs.map(({ phases: seen }) => seen.get(phase) ?? 0),
      ),
    ),
    row(
      'shop run, claimed to pull request',
      's',
      runs.map(({ phases: seen }) => sum(seen)),
    ),
  ];
}

type Measured = { readonly phases: ReadonlyMap<string, number>; readonly peakMiB: number };

async function shopRun(home: string, shop: string): Promise<Measured> {
  const clock = (): Date => new Date();
  const ledgers = openLedgers(home, clock, []);
  try {
    const file = path.join(SHOP, 'tasks', 'cart-rounding.md');
    const wanted = { text: null, file, repository: shop, base: 'main' };
    const people = { requester: personNamed('dana'), operator: personNamed('dana') };
    const task = await addTask(ledgers, { ...wanted, ...people }, clock());
    const models = path.join(SHOP, 'models');
    const args = ['--home', home, 'serve', '--until-idle', '--scripted', models, '--log', 'warn'];
    const child = spawn(process.execPath, [CLI, ...args], { stdio: ['ignore', 2, 2] });
    const peakMiB = await peakOf(child);
    const journal = await ledgers.store.read(task.id);
    const last = journal.at(-1)?.event;
    if (last?.type !== 'pull_request_opened')
      throw new Error(`the run of the shop ended with ${last?.type ?? 'nothing'}`);
    return { phases: phasesOf(journal), peakMiB };
  } finally {
    ledgers.store.close();
  }
}

/** The kernel's own high-water mark, read while the process is there. */
async function peakOf(child: ChildProcess): Promise<number> {
  const ended = new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', resolve);
  });
  let peak = 0;
  while (child.exitCode === null && child.signalCode === null) {
    const status = await readFile(`/proc/${child.pid}/status`, 'utf8').catch(() => '');
    peak = Math.max(peak, Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0));
    await later(LOOK_EVERY_MS);
  }
  await ended;
  return peak / KIB_PER_MIB;
}

function phasesOf(journal: readonly JournalEntry[]): Map<string, number> {
  const seconds = new Map<string, number>();
  let run = NEW_RUN;
  let since = Date.parse(journal[0]?.at ?? '');
  for (const { at, event } of journal) {
    const spent = (Date.parse(at) - since) / 1000;
    if (run.phase !== 'queued') seconds.set(run.phase, (seconds.get(run.phase) ?? 0) + spent);
    since = Date.parse(at);
    run = apply(run, event);
  }
  return seconds;
}

function row(what: string, unit: Row['unit'], values: readonly number[]): Row {
  return { what, unit, values, against: null };
}

function sum(seconds: ReadonlyMap<string, number>): number {
  return [...seconds.values()].reduce((all, one) => all + one, 0);
}
