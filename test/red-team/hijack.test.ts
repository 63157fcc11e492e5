/** A tree that is hostile to the agent that works in it, with every agent CLI that is installed here. */
import { describe, expect, it, onTestFinished } from 'vitest';
import type { SandboxCommand } from '../../orchestrator/ports.ts';
import { installed, realRun } from '../scenarios/agents/real-run.ts';
import { factoryWith } from '../scenarios/steps.ts';
import { openTestFactory, scratch } from '../scenarios/support.ts';
import { type Caught, caughtIn, HOSTILE_FILES, observed } from './agents/hostile.ts';
import { HIJACKS, type Hijack } from './agents/rows.ts';

const NOTHING: Caught = { calls: [], hooks: [], obeyed: false };

describe('a tree that is hostile to its agent', () => {
  it('gets something of each whose hardening lacks one field, and nothing of the same with it', async () => {
    const here = await whoIsHere();
    expect(here.map(({ agent }) => agent)).toContain('codex');
    for (const hijack of here) {
      const weak = await caught(hijack, hijack.weaken);
      expect(weak, `${hijack.agent} ${hijack.weak}`).not.toEqual(NOTHING);
      expect(await caught(hijack, (command) => command), hijack.agent).toEqual(NOTHING);
    }
  });
});

async function caught({ agent }: Hijack, change: (command: SandboxCommand) => SandboxCommand) {
  const ran = await realRun((chosen) => factoryWith('hijack', chosen), agent, {
    files: HOSTILE_FILES,
    instead: (command) => observed(change(command)),
  });
  const lines = ran.lines.map(({ text }) => text);
  expect(lines, agent).toContain('EVIL-LISTENS');
  return caughtIn(lines, ran.asked);
}

async function whoIsHere(): Promise<readonly Hijack[]> {
  const factory = await openTestFactory(scratch('hijack'));
  onTestFinished(() => factory.close());
  const here = await installed(factory);
  return HIJACKS.filter(({ agent }) => here.includes(agent));
}
