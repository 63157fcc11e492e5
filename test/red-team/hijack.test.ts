/** A tree that is hostile to the agent that works in it, with every agent CLI that is installed here. */
import { describe, expect, it, onTestFinished } from 'vitest';
import type { SandboxCommand } from '../../orchestrator/ports.ts';
import { installed, realRun } from '../scenarios/agents/real-run.ts';
import { type Chosen, factoryWith } from '../scenarios/steps.ts';
import { openTestFactory, scratch } from '../scenarios/support.ts';
import { type Caught, caughtIn, HOSTILE_FILES, observed } from './agents/hostile.ts';
import { HIJACKS, type Hijack } from './agents/rows.ts';

const NOTHING: Caught = { calls: [], hooks: [], obeyed: false };

describe('a tree that is hostile to its agent', () => {
  it.for(HIJACKS)('gets something of $agent $weak', async (hijack, { skip }) => {
    if (!(await isHere(hijack))) skip('it is not installed here');
    expect(await caught(hijack, hijack.weaken)).not.toEqual(NOTHING);
  });

  it.for(HIJACKS)('gets nothing of $agent as we start it', async (hijack, { skip }) => {
    if (!(await isHere(hijack))) skip('it is not installed here');
    expect(await caught(hijack, (command) => command)).toEqual(NOTHING);
  });
});

async function caught({ agent }: Hijack, change: (command: SandboxCommand) => SandboxCommand) {
  let starts = 0;
  // One look is enough: whose model never answered it is started again by the factory.
  const instead = (command: SandboxCommand): SandboxCommand =>
    starts++ === 0 ? observed(change(command)) : { ...command, argv: ['true'] };
  const open = (chosen: Chosen) => factoryWith('hijack', chosen);
  const ran = await realRun(open, agent, { files: HOSTILE_FILES, instead });
  const lines = ran.lines.map(({ text }) => text);
  expect(lines, agent).toContain('EVIL-LISTENS');
  return caughtIn(lines, ran.asked);
}

async function isHere({ agent }: Hijack): Promise<boolean> {
  const factory = await openTestFactory(scratch('hijack'));
  onTestFinished(() => factory.close());
  return (await installed(factory)).includes(agent);
}
