/** Other runs of the same repository that touch what one run touches, read from their journals. */
import { type JudgedRun, type RelatedRun, relatedRuns } from '../domain/related-runs.ts';
import { apply, NEW_RUN } from '../domain/run.ts';
import type { Task } from '../domain/task.ts';
import type { JournalEntry, Store } from '../ports.ts';

/** Journals that are looked at, the newest tasks first: a report is not worth reading thousands. */
const TASKS_MAX = 200;

export async function relatedTo(
  store: Store,
  task: Task,
  journal: readonly JournalEntry[],
  now: Date,
): Promise<RelatedRun[]> {
  const own = judgedRun(task, journal);
  if (own === null) return [];
  const beside = (await store.tasks())
    .filter(({ id, repository }) => repository === task.repository && id !== task.id)
    .toSorted((a, b) => Date.parse(b.queuedAt) - Date.parse(a.queuedAt))
    .slice(0, TASKS_MAX);
  const others: JudgedRun[] = [];
  for (const other of beside) {
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
  const run = journal.reduce((state, { event }) => apply(state, event), NEW_RUN);
  const isPublished = run.phase === 'done' && run.outcome.kind === 'published';
  return { task, judgement: judged.judgement, phase: run.phase, isPublished, at: last.at };
}
