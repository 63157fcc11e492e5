/** Tasks, events and calls that every test of a store may use. */
import { Digest, Person, RunId, Sha } from '../../orchestrator/domain/ids.ts';
import type { RunEvent } from '../../orchestrator/domain/run-state.ts';
import type { Task } from '../../orchestrator/domain/task.ts';
import type { ModelCall } from '../../orchestrator/ports.ts';
import { EVENTS, GATE, HOLD } from '../orchestrator/fixtures.ts';

export const NOW = Date.parse('2026-03-01T10:00:00.000Z');
export const CLAIMED: RunEvent = { type: 'claimed' };
export const READY: RunEvent = {
  type: 'workspace_ready',
  prepared: {
    base: Sha.parse('a'.repeat(40)),
    policy: Digest.parse(`sha256:${'b'.repeat(64)}`),
    rules: null,
    agent: 'scripted 1.0.0',
    image: 'sha256:1234',
    model: 'scripted',
    machine: Digest.parse(`sha256:${'c'.repeat(64)}`),
    ignored: [],
    attemptsMax: 2,
  },
};
export const FINISHED: RunEvent = {
  type: 'agent_finished',
  ending: { ended: 'exited', exitCode: 0, said: 'nothing to do' },
};
export const CANCELLED = { type: 'cancelled', by: Person.parse('local:rita') } as const;

export function sampleRun(number: number): RunId {
  return RunId.parse(`r${number.toString(36).padStart(7, '0')}`);
}

export function sampleTask(number: number): Task {
  return {
    id: sampleRun(number),
    title: `Task ${number}`,
    text: `Do ${number} things,\nwith "quotes", a NUL \0 and 😀`,
    source: 'cli',
    repository: '/repositories/shop',
    base: 'main',
    requester: Person.parse('local:rita'),
    operator: Person.parse('local:rita'),
    queuedAt: new Date(NOW).toISOString(),
  };
}

export function sampleCall(id: string, change: Partial<ModelCall> = {}): ModelCall {
  return {
    id,
    run: sampleRun(1),
    attempt: 1,
    at: new Date(NOW).toISOString(),
    role: 'edit',
    model: 'scripted',
    vendor: 'scripted',
    state: 'reserved',
    usage: { inputTokens: 70, outputTokens: 30 },
    microUsd: 1_000,
    wallMs: 0,
    failure: null,
    ...change,
  };
}

export const NO_BUDGET = { microUsd: null, tokens: null, turns: null };

/** Events up to a judgement by so many gates: one transaction with as many audit records. */
export function judgedBy(gates: number): readonly RunEvent[] {
  const all = Array.from({ length: gates }, (_, number) => ({ ...GATE, id: `gate-${number}` }));
  const judgement = { ...HOLD, gates: all };
  return [CLAIMED, READY, FINISHED, EVENTS.change_sealed, { type: 'judged', judgement }];
}
