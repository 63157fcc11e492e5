/** What each CLI reaches for in a run and is refused. One that tries anything else fails a test. */
import type { AgentName } from '../../orchestrator/domain/agent-lock.ts';

export const TRIED: Readonly<Record<AgentName, readonly string[]>> = {
  'claude-code': [],
  codex: [],
  copilot: [],
  'gemini-cli': [],
  // A package of types for plugins, which it runs without.
  opencode: ['GET /registry/@opencode-ai%2fplugin'],
  'qwen-code': [],
};
