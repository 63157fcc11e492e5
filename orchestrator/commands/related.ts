/** Other runs of the same repository that go through the same gates as one that waits. */

import { type JudgedRun, type RelatedRun, relatedRuns } from '../domain/related-runs.ts';
import type { Task } from '../domain/task.ts';
import type { JournalEntry, Store } from '../ports.ts';
import { replay } from '../runner.ts';

export async function relatedTo(
  store: Store,
  task: Task,
  journal: readonly JournalEntry[],
  now: Date,
): Promise<RelatedRun[]> {
  const own = judgedRun(task, journal);
  if (own === null) return [];
  const tasks = (await store.tasks()).filter(({ repository }) => repository === task.repository);
  const others: JudgedRun[] = [];
  for (const other of tasks) {
    const judged = judgedRun(other, await store.read(other.id));
    if (judged !== null) others.push(judged);
  }
  return relatedRuns(own, others, now.toISOString());
}

/** Null for a run that no policy has judged yet. */
function judgedRun(task: Task, journal: readonly JournalEntry[]): JudgedRun | null {
  const judged = journal.findLast(({ event }) => event.type === 'judged')?.event;
  const last = journal.at(-1);
  if (judged?.type !== 'judged' || last === undefined) return null;
  const run = replay(journal);
  const isPublished = run.phase === 'done' && run.outcome.kind === 'published';
  return { task, judgement: judged.judgement, phase: run.phase, isPublished, at: last.at };
}
