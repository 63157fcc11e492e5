/**
 * Every agent CLI that is installed here, for real: in its sandbox, through the gateway, to an edit that is
 * published. What it prints is kept as a golden file; `vitest -u` writes it anew for a new version.
 */
import { describe, expect, it, onTestFinished } from 'vitest';
import { adapters } from '../../../agents/adapters.ts';
import { AGENT_NAMES, type AgentName } from '../../../orchestrator/domain/agent-lock.ts';
import { lockedAgents } from '../../../orchestrator/intake/agents-lock.ts';
import type { SandboxCommand } from '../../../orchestrator/ports.ts';
import { TRIED } from '../../agents/tried.ts';
import { type Chosen, factoryWith } from '../steps.ts';
import { openTestFactory, scratch } from '../support.ts';
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

  it('is noticed when it reaches for a host that it did not before', async () => {
    const file = '.codex/config.toml';
    const chatty = (command: SandboxCommand): SandboxCommand => {
      const settings = (command.files[file] ?? '').replace(
        /plugin(s?) = false/g,
        'plugin$1 = true',
      );
      return withResolver({ ...command, files: { ...command.files, [file]: settings } });
    };
    const { tried } = await realRun((chosen) => factoryWith('chatty', chosen), 'codex', {
      instead: chatty,
    });
    expect(tried.join('\n')).toContain('github.com');
  });
});

async function proveOne(name: AgentName): Promise<void> {
  const open = (chosen: Chosen) => factoryWith(name, chosen);
  const ran = await realRun(open, name, { instead: withResolver });
  const said = ran.lines.map(({ text }) => text).join('\n');
  expect(ran.outcome, `${name}:\n${said}`).toMatchObject({ kind: 'published' });
  expect(ran.file(editedFile(name))).toBe(EDITED);
  expect(ran.end).toMatchObject({ ending: { verdict: 'completed' } });
  expect(ran.tried, name).toEqual(TRIED[name]);
  for (const body of ran.asked) expect(body, name).toContain('Of the base: write tests.');
  await expect(golden(AGENTS[name], ran.lines)).toMatchFileSnapshot(goldenFile(name));
}

async function whoIsHere(): Promise<readonly AgentName[]> {
  const factory = await openTestFactory(scratch('agents'));
  onTestFinished(() => factory.close());
  return installed(factory);
}
