import { expect, test } from 'vitest';
import { parseWorkspaceFile } from '../../../orchestrator/intake/workspace-file.ts';
import { chosenAgent, standOf } from '../../../orchestrator/stages/chosen-agent.ts';
import { AT, EVENTS } from '../fixtures.ts';

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
  const kinds = [1, 2, 3, 4, 5].map(
    (attempt) => chosenAgent(FILE, {}, { attempt, riskClass: null }).kind,
  );
  expect(kinds).toEqual(['codex', 'opencode', 'opencode', 'command', 'command']);
});

test('whom the task names works on every attempt', () => {
  for (const attempt of [1, 4])
    expect(chosenAgent(FILE, { agent: 'claude-code' }, { attempt, riskClass: 'high' })).toEqual({
      kind: 'claude-code',
    });
});

test('a route for a class holds once a change of the run was judged to be of it, and the last that holds counts', () => {
  const file = parseWorkspaceFile(
    `apiVersion: proofhouse/v1
kind: Workspace
agent: { kind: codex }
routes:
  - { class: [high, critical], agent: { kind: claude-code } }
  - { from_attempt: 3, class: [low], agent: { kind: opencode } }
`,
    'workspace.yaml',
  );
  const kind = (attempt: number, riskClass: 'low' | 'medium' | 'high' | 'critical' | null) =>
    chosenAgent(file, {}, { attempt, riskClass }).kind;
  expect([kind(1, null), kind(2, 'low'), kind(2, 'critical')]).toEqual([
    ...['codex', 'codex', 'claude-code'],
  ]);
  expect([kind(3, 'low'), kind(3, null), kind(3, 'medium')]).toEqual([
    ...['opencode', 'codex', 'codex'],
  ]);
});

test('the class that an agent is chosen by is the highest that the run was judged to be', () => {
  const judged = (riskClass: 'low' | 'high', seq: number) => ({
    ...{ seq, at: AT },
    event: { ...EVENTS.judged, judgement: { ...EVENTS.judged.judgement, riskClass } },
  });
  expect(standOf([], 1)).toEqual({ attempt: 1, riskClass: null });
  expect(standOf([judged('high', 0), judged('low', 1)], 3)).toEqual({
    ...{ attempt: 3, riskClass: 'high' },
  });
});
