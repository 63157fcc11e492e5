/**
 * Other runs that go through the same gates. A change that is split over two tasks may be harmless
 * twice and not so together, so who decides on one is told of the other. A report, never a verdict.
 */
import type { RunId } from './ids.ts';
import type { Judgement } from './judgement.ts';
import type { Phase } from './run-state.ts';
import type { Task } from './task.ts';

/** A run with what its policy last said of it. */
export type JudgedRun = {
  readonly task: Pick<Task, 'id' | 'title' | 'repository' | 'base'>;
  readonly judgement: Pick<Judgement, 'gates'>;
  readonly phase: Phase;
  /** Whether it ended with a pull request. */
  readonly isPublished: boolean;
  /** ISO 8601, UTC, of its last event. */
  readonly at: string;
};

export type RelatedRun = {
  readonly id: RunId;
  readonly title: string;
  readonly isPublished: boolean;
  readonly gates: readonly { readonly id: string; readonly paths: readonly string[] }[];
};

/** What was published longer ago has been looked at in other ways. */
const RECENT_MS = 14 * 86_400_000;
const RELATED_MAX = 10;

/** The newest first. What ended without a pull request touches nothing. */
export function relatedRuns(
  own: JudgedRun,
  others: readonly JudgedRun[],
  now: string,
): RelatedRun[] {
  return others
    .filter(({ task, phase, isPublished, at }) => {
      const isThere = task.id !== own.task.id && task.repository === own.task.repository;
      const isLive = phase !== 'done' || isPublished;
      return isThere && isLive && Date.parse(now) - Date.parse(at) <= RECENT_MS;
    })
    .toSorted((a, b) => Date.parse(b.at) - Date.parse(a.at))
    .map(({ task, isPublished, judgement }) => {
      const { id, title } = task;
      return { id, title, isPublished, gates: sharedGates(own.judgement, judgement) };
    })
    .filter(({ gates }) => gates.length > 0)
    .slice(0, RELATED_MAX);
}

/** Gates that ask people in both, with what the other run touches of them. */
function sharedGates(own: JudgedRun['judgement'], other: JudgedRun['judgement']) {
  const asking = new Set(own.gates.filter(isAsking).map(({ id }) => id));
  return other.gates
    .filter((gate) => isAsking(gate) && asking.has(gate.id))
    .map(({ id, paths }) => ({ id, paths }));
}

function isAsking({ approvals }: Judgement['gates'][number]): boolean {
  return approvals.length > 0;
}
