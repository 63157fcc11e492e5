/**
 * `demo`: the factory on a small shop. Three tasks: one that may go straight to a pull request, one that
 * a person must approve, and one with a hidden instruction that is refused.
 *
 * The controller is a process of its own, started as `serve` is: so the demo can end it with SIGKILL in
 * the middle and start another, and nothing here can reach into it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import readline from 'node:readline/promises';
import { setTimeout as later } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Fault } from '../domain/faults.ts';
import type { RunState } from '../domain/run-state.ts';
import type { Task } from '../domain/task.ts';
import type { Forge, Store } from '../ports.ts';
import { replay } from '../runner.ts';
import { type DemoRow, demoEvent, demoReport, waitingText } from '../text/demo-report.ts';
import { approve } from './approve.ts';
import type { Context, Exit } from './context.ts';
import { makeShop, SHOP, SHOP_MODELS } from './demo-shop.ts';
import { whoMay } from './desk.ts';
import { personNamed } from './names.ts';
import { addTask } from './task.ts';

const TASKS = ['cart-rounding', 'stay-signed-in', 'helpful-issue'] as const;
const REQUESTER = 'local:dana';
const REVIEWER = 'local:rita';
const LOOK_EVERY_MS = 150;
const CLI = fileURLToPath(new URL('../cli.ts', import.meta.url));
/** What an earlier demo left and this one starts without. Images and layers stay: they cost time. */
const FORGOTTEN = [
  'audit',
  'journal.sqlite',
  'journal.sqlite-wal',
  'journal.sqlite-shm',
  'forge',
  'runs',
  'evidence',
  'shop',
];

export type DemoOptions = {
  readonly approve: boolean;
  readonly kill: boolean;
};

export async function demo(from: Context, options: DemoOptions): Promise<Exit> {
  const home = from.demoHome;
  const context = {
    ...from,
    home,
    command: './proofhouse --demo',
    signatures: () => from.signatures(home),
  };
  const model = context.model(SHOP_MODELS);
  for (const name of FORGOTTEN)
    await rm(path.join(context.home, name), { recursive: true, force: true });
  const shop = path.join(context.home, 'shop');
  await makeShop(shop);
  const ledgers = context.ledgers(context.home);
  const tasks = await queue(ledgers, shop, context.clock);
  context.err(
    `\nModel: ${model.shown}\nThree tasks are queued on ${shop}. The controller starts.\n`,
  );
  const watcher = watch(context, ledgers.store, tasks);
  const controlled = { context, store: ledgers.store, tasks, watcher };
  try {
    await control(controlled, options.kill);
    if (await decideWaiting(context, options, ledgers.store, tasks))
      await control(controlled, false);
  } finally {
    await watcher.stop();
  }
  const rows = await Promise.all(tasks.map((task) => rowOf(context, ledgers.store, task)));
  context.out(
    demoReport({
      rows,
      forge: ledgers.forge.remote(shop),
      home: context.home,
      command: context.command,
    }),
  );
  return exitOf(rows, model.kind === 'scripted');
}

async function queue(
  ledgers: { store: Store; forge: Forge },
  repository: string,
  clock: () => Date,
): Promise<Task[]> {
  const tasks: Task[] = [];
  for (const name of TASKS) {
    const file = path.join(SHOP, 'tasks', `${name}.md`);
    const wanted = {
      text: null,
      file,
      repository,
      base: 'main',
      requester: personNamed(REQUESTER),
      operator: personNamed(REQUESTER),
    };
    tasks.push(await addTask(ledgers, wanted, clock()));
  }
  return tasks;
}

type Controlled = {
  readonly context: Context;
  readonly store: Store;
  readonly tasks: readonly Task[];
  readonly watcher: Watcher;
};

/** Runs a controller until nothing is left but waiting; with `kill`, ends the first one half-way. */
async function control(controlled: Controlled, kill: boolean): Promise<void> {
  const first = startController(controlled.context);
  if (kill) {
    await agentSeen(controlled, first.process);
    first.process.kill('SIGKILL');
    await first.ended;
    controlled.watcher.say(
      `the controller (process ${first.process.pid}) was ended with SIGKILL; another one starts`,
    );
    return control(controlled, false);
  }
  const code = await first.ended;
  if (code !== 0) throw new Fault('internal', `the controller ended with ${code}`);
}

function startController({ home, signal }: Context): {
  process: ChildProcess;
  ended: Promise<number | null>;
} {
  const args = [
    CLI,
    '--home',
    home,
    'serve',
    '--until-idle',
    '--scripted',
    SHOP_MODELS,
    '--log',
    'warn',
  ];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  const stop = (): boolean => child.kill('SIGTERM');
  signal.addEventListener('abort', stop, { once: true });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => {
      signal.removeEventListener('abort', stop);
      resolve(code);
    });
  });
  return { process: child, ended };
}

/** Until an agent has done something and is still at work. */
async function agentSeen({ store, tasks }: Controlled, controller: ChildProcess): Promise<void> {
  while (controller.exitCode === null) {
    for (const { id } of tasks) {
      const isWorking = replay(await store.read(id)).phase === 'working';
      if (isWorking && (await store.activity(id)).some(({ source }) => source === 'agent')) return;
    }
    await later(LOOK_EVERY_MS);
  }
}

type Watcher = { say(text: string): void; stop(): Promise<void> };

/** Prints what happens to the runs as their journals grow. */
function watch(context: Context, store: Store, tasks: readonly Task[]): Watcher {
  const started = performance.now();
  const seen = new Map<string, number>();
  let going = true;
  const say = (text: string): void => {
    context.err(`${`${((performance.now() - started) / 1000).toFixed(1)} s`.padStart(8)}  ${text}`);
  };
  const look = async (): Promise<void> => {
    for (const { id, source } of tasks) {
      const journal = await store.read(id);
      for (const { event } of journal.slice(seen.get(id) ?? 0)) {
        const line = demoEvent(event);
        if (line !== null) say(`${path.basename(source, '.md').padEnd(16)} ${line}`);
      }
      seen.set(id, journal.length);
    }
  };
  const looking = (async () => {
    while (going) {
      await look();
      await later(LOOK_EVERY_MS);
    }
    await look();
  })();
  return {
    say,
    stop: async () => {
      going = false;
      await looking;
    },
  };
}

/** True when something was approved, so that a controller has work again. */
async function decideWaiting(
  context: Context,
  options: DemoOptions,
  store: Store,
  tasks: readonly Task[],
): Promise<boolean> {
  let approved = false;
  for (const task of tasks) {
    const run = replay(await store.read(task.id));
    if (run.phase !== 'awaiting_approval') continue;
    context.err(
      waitingText({ task, run, command: context.command, may: whoMay(context, run, task) }),
    );
    if (
      !options.approve &&
      !(await saidYes(`Approve it as ${REVIEWER}, a reviewer of this demo? [Y/n] `))
    )
      continue;
    context.err(`Approving as ${REVIEWER}.`);
    await approve(
      { ...context, ledgers: () => context.ledgers(context.home), out: context.err, json: false },
      { run: task.id, tree: run.change.tree, as: REVIEWER },
    );
    approved = true;
  }
  return approved;
}

/** Only a person at a terminal can say yes. */
async function saidYes(question: string): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return false;
  const asking = readline.createInterface({ input: process.stdin, output: process.stderr });
  try {
    return !/^n/i.test(await asking.question(question));
  } finally {
    asking.close();
  }
}

async function rowOf(context: Context, store: Store, task: Task): Promise<DemoRow> {
  const journal = await store.read(task.id);
  const run = replay(journal);
  return {
    task,
    name: path.basename(task.source, '.md'),
    run,
    may: whoMay(context, run, task),
    journal,
    calls: await store.calls(task.id),
    activity: await store.activity(task.id),
  };
}

/** With the scripted model the ends are known, and another end is a fault of the factory. */
function exitOf(rows: readonly DemoRow[], isScripted: boolean): Exit {
  if (!isScripted) return 0;
  const expected: Record<string, (run: RunState) => boolean> = {
    'cart-rounding': (run) => ended(run) === 'published',
    'stay-signed-in': (run) => run.phase === 'awaiting_approval' || ended(run) === 'published',
    'helpful-issue': (run) => ended(run) === 'denied',
  };
  return rows.every(({ name, run }) => expected[name]?.(run)) ? 0 : 1;
}

function ended(run: RunState): string | null {
  return run.phase === 'done' ? run.outcome.kind : null;
}
