/**
 * After `kill -9` at any event: the same end, one pull request, nothing paid for twice, one agent
 * started, nothing left behind.
 */
import { execFileSync, spawn } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { approve } from '../../../orchestrator/commands/approve.ts';
import type { Factory } from '../../../orchestrator/compose.ts';
import type { RunId } from '../../../orchestrator/domain/ids.ts';
import { contextFor } from '../context.ts';
import { eventsOf } from '../steps.ts';
import { leftOver, queue, scratch, settle, stateOf, testFactory } from '../support.ts';
import { scenarioIn, tinyRepository } from '../tiny.ts';

const DRIVER = fileURLToPath(new URL('./driver.ts', import.meta.url));
const PROCESSES_MAX = 30;
const UNDISTURBED = [
  'claimed',
  'workspace_ready',
  'agent_finished',
  'change_sealed',
  'judged',
  'validation_passed',
  'approved',
  'pull_request_opened',
];
/** The gate on `src/auth/` asks for a person. The last step comes late enough to be killed before it. */
const STEPS = [
  { say: 'I will look.', shell: 'cat src/sum.mjs && date +%s%N >> src/auth-started.txt' },
  { write: { path: 'src/auth/session.mjs', content: 'export const DAYS = 30;\n' } },
  { shell: 'rm src/auth-started.txt', delay_ms: 500 },
  { say: 'A session lasts 30 days.' },
];

describe('a controller that is killed at every event', () => {
  it.each([
    { when: 'after', moment: 'right after it was written' },
    { when: 'before', moment: 'right before it is written' },
    { when: 'working', moment: 'while the agent works' },
    { when: 'created', moment: 'between making a sandbox and starting it' },
  ])('$moment comes to the same end', async ({ when }) => {
    const { factory, models, task, repository } = await queued(`kill-${when}`);
    const at = { factory, run: task.id, when, models };

    const first = await driveInPieces(at);
    expect(first.starts).toHaveLength(1);
    expect(leftOver(task.id)).toEqual([]);
    const before = await stateOf(factory, task.id);
    const tree = before.phase === 'awaiting_approval' ? before.change.tree : 'no tree waits';
    await approve(contextFor(factory), { run: task.id, tree, as: 'local:rita' });
    await driveInPieces(at);

    expect(await stateOf(factory, task.id)).toMatchObject({
      phase: 'done',
      outcome: { kind: 'published', pullRequest: 1 },
    });
    expect(await factory.forge.pullRequests(repository)).toHaveLength(1);
    expect(leftOver(task.id)).toEqual([]);
    expect(await eventsOf(factory, task.id)).toEqual(UNDISTURBED);
    expect(await settledCalls(factory, task.id)).toBe(STEPS.length);
  });

  it('undisturbed pays for one call for every step of the scenario', async () => {
    const { factory, task } = await queued('undisturbed');
    await settle(factory, task.id);
    expect(await settledCalls(factory, task.id)).toBe(STEPS.length);
    expect(leftOver(task.id)).toEqual([]);
  });
});

async function queued(name: string) {
  const models = scenarioIn(scratch(`${name}-models`), 'stay signed in', STEPS);
  const factory = await testFactory(name, models);
  const repository = tinyRepository(path.join(factory.home, 'tiny'));
  const task = await queue(factory, repository, 'Let people stay signed in');
  return { factory, models, repository, task };
}

type Killing = {
  readonly factory: Factory;
  readonly run: RunId;
  readonly when: string;
  readonly models: string;
};

/** Starts one controller after another until nothing is left to do; each but the last was killed. */
async function driveInPieces({ factory, run, when, models }: Killing) {
  const starts = new Set<string>();
  for (let processes = 1; processes <= PROCESSES_MAX; processes += 1) {
    const ended = await controller([factory.home, when, models]);
    for (const start of agentStarts(run)) starts.add(start);
    if (ended === 0) return { starts: [...starts] };
    expect(ended).toBe('SIGKILL');
  }
  throw new Error(`not at an end after ${PROCESSES_MAX} controllers`);
}

function controller(args: readonly string[]): Promise<number | string | null> {
  const child = spawn(process.execPath, [DRIVER, ...args], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(signal ?? code));
  });
}

/** Which sandbox the agent has, and when the engine started it. */
function agentStarts(run: RunId): string[] {
  const label = ['--filter', `label=proofhouse.run=${run}`];
  const role = ['--filter', 'label=proofhouse.role=agent'];
  const ids = docker('ps', '--all', '--quiet', '--no-trunc', ...label, ...role);
  return ids.flatMap((id) => docker('inspect', '--format', '{{.Id}} {{.State.StartedAt}}', id));
}

function docker(...args: string[]): string[] {
  return execFileSync('docker', args, { encoding: 'utf8' }).split('\n').filter(Boolean);
}

async function settledCalls(factory: Factory, run: RunId): Promise<number> {
  return (await factory.store.calls(run)).filter(({ state }) => state === 'settled').length;
}
