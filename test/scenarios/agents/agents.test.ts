/**
 * Every agent CLI that is installed here, for real: in its sandbox, through the gateway, to an edit that is
 * published. What it prints is kept as a golden file; `vitest -u` writes it anew for a new version.
 */
import { describe, expect, it, onTestFinished } from 'vitest';
import { adapters } from '../../../agents/adapters.ts';
import { AGENT_NAMES, type AgentName } from '../../../orchestrator/domain/agent-lock.ts';
import { lockedAgents } from '../../../orchestrator/intake/agents-lock.ts';
import { TRIED } from '../../agents/tried.ts';
import { type Chosen, factoryWith } from '../steps.ts';
import { openTestFactory, scratch } from '../support.ts';
import { TINY_POLICY } from '../tiny.ts';
import { CHATTY } from './chatty.ts';
import { golden, goldenFile } from './golden.ts';
import { withResolver } from './names.ts';
import { EDITED, editedFile, installed, realRun } from './real-run.ts';

const AGENTS = adapters(lockedAgents());

describe('an agent CLI in its sandbox', () => {
  it.for(AGENT_NAMES)(
    '%s edits, says so, is given the rules of the base, and tries nothing that is not written down',
    async (name, { skip }) => {
      if (!(await whoIsHere()).includes(name)) skip('it is not installed here');
      await proveOne(name);
    },
  );

  it.for(AGENT_NAMES)(
    '%s is noticed when it reaches for a host that it did not before',
    async (name, { skip }) => {
      if (!(await whoIsHere()).includes(name)) skip('it is not installed here');
      const { weaken, reaches } = CHATTY[name];
      const ran = await realRun((chosen) => factoryWith(name, chosen), name, {
        instead: (command) => withResolver(weaken(command)),
      });
      expect(ran.tried.join('\n'), name).toContain(reaches);
    },
  );

  it.for(AGENT_NAMES)(
    '%s stops when its budget is spent, and says that it failed',
    async (name, { skip }) => {
      if (!(await whoIsHere()).includes(name)) skip('it is not installed here');
      const ran = await realRun((chosen) => factoryWith(name, chosen), name, { files: ONE_TURN });
      expect(ran.outcome, name).toMatchObject({ kind: 'gave_up', code: 'limit_reached' });
      expect(ran.asked).toHaveLength(1);
      expect(ran.limits.length, name).toBeLessThanOrEqual(REFUSALS_MAX);
      await expect(golden(AGENTS[name], ran)).toMatchFileSnapshot(goldenFile(name, 'spent'));
    },
  );
});

/** It is refused, and perhaps tries once more: more than that is a loop at the door. */
const REFUSALS_MAX = 2;
const ONE_TURN = { '.proofhouse/policy.yaml': TINY_POLICY.replace('turns: 20', 'turns: 1') };

async function proveOne(name: AgentName): Promise<void> {
  const open = (chosen: Chosen) => factoryWith(name, chosen);
  const ran = await realRun(open, name, { instead: withResolver });
  const said = ran.lines.map(({ text }) => text).join('\n');
  expect(ran.outcome, `${name}:\n${said}`).toMatchObject({ kind: 'published' });
  expect(ran.file(editedFile(name))).toBe(EDITED);
  expect(ran.end).toMatchObject({ ending: { verdict: 'completed' } });
  expect(ran.tried, name).toEqual(TRIED[name]);
  for (const body of ran.asked) expect(body, name).toContain('Of the base: write tests.');
  await expect(golden(AGENTS[name], ran)).toMatchFileSnapshot(goldenFile(name, 'done'));
}

async function whoIsHere(): Promise<readonly AgentName[]> {
  const factory = await openTestFactory(scratch('agents'));
  onTestFinished(() => factory.close());
  return installed(factory);
}
