/** What real runs rarely print: errors, refusals, ends that are none. What they print daily is in golden/. */
import { expect, it } from 'vitest';
import { adapters } from '../../agents/adapters.ts';
import type { AgentName } from '../../orchestrator/domain/agent-lock.ts';
import { lockedAgents } from '../../orchestrator/intake/agents-lock.ts';

const AGENTS = adapters(lockedAgents());
const result = { type: 'result', subtype: 'success', is_error: false };

it.each<[AgentName, object, string, string]>([
  [
    'claude-code',
    { ...result, is_error: true, result: 'API Error: 402 spent' },
    'failed',
    'API Error: 402 spent',
  ],
  [
    'claude-code',
    { ...result, subtype: 'error_max_turns', is_error: true },
    'failed',
    'error_max_turns',
  ],
  [
    'qwen-code',
    {
      ...result,
      subtype: 'error_during_execution',
      is_error: true,
      error: { message: '402 spent' },
    },
    'failed',
    '402 spent',
  ],
  [
    'opencode',
    { type: 'error', error: { name: 'APIError', data: { message: '402 spent' } } },
    'failed',
    '402 spent',
  ],
  ['opencode', { type: 'error', error: { name: 'UnknownError' } }, 'failed', 'UnknownError'],
  [
    'opencode',
    { type: 'tool_use', part: { tool: 'bash', state: { status: 'error', error: 'no' } } },
    'error',
    'no',
  ],
  ['opencode', { type: 'step_finish', part: { reason: 'tool-calls' } }, 'turn', 'tool-calls'],
  ['copilot', { type: 'result', exitCode: 1 }, 'failed', 'it says that it failed (1)'],
  ['copilot', { type: 'session.error', data: { message: '402 spent' } }, 'error', '402 spent'],
  [
    'copilot',
    { type: 'tool.execution_complete', data: { success: false, error: { message: 'denied' } } },
    'error',
    'denied',
  ],
  ['gemini-cli', { type: 'error', severity: 'error', message: 'odd' }, 'error', 'odd'],
  [
    'gemini-cli',
    { type: 'result', status: 'error', error: { type: 'x', message: '402 spent' } },
    'failed',
    '402 spent',
  ],
  ['gemini-cli', { type: 'tool_result', status: 'error', error: { message: 'no' } }, 'error', 'no'],
  ['codex', { type: 'turn.failed', error: { message: '402 spent' } }, 'failed', '402 spent'],
])('%s: %j', (name, line, kind, text) => {
  expect(AGENTS[name].parse(JSON.stringify(line))).toEqual({ kind, text });
});

it.each<[AgentName, object]>([
  ['gemini-cli', { type: 'message', role: 'user', content: 'the task' }],
  [
    'claude-code',
    { type: 'user', message: { role: 'user', content: [{ type: 'tool_result', content: '' }] } },
  ],
  [
    'claude-code',
    { type: 'assistant', message: { content: [{ type: 'thinking', thinking: 'hm' }] } },
  ],
])('%s: %j is noise', (name, line) => {
  expect(AGENTS[name].parse(JSON.stringify(line))).toBeNull();
});

it('a tool that gives back parts is read part by part', () => {
  const content = [{ type: 'text', text: 'a' }, { type: 'image' }, { type: 'text', text: 'b' }];
  const line = { type: 'user', message: { content: [{ type: 'tool_result', content }] } };
  const event = AGENTS['claude-code'].parse(JSON.stringify(line));
  expect(event).toEqual({ kind: 'output', text: 'a\nb' });
});
