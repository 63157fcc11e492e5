/**
 * How an agent's own events say that it ended. Its exit code is not asked: one CLI exits 0 when every call
 * was refused, another with a number that means something else.
 */
import type { Verdict } from '../domain/run-state.ts';
import type { Agent, AgentEvent } from '../ports.ts';

/** What is kept of an agent's lines while they pass. */
export type Heard = {
  readonly verdict: Verdict | null;
  /** The last thing that went wrong, or the last line that was no event: often the reason. */
  readonly complaint: string;
};

export const NOTHING_HEARD: Heard = { verdict: null, complaint: '' };

const COMPLAINT_CHARACTERS_MAX = 500;

/** What was heard so far, with one more line of output and the event it was. */
export function heard(before: Heard, text: string, event: AgentEvent | null): Heard {
  const complaint = complaintIn(text, event);
  return {
    verdict: verdictIn(event) ?? before.verdict,
    complaint: complaint?.slice(0, COMPLAINT_CHARACTERS_MAX) ?? before.complaint,
  };
}

function verdictIn(event: AgentEvent | null): Verdict | null {
  return event?.kind === 'completed' || event?.kind === 'failed' ? event.kind : null;
}

/** Of a line that is JSON and no event nothing can be told. */
function complaintIn(text: string, event: AgentEvent | null): string | null {
  if (event !== null) return event.kind === 'error' || event.kind === 'failed' ? event.text : null;
  const line = text.trim();
  return line === '' || line.startsWith('{') ? null : line;
}

/** Null for a program that does not say. */
export function verdictOf(agent: Pick<Agent, 'tellsItsEnd'>, { verdict }: Heard): Verdict | null {
  return agent.tellsItsEnd ? (verdict ?? 'cut_short') : null;
}
