/** `run list|show|logs|retry`: where each run is, what it did, why it ended. */

import type { Change } from '../domain/change.ts';
import { Fault } from '../domain/faults.ts';
import type { RunId } from '../domain/ids.ts';
import { apply, NEW_RUN } from '../domain/run.ts';
import type { RunState } from '../domain/run-state.ts';
import type { Task } from '../domain/task.ts';
import type { Activity, JournalEntry, Store } from '../ports.ts';
import { replay } from '../runner.ts';
import { relatedTo } from '../stages/related.ts';
import { columns, printable, printableJson, printableLines } from '../text/columns.ts';
import { exitOf } from '../text/outcomes.ts';
import { runList, runReport } from '../text/run-report.ts';
import { type Context, type Exit, knownRun, show } from './context.ts';
import { tallied, whoMay } from './desk.ts';
import { isAlarm } from './harness.ts';
import { newRunId } from './names.ts';

const DIFF_BYTES_MAX = 512 * 1024;

export async function runsCommand(context: Context): Promise<Exit> {
  const { store } = context.ledgers();
  const rows = await runsOf(store);
  if (context.json) for (const row of rows) context.out(printableJson(row));
  else context.out(runList(rows));
  return 0;
}

export async function runsOf(
  store: Store,
): Promise<{ id: RunId; task: Task; run: RunState; at: string }[]> {
  const tasks = await store.tasks();
  return Promise.all(
    tasks.map(async (task) => {
      const journal = await store.read(task.id);
      return { id: task.id, task, run: replay(journal), at: journal.at(-1)?.at ?? task.queuedAt };
    }),
  );
}

export async function runShow(context: Context, named: string, withDiff: boolean): Promise<Exit> {
  const { store } = context.ledgers();
  const { id, task, journal } = await knownRun(store, named);
  const run = replay(journal);
  const calls = await store.calls(id);
  const alarms = (await store.activity(id)).filter(isAlarm).map(({ text }) => text);
  const waits = run.phase === 'awaiting_approval';
  const may = whoMay(context, run, task);
  const decided = waits ? tallied(context, run, task) : null;
  const related = waits ? await relatedTo(store, task, journal, context.clock()) : [];
  const diff = withDiff ? await diffOf(context, task, journal) : null;
  const known = { task, run, journal, calls, alarms, related };
  show(
    context,
    () => runReport({ ...known, may, decided, command: context.command }),
    () => ({ ...known, ...(diff === null ? {} : { diff }) }),
  );
  if (diff !== null && !context.json) context.out(diff);
  return exitOf(run);
}

/** Text only, whatever attributes the tree has, and nothing in it that a terminal would act on. */
async function diffOf(
  context: Context,
  task: Task,
  journal: readonly JournalEntry[],
): Promise<string> {
  const sealed = lastSealed(journal);
  if (sealed === null)
    throw new Fault('not_now', `${task.id} has no sealed change yet; there is none to show`);
  const { base, tree } = sealed.change;
  const place = { run: task.id, attempt: sealed.attempt, repository: task.repository, base };
  const { source } = context.reading();
  return printableLines(await source.diff(place, tree, DIFF_BYTES_MAX));
}

/** A run that has ended is asked for its change as often as one that waits. */
function lastSealed(journal: readonly JournalEntry[]): { change: Change; attempt: number } | null {
  let run = NEW_RUN;
  let found: { change: Change; attempt: number } | null = null;
  for (const { event } of journal) {
    run = apply(run, event);
    if ('change' in run) found = { change: run.change, attempt: run.attempt };
  }
  return found;
}

export async function runLogs(context: Context, named: string): Promise<Exit> {
  const { store } = context.ledgers();
  const { id, journal } = await knownRun(store, named);
  const lines = merged(await store.activity(id), journal);
  if (context.json) {
    for (const line of lines) context.out(printableJson(line));
    return 0;
  }
  const rows = lines.map(({ at, source, attempt, kind, text }) => [
    at.slice(11, 19),
    attempt === null ? '' : `#${attempt}`,
    source,
    kind,
    printable(text).slice(0, 400),
  ]);
  context.out(columns(rows));
  return 0;
}

type LogLine = Pick<Activity, 'at' | 'kind' | 'text'> & {
  source: Activity['source'] | 'run';
  attempt: number | null;
};

function merged(
  activity: readonly Activity[],
  journal: Awaited<ReturnType<Store['read']>>,
): LogLine[] {
  const events = journal.map(({ at, event }) => ({
    at,
    source: 'run' as const,
    attempt: null,
    kind: event.type,
    text: event.type === 'machinery_broke' || event.type === 'limit_reached' ? event.message : '',
  }));
  return [...events, ...activity].sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
}

/** A new run of the same task; the old one stays as it ended. */
export async function runRetry(context: Context, named: string): Promise<Exit> {
  const { store } = context.ledgers();
  const { id, task, journal } = await knownRun(store, named);
  const run = replay(journal);
  if (run.phase !== 'done')
    throw new Fault('not_now', `${id} is ${run.phase}; only a run that has ended is tried again`);
  const again = { ...task, id: newRunId(), queuedAt: context.clock().toISOString() };
  await store.addTask(again);
  show(
    context,
    () => `${again.id}  queued again: ${task.title}`,
    () => again,
  );
  return 0;
}
