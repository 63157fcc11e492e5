/**
 * Other runs that touch the same. A change that is split over two tasks may be harmless twice and not
 * so together, so who decides on one is told of the other. A report, never a verdict. It knows of
 * files what gates say of them: a file that no gate matches is in no judgement.
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
  /** Gates that ask people in both, with what the other run touches of them. */
  readonly gates: readonly { readonly id: string; readonly paths: readonly string[] }[];
  /** Files that a gate of each run matched, whether or not it asks anybody. */
  readonly files: readonly string[];
};

/** What was published longer ago has been looked at in other ways. */
const RECENT_MS = 14 * 86_400_000;
const RELATED_MAX = 10;

/** The newest first. What ended without a pull request touches nothing; what waits does for ever. */
export function relatedRuns(
  own: JudgedRun,
  others: readonly JudgedRun[],
  now: string,
): RelatedRun[] {
  return others
    .filter(({ task, phase, isPublished, at }) => {
      const isThere = task.id !== own.task.id && task.repository === own.task.repository;
      const isRecent = Date.parse(now) - Date.parse(at) <= RECENT_MS;
      return isThere && (phase !== 'done' || (isPublished && isRecent));
    })
    .toSorted((a, b) => Date.parse(b.at) - Date.parse(a.at))
    .map(({ task, isPublished, judgement }) => {
      const { id, title } = task;
      const gates = sharedGates(own.judgement, judgement);
      return { id, title, isPublished, gates, files: sharedFiles(own.judgement, judgement) };
    })
    .filter(({ gates, files }) => gates.length + files.length > 0)
    .slice(0, RELATED_MAX);
}

function sharedGates(own: JudgedRun['judgement'], other: JudgedRun['judgement']) {
  const asking = new Set(own.gates.filter(isAsking).map(({ id }) => id));
  return other.gates
    .filter((gate) => isAsking(gate) && asking.has(gate.id))
    .map(({ id, paths }) => ({ id, paths }));
}

function sharedFiles(own: JudgedRun['judgement'], other: JudgedRun['judgement']): string[] {
  const mine = new Set(own.gates.flatMap(({ paths }) => paths));
  const theirs = new Set(other.gates.flatMap(({ paths }) => paths));
  return [...theirs].filter((path) => mine.has(path)).sort();
}

function isAsking({ approvals }: Judgement['gates'][number]): boolean {
  return approvals.length > 0;
}
