import { expect, it } from 'vitest';
import { command } from '../../agents/command.ts';

const agent = command(['node', 'agent.mjs', '--fast']);
const launch = agent.launch({
  prompt: 'the task',
  rules: 'the rules',
  model: 'm1',
  gatewayUrl: 'http://127.0.0.1:8080',
  token: 'token-of-this-attempt',
});

it('is started as it was given, and finds task, rules and model at the usual places', () => {
  expect(launch).toEqual({
    argv: ['node', 'agent.mjs', '--fast'],
    env: {
      PROOFHOUSE_TASK_FILE: '/home/agent/task.md',
      PROOFHOUSE_RULES_FILE: '/home/agent/rules.md',
      PROOFHOUSE_MODEL: 'm1',
      OPENAI_BASE_URL: 'http://127.0.0.1:8080/v1',
      OPENAI_API_KEY: 'token-of-this-attempt',
      ANTHROPIC_BASE_URL: 'http://127.0.0.1:8080',
      ANTHROPIC_API_KEY: 'token-of-this-attempt',
    },
    files: { 'task.md': 'the task', 'rules.md': 'the rules' },
  });
});

it('every line that is not empty was said', () => {
  expect(agent.parse('hello  ')).toEqual({ kind: 'said', text: 'hello' });
  expect(agent.parse('   ')).toBeNull();
  expect(agent.parse('a'.repeat(9_000))?.text).toHaveLength(4_000);
});
