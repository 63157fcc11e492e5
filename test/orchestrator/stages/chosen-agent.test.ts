import { expect, test } from 'vitest';
import { parseWorkspaceFile } from '../../../orchestrator/intake/workspace-file.ts';
import { chosenAgent } from '../../../orchestrator/stages/chosen-agent.ts';

const FILE = parseWorkspaceFile(
  `apiVersion: proofhouse/v1
kind: Workspace
agent: { kind: codex }
routes:
  - { from_attempt: 2, agent: { kind: opencode } }
  - { from_attempt: 4, agent: { kind: command, run: [sh] } }
`,
  'workspace.yaml',
);

test('the agent of the repository works until a route names another', () => {
  const kinds = [1, 2, 3, 4, 5].map((attempt) => chosenAgent(FILE, {}, attempt).kind);
  expect(kinds).toEqual(['codex', 'opencode', 'opencode', 'command', 'command']);
});

test('whom the task names works on every attempt', () => {
  for (const attempt of [1, 4])
    expect(chosenAgent(FILE, { agent: 'claude-code' }, attempt)).toEqual({ kind: 'claude-code' });
});
