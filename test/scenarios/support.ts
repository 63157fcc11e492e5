/** A factory in a folder of its own, on the real engine, answered by scenario files. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { makeShop } from '../../orchestrator/commands/demo-shop.ts';
import { personNamed } from '../../orchestrator/commands/names.ts';
import { addTask } from '../../orchestrator/commands/task.ts';
import {
  chooseModel,
  type Factory,
  openFactory,
  openModel,
  runtimeFolder,
  unmountAll,
} from '../../orchestrator/compose.ts';
import type { RunId } from '../../orchestrator/domain/ids.ts';
import type { RunState } from '../../orchestrator/domain/run-state.ts';
import type { Task } from '../../orchestrator/domain/task.ts';
import { KEEP_BYTES } from '../../orchestrator/program/numbers.ts';
import { replay } from '../../orchestrator/runner.ts';
import { schedule } from '../../orchestrator/scheduler.ts';

export { unmountAll };

export const CHECKOUT = fileURLToPath(new URL('../..', import.meta.url));
export const SHOP_MODELS = path.join(CHECKOUT, 'examples/shop/models');
export const SHOP_TASKS = path.join(CHECKOUT, 'examples/shop/tasks');
const never = new AbortController().signal;

/** A folder that is gone when the test is. */
export function scratch(name: string): string {
  const folder = mkdtempSync(path.join(tmpdir(), `proofhouse-test-${name}-`));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export async function openTestFactory(home: string, scripted = SHOP_MODELS): Promise<Factory> {
  const model = await openModel(chooseModel({}, scripted));
  return openFactory({
    home,
    model,
    secrets: [],
    above: [],
    runtime: null,
    clock: () => new Date(),
  });
}

/** Opens, and removes everything it made on the engine when the test ends. */
export async function testFactory(name: string, scripted = SHOP_MODELS): Promise<Factory> {
  const factory = await openTestFactory(scratch(name), scripted);
  onTestFinished(async () => {
    await factory.engine.removeAll('instance');
    await unmountAll(factory.home);
    factory.close();
    rmSync(runtimeFolder(factory.home), { recursive: true, force: true });
  });
  return factory;
}

export async function shopIn(folder: string): Promise<string> {
  const shop = path.join(folder, 'shop');
  await makeShop(shop);
  return shop;
}

/** A repository with one commit of these files. */
export function repositoryOf(folder: string, files: Readonly<Record<string, string>>): string {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), text);
  }
  commitAll(folder, 'First');
  return folder;
}

export function commitAll(folder: string, message: string): void {
  const git = (...args: string[]): void => {
    execFileSync(
      'git',
      ['-C', folder, '-c', 'user.name=Test', '-c', 'user.email=test@localhost.invalid', ...args],
      {
        stdio: 'ignore',
      },
    );
  };
  git('init', '--quiet', '--initial-branch=main');
  git('add', '--all');
  git('commit', '--quiet', '--message', message);
}

const DANA = { requester: personNamed('dana'), operator: personNamed('dana') };

export function queue(factory: Factory, repository: string, text: string): Promise<Task> {
  const wanted = { text, file: null, repository, base: 'main', ...DANA };
  return addTask(factory, wanted, new Date());
}

export function queueFile(factory: Factory, repository: string, file: string): Promise<Task> {
  const wanted = { text: null, file, repository, base: 'main', ...DANA };
  return addTask(factory, wanted, new Date());
}

/** Drives everything that can go on, and gives where one run came to. */
export async function settle(factory: Factory, run: RunId): Promise<RunState> {
  const troubles: unknown[] = [];
  const onTrouble = (_: RunId | null, error: unknown): void => void troubles.push(error);
  const reap = async (): Promise<void> => {
    const { failed } = await factory.reap();
    for (const { error } of failed) troubles.push(error);
  };
  const collect = async (): Promise<void> => void (await factory.collect(KEEP_BYTES, false));
  const options = { runner: factory.runner, concurrency: 2, onTrouble, reap, collect };
  await schedule(options, true, never);
  if (troubles.length > 0) throw troubles[0];
  return stateOf(factory, run);
}

export async function stateOf(factory: Pick<Factory, 'store'>, run: RunId): Promise<RunState> {
  return replay(await factory.store.read(run));
}

/** Names of sandboxes and volumes that bear this run's label, straight from the engine's own client. */
export function leftOver(run: RunId): string[] {
  return [...sandboxes(run), ...volumes(run)];
}

function sandboxes(run: RunId): string[] {
  return lines('docker', [
    'ps',
    '-a',
    '--filter',
    `label=proofhouse.run=${run}`,
    '--format',
    '{{.Names}}',
  ]);
}

function volumes(run: RunId): string[] {
  return lines('docker', [
    'volume',
    'ls',
    '--filter',
    `label=proofhouse.run=${run}`,
    '--format',
    '{{.Name}}',
  ]);
}

function lines(program: string, args: readonly string[]): string[] {
  return execFileSync(program, [...args], { encoding: 'utf8' })
    .split('\n')
    .filter(Boolean);
}
