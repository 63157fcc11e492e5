/** Every CLI that there is an adapter for, at the version that its image holds. */
import type { AgentLock, AgentName } from '../orchestrator/domain/agent-lock.ts';
import type { Agent } from '../orchestrator/ports.ts';
import { claudeCode } from './claude-code.ts';
import { codex } from './codex.ts';
import { copilot } from './copilot.ts';
import { geminiCli } from './gemini-cli.ts';
import { opencode } from './opencode.ts';
import { qwenCode } from './qwen-code.ts';

export function adapters(lock: AgentLock): Readonly<Record<AgentName, Agent>> {
  return {
    'claude-code': claudeCode(lock['claude-code'].version),
    codex: codex(lock.codex.version),
    copilot: copilot(lock.copilot.version),
    'gemini-cli': geminiCli(lock['gemini-cli'].version),
    opencode: opencode(lock.opencode.version),
    'qwen-code': qwenCode(lock['qwen-code'].version),
  };
}
