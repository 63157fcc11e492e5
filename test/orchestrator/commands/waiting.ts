/** A desk at which a run waits for people. */

import { expect } from 'vitest';
import type { Context } from '../../../orchestrator/commands/context.ts';
import type { Person } from '../../../orchestrator/domain/ids.ts';
import type { Judgement } from '../../../orchestrator/domain/judgement.ts';
import type { Records } from '../../../orchestrator/domain/records.ts';
import type { RunEvent, RunState } from '../../../orchestrator/domain/run-state.ts';
import type { Store } from '../../../orchestrator/ports.ts';
import { replay } from '../../../orchestrator/runner.ts';
import { CHANGE, HOLD, LATER, RUN, WAITING } from '../fixtures.ts';
import { type Desk, desk, journaled } from './context.ts';

export const TREE = CHANGE.tree.slice(0, 12);

export async function waitingDesk(
  judgement: Judgement = HOLD,
  over: Partial<Context> = {},
  until = LATER,
): Promise<Desk> {
  const one = desk(over);
  const events = WAITING.map((event): RunEvent => {
    if (event.type === 'judged') return { ...event, judgement };
    return event.type === 'validation_passed' ? { ...event, expiresAt: until } : event;
  });
  await journaled(one, events);
  return one;
}

export const by = (as: string | null, tree: string | null = TREE) => ({ run: RUN, tree, as });

export const group = (...members: Person[]): Judgement['groups'][string] => ({
  members,
  minAssurance: 'session',
});

export const now = async (store: Store): Promise<RunState> => replay(await store.read(RUN));

export async function records(store: Store): Promise<Records> {
  const run = await now(store);
  if (!('records' in run)) throw new Error('the run has no records');
  return run.records;
}

/** The command is refused, and nothing was written. */
export async function refusedBy(
  { store }: Desk,
  command: Promise<unknown>,
  fault: object,
): Promise<void> {
  const before = await store.read(RUN);
  await expect(command).rejects.toMatchObject(fault);
  expect(await store.read(RUN)).toEqual(before);
}
