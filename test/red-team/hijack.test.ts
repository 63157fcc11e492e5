/** A tree that is hostile to the agent that works in it, with every agent CLI that is installed here. */
import { describe, expect, it, onTestFinished, test } from 'vitest';
import { AGENT_NAMES, type AgentName } from '../../orchestrator/domain/agent-lock.ts';
import type { SandboxCommand } from '../../orchestrator/ports.ts';
import { EDITED, editedFile, installed, realRun } from '../scenarios/agents/real-run.ts';
import { type Chosen, factoryWith } from '../scenarios/steps.ts';
import { openTestFactory, scratch } from '../scenarios/support.ts';
import { type Caught, caughtIn, HOSTILE_FILES, observed } from './agents/hostile.ts';
import { HIJACKS, type Hijack, READS } from './agents/rows.ts';

type Tried = Pick<Hijack, 'agent' | 'weaken' | 'first'>;
/** Of the file that each reads. */
const READ = '(a, b) => a + b';

const NOTHING: Caught = { calls: [], hooks: [], obeyed: false };

describe('a tree that is hostile to its agent', () => {
  it.for(HIJACKS)('gets something of $agent $weak', async (hijack, { skip }) => {
    if (!(await isHere(hijack.agent))) skip('it is not installed here');
    const { caught } = await tried(hijack);
    for (const what of hijack.gets)
      expect(caught[what], `${what} of ${JSON.stringify(caught)}`).not.toEqual(NOTHING[what]);
  });

  it.for(AGENT_NAMES)('gets nothing of %s as we start it', async (agent, { skip }) => {
    if (!(await isHere(agent))) skip('it is not installed here');
    const { caught, edited, asked } = await tried({ agent, weaken: (command) => command });
    expect(caught).toEqual(NOTHING);
    // An agent that did not work at all would be caught at nothing too.
    expect(edited).toBe(EDITED);
    expect(asked.join('\n')).toContain(READ);
  });
});

test('each agent command line has a row', () => {
  expect([...new Set(HIJACKS.map(({ agent }) => agent))].sort()).toEqual([...AGENT_NAMES].sort());
});

async function tried({ agent, weaken, first = READS[agent] }: Tried) {
  let starts = 0;
  // One look is enough: whose model never answered it is started again by the factory.
  const instead = (command: SandboxCommand): SandboxCommand =>
    starts++ === 0 ? observed(weaken(command)) : { ...command, argv: ['true'] };
  const open = (chosen: Chosen) => factoryWith('hijack', chosen);
  const ran = await realRun(open, agent, { files: HOSTILE_FILES, first, instead });
  const lines = ran.lines.map(({ text }) => text);
  expect(lines, agent).toContain('EVIL-LISTENS');
  const caught = caughtIn(lines, ran.asked);
  return { caught, edited: ran.file(editedFile(agent)), asked: ran.asked };
}

async function isHere(agent: AgentName): Promise<boolean> {
  const factory = await openTestFactory(scratch('hijack'));
  onTestFinished(() => factory.close());
  return (await installed(factory)).includes(agent);
}
