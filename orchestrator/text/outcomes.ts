/** Where a run is and how it ended, in a few words. */
import { FAULTS } from '../domain/faults.ts';
import type { Outcome, RunState } from '../domain/run-state.ts';

/** Exit code of a command that followed a run to this state. */
export function exitOf(run: RunState): number {
  if (run.phase === 'awaiting_approval') return 3;
  if (run.phase !== 'done') return 0;
  const { outcome } = run;
  if (outcome.kind === 'published' || outcome.kind === 'nothing_to_do') return 0;
  return outcome.kind === 'broke' ? FAULTS[outcome.code].exit : 1;
}

export function stateWords(run: RunState): string {
  if (run.phase === 'done') return outcomeWords(run.outcome);
  return run.phase === 'awaiting_approval' ? 'waits for approval' : run.phase;
}

export function outcomeWords(outcome: Outcome): string {
  switch (outcome.kind) {
    case 'published':
      return `pull request #${outcome.pullRequest}`;
    case 'rejected':
      return `rejected by ${outcome.by}`;
    case 'gave_up':
    case 'denied':
    case 'broke':
      return `${outcome.kind.replace('_', ' ')} (${outcome.code})`;
    case 'cancelled':
      return `cancelled by ${outcome.by}`;
    case 'expired':
      return 'expired: nobody decided in time';
    case 'nothing_to_do':
      return 'nothing to do: the agent changed no file';
  }
}

/** What happened and what to do, for outcomes that ask something of somebody. */
export function outcomeDetails(outcome: Outcome): readonly string[] {
  switch (outcome.kind) {
    case 'gave_up':
    case 'denied':
      return [
        FAULTS[outcome.code].meaning,
        ...outcome.findings.map(({ validator, message }) => `- ${validator}: ${message}`),
        `What to do: ${FAULTS[outcome.code].todo}`,
      ];
    case 'broke':
      return [outcome.message, `What to do: ${FAULTS[outcome.code].todo}`];
    case 'rejected':
      return [outcome.reason];
    case 'published':
      return [outcome.url, `commit ${outcome.commit}`];
    case 'nothing_to_do':
      return outcome.said === '' ? [] : [`The agent said: ${outcome.said}`];
    default:
      return [];
  }
}
