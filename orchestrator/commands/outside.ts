/**
 * Events that come from people: written without a lease, because a run that waits has no driver, and a
 * run that is driven must hear a cancellation. When somebody writes in between, we look again.
 */
import { Fault } from '../domain/faults.ts';
import type { RunId } from '../domain/ids.ts';
import { apply, IllegalTransition } from '../domain/run.ts';
import type { RunEvent, RunState } from '../domain/run-state.ts';
import { JournalMoved, type Store } from '../ports.ts';
import { replay } from '../runner.ts';

const TRIES_MAX = 5;

/** `decide` sees the run as it is now and may throw; nothing is written then. */
export async function appendOutside(
  store: Store,
  id: RunId,
  decide: (run: RunState) => RunEvent,
): Promise<{ run: RunState; event: RunEvent }> {
  for (let tries = 1; ; tries += 1) {
    const journal = await store.read(id);
    const before = replay(journal);
    const event = decide(before);
    const run = applied(id, before, event);
    try {
      await store.append(id, journal.length, event, null);
      return { run, event };
    } catch (error) {
      if (!(error instanceof JournalMoved) || tries >= TRIES_MAX) throw error;
    }
  }
}

function applied(id: RunId, before: RunState, event: RunEvent): RunState {
  try {
    return apply(before, event);
  } catch (error) {
    if (!(error instanceof IllegalTransition)) throw error;
    throw new Fault(
      'not_now',
      `${id} is ${before.phase}, and "${event.type.replaceAll('_', ' ')}" is for another phase`,
    );
  }
}
