/**
 * What a controller that was killed left on the engine is adopted by the next one when its run
 * goes on, and goes when it does not. Weak is a controller that does not look: everything stays.
 */
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { personNamed } from '../../../orchestrator/commands/names.ts';
import { type Factory, runtimeFolder } from '../../../orchestrator/compose.ts';
import type { RunId } from '../../../orchestrator/domain/ids.ts';
import { LIFECYCLE_ROWS } from '../../red-team/lifecycle/rows.ts';
import { shellAgent } from '../steps.ts';
import {
  leftOver,
  openTestFactory,
  queue,
  SHOP_MODELS,
  settle,
  stateOf,
  testFactory,
} from '../support.ts';
import { TINY_POLICY, tinyRepository } from '../tiny.ts';

const DRIVER = fileURLToPath(new URL('./driver.ts', import.meta.url));
const SHORT = shellAgent('echo started; echo "export const x = 1;" > src/added.mjs\n');
const LONG = shellAgent('echo started; sleep 600\n');
const DANA = personNamed('dana');

type Left = { readonly factory: Factory; readonly run: RunId };

/** A controller was killed at this moment, and nothing else is there. */
async function killed(when: string, files: Readonly<Record<string, string>>): Promise<Left> {
  const factory = await testFactory(`adopt-${when}`);
  const repository = tinyRepository(path.join(factory.home, 'tiny'), files);
  const { id: run } = await queue(factory, repository, 'Add a file');
  const child = spawn(process.execPath, [DRIVER, factory.home, when, SHOP_MODELS], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const signal = await new Promise((resolve) => child.once('exit', (_, by) => resolve(by)));
  expect(signal).toBe('SIGKILL');
  expect(await stateOf(factory, run)).toMatchObject({ phase: 'working' });
  expect(leftOver(run)).toEqual([agentOf(run), workspaceOf(run)]);
  return { factory, run };
}

const agentOf = (run: RunId): string => `proofhouse-${run}-1-agent`;
const workspaceOf = (run: RunId): string => `proofhouse-${run}-1-workspace`;

function stateOfAgent(run: RunId): string {
  const args = ['inspect', '--format', '{{.State.Status}}', agentOf(run)];
  return execFileSync('docker', args, { encoding: 'utf8' }).trim();
}

async function cancel({ factory, run }: Left): Promise<void> {
  const { length } = await factory.store.read(run);
  await factory.store.append(run, length, { type: 'cancelled', by: DANA }, null);
}

/** Nothing on the engine, no sockets and no workspace; what was sealed stays. */
function nothingLeft({ factory, run }: Left): void {
  expect(leftOver(run)).toEqual([]);
  expect(existsSync(path.join(runtimeFolder(factory.home), run))).toBe(false);
  const attempt = path.join(factory.home, 'runs', run, '1');
  const parts = existsSync(attempt) ? readdirSync(attempt) : [];
  expect(parts.filter((part) => part !== 'change.git')).toEqual([]);
}

const names = ({ removed }: Awaited<ReturnType<Factory['reap']>>): string[] =>
  removed.map(({ what }) => what);

const { id, attack } = LIFECYCLE_ROWS.killed;
describe.each(['created', 'running'])(`${id}: ${attack}: one that was left %s`, (state) => {
  const when = state === 'created' ? 'created' : 'working';

  it('stays when its run goes on', async () => {
    const left = await killed(when, LONG);
    expect(stateOfAgent(left.run)).toBe(state);
    expect(await left.factory.reap()).toEqual({ removed: [], failed: [] });
    expect(stateOfAgent(left.run)).toBe(state);
  });

  it('goes with its volume, its sockets and its folders when its run was cancelled', async () => {
    const left = await killed(when, LONG);
    await cancel(left);
    // Weak: whoever does not look finds everything where it was.
    expect(leftOver(left.run)).toHaveLength(2);
    expect(names(await left.factory.reap())).toEqual([agentOf(left.run), workspaceOf(left.run)]);
    nothingLeft(left);
    expect(await left.factory.reap()).toEqual({ removed: [], failed: [] });
  });

  it('goes when no journal knows its run', async () => {
    const { factory, run } = await killed(when, LONG);
    for (const end of ['', '-wal', '-shm']) rmSync(path.join(factory.home, `journal.sqlite${end}`));
    const forgetful = await openTestFactory(factory.home);
    onTestFinished(() => forgetful.close());
    expect(names(await forgetful.reap())).toEqual([agentOf(run), workspaceOf(run)]);
    nothingLeft({ factory, run });
  });

  it('is left alone while another controller drives its run', async () => {
    const left = await killed(when, LONG);
    const other = await openTestFactory(left.factory.home);
    onTestFinished(() => other.close());
    const lease = await other.store.claim(left.run);
    await cancel(left);
    expect(await left.factory.reap()).toEqual({ removed: [], failed: [] });
    expect(leftOver(left.run)).toHaveLength(2);
    if (lease !== null) await other.store.release(lease);
    expect(names(await left.factory.reap())).toHaveLength(2);
  });
});

it('a sandbox that was made and not started is started by the next controller', async () => {
  const left = await killed('created', SHORT);
  expect(await settle(left.factory, left.run)).toMatchObject({ outcome: { kind: 'published' } });
  nothingLeft(left);
});

it('an agent that nobody follows is ended at its limit, and its run ends as timed out', async () => {
  const left = await killed('working', {
    ...LONG,
    '.proofhouse/policy.yaml': TINY_POLICY.replace('wall: 5m', 'wall: 20s'),
  });
  const until = { timeout: 120_000, interval: 200 };
  const isEnded = async (): Promise<string[]> => {
    const { removed } = await left.factory.reap();
    return removed.map(({ why }) => why);
  };
  await expect.poll(isEnded, until).toEqual(['it ran longer than it may']);
  expect(stateOfAgent(left.run)).toBe('exited');
  expect(await settle(left.factory, left.run)).toMatchObject({
    outcome: { kind: 'gave_up', code: 'limit_reached' },
  });
  nothingLeft(left);
});
