/** An agent that is ended from outside: by memory, by the clock, or with its sandbox gone. */
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { expect, test } from 'vitest';
import type { Factory } from '../../../orchestrator/compose.ts';
import type { RunId } from '../../../orchestrator/domain/ids.ts';
import { BREAKS_MAX } from '../../../orchestrator/domain/run.ts';
import type { Activity } from '../../../orchestrator/ports.ts';
import { eventsOf, factoryWith, outcomeOf, shellAgent } from '../steps.ts';
import { leftOver, queue, settle } from '../support.ts';
import { TINY_POLICY, tinyRepository, workspaceFile } from '../tiny.ts';

const LOST = "machinery_broke engine_failed: the agent's sandbox vanished while it ran";

async function queued(factory: Factory, files: Record<string, string>) {
  return queue(factory, tinyRepository(path.join(factory.home, 'tiny'), files), 'Add faster');
}

test('an agent that runs out of memory is noted as such; what it left is judged like any work', async () => {
  const factory = await factoryWith('oom');
  const { id } = await queued(factory, {
    'eat.mjs': `import { writeFileSync } from 'node:fs';
writeFileSync('src/more.mjs', 'export const more = 1;\\n');
const held = [];
for (;;) held.push(Buffer.alloc(2 ** 26, 1));
`,
    '.proofhouse/workspace.yaml': workspaceFile('agent: { kind: command, run: [node, eat.mjs] }'),
  });
  expect(outcomeOf(await settle(factory, id))).toMatchObject({ kind: 'published' });
  const journal = await factory.store.read(id);
  const ending = journal.find(({ event }) => event.type === 'agent_finished')?.event;
  expect(ending).toMatchObject({ ending: { ended: 'oom' } });
  expect(leftOver(id)).toEqual([]);
});

test('an agent that does not end within its wall time is ended, and the run with it', async () => {
  const factory = await factoryWith('wall');
  const { id } = await queued(factory, {
    ...shellAgent('sleep 600\n'),
    '.proofhouse/policy.yaml': TINY_POLICY.replace('wall: 5m', 'wall: 5s'),
  });
  expect(outcomeOf(await settle(factory, id))).toMatchObject({
    kind: 'gave_up',
    code: 'limit_reached',
    findings: [{ message: 'the agent did not end within 5 seconds' }],
  });
  expect(await eventsOf(factory, id)).toEqual(['claimed', 'workspace_ready', 'limit_reached']);
  expect(leftOver(id)).toEqual([]);
});

/** Takes the agent's sandbox away as soon as the agent is heard, this many times. */
function losing(factory: Factory, times: number): { readonly lost: () => number } {
  const { note } = factory.tools.store;
  let lost = 0;
  const heard = async (activity: Activity): Promise<void> => {
    await note(activity);
    if (activity.source !== 'agent' || lost >= times) return;
    lost += 1;
    removeAgent(activity.run);
  };
  // The stages hold this very store.
  Object.assign(factory.tools.store, { note: heard });
  return { lost: () => lost };
}

function removeAgent(run: RunId): void {
  execFileSync('docker', ['rm', '--force', `proofhouse-${run}-1-agent`], { stdio: 'ignore' });
}

const SPEAKS = "echo begun; sleep 20; echo 'export const more = 1;' > src/more.mjs\n";

test('an agent whose sandbox vanishes once starts again in a fresh workspace, in the same attempt', async () => {
  const factory = await factoryWith('lost-once');
  const { id } = await queued(factory, shellAgent(SPEAKS.replace('sleep 20', 'sleep 2')));
  const engine = losing(factory, 1);
  const end = await settle(factory, id);
  expect(engine.lost()).toBe(1);
  expect(outcomeOf(end)).toMatchObject({ kind: 'published' });
  expect((await eventsOf(factory, id)).slice(0, 5)).toEqual([
    'claimed',
    'workspace_ready',
    LOST,
    'workspace_ready',
    'agent_finished',
  ]);
  expect(leftOver(id)).toEqual([]);
});

test('an agent whose sandbox vanishes every time ends the run as broken machinery', async () => {
  const factory = await factoryWith('lost');
  const { id } = await queued(factory, shellAgent(SPEAKS));
  const engine = losing(factory, BREAKS_MAX);
  const end = await settle(factory, id);
  expect(engine.lost()).toBe(BREAKS_MAX);
  expect(outcomeOf(end)).toMatchObject({ kind: 'broke', code: 'engine_failed' });
  expect(leftOver(id)).toEqual([]);
});
