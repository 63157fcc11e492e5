/**
 * `break-glass`: opens gates of one run in an emergency. The first person opens, another confirms with
 * the same command, and a third looks at it afterwards: until that is done in time, no other glass is
 * broken. Validators have run; what the policy says is never opened stays shut.
 */
import { glassProblem, shutForGood } from '../../policies/break-glass.ts';
import { Fault } from '../domain/faults.ts';
import type { Person } from '../domain/ids.ts';
import type { KeptRecord } from '../domain/records.ts';
import type { In, RunEvent, RunState } from '../domain/run-state.ts';
import type { Task } from '../domain/task.ts';
import type { Store } from '../ports.ts';
import { replay } from '../runner.ts';
import { overdueWords } from '../text/decisions.ts';
import { leftWords, nextLine } from './approve.ts';
import { type Context, type Exit, knownRun, show } from './context.ts';
import {
  type Decision,
  deskOf,
  momentNow,
  recordHead,
  sameTree,
  tallied,
  waiting,
} from './desk.ts';
import { personNamed } from './names.ts';
import { appendOutside } from './outside.ts';

export type BreakGlass = Decision & {
  readonly gates: readonly string[];
  readonly reason: string;
  readonly incident: string;
};

type Due = Extract<KeptRecord, { kind: 'review_due' }>;

export async function breakGlass(context: Context, wanted: BreakGlass): Promise<Exit> {
  const { store, id, task, by } = await deskOf(context, wanted);
  const overdue = reviewsDue(await store.kept()).find(
    ({ dueAt }) => Date.parse(dueAt) <= context.clock().getTime(),
  );
  if (overdue) throw new Fault('not_now', overdueWords(overdue));
  const before = waiting(replay(await store.read(id)), task);
  sameTree(context, task, before, wanted.tree);
  const planned = glassEvent(context, before, task, wanted, by);
  // Before the gates are open, so that no crash leaves an emergency that nobody looks at.
  await keepDue(context, store, task, before, planned);
  const { run } = await appendOutside(store, id, (now) => {
    const waits = waiting(now, task);
    sameTree(context, task, waits, wanted.tree);
    return glassEvent(context, waits, task, wanted, by);
  });
  show(
    context,
    () =>
      [
        openedWords(context, run, task, by),
        ...leftWords(context, run, task),
        ...nextLine(context, run),
      ].join('\n'),
    () => ({ id, by, gates: wanted.gates, run }),
  );
  return run.phase === 'awaiting_approval' ? 3 : 0;
}

export async function reviewGlass(
  context: Context,
  wanted: { readonly run: string; readonly as: string | null; readonly note: string },
): Promise<Exit> {
  const { store } = context.ledgers();
  const { id } = await knownRun(store, wanted.run);
  const by = wanted.as === null ? context.person() : personNamed(wanted.as);
  const due = reviewsDue(await store.kept()).filter(({ task }) => task === id);
  if (due.length === 0) throw new Fault('not_now', `no emergency of ${id} is to be reviewed`);
  if (due.some(({ by: people }) => people.includes(by)))
    throw new Fault('not_eligible', `${by} broke the glass of ${id}; somebody else reviews it`);
  const signed = context.signatures().sign('break_glass_review', {
    ...recordHead(context, 'rvw'),
    task: id,
    by,
    note: wanted.note,
  });
  await store.keep({ kind: 'review', id: signed.record.id, signed });
  show(
    context,
    () => `${by} reviewed the emergency of ${id}.`,
    () => signed.record,
  );
  return 0;
}

/** Emergencies that nobody has looked at yet. */
export function reviewsDue(kept: readonly KeptRecord[]): Due[] {
  return kept.flatMap((one, index) => {
    if (one.kind !== 'review_due') return [];
    const isDone = kept
      .slice(index + 1)
      .some((later) => later.kind === 'review' && later.signed.record.task === one.task);
    return isDone ? [] : [one];
  });
}

function glassEvent(
  context: Context,
  run: In<'awaiting_approval'>,
  task: Task,
  wanted: BreakGlass,
  by: Person,
): Extract<RunEvent, { type: 'glass_broken' }> {
  const { judgement, change, evidence } = run;
  if (wanted.gates.length === 0 || wanted.reason.trim() === '')
    throw new Fault('usage', 'breaking the glass takes --gate, --reason and --incident');
  for (const name of wanted.gates) {
    const gate = judgement.gates.find(({ id }) => id === name);
    const shut = gate ? shutForGood(gate, judgement) : `The change has no gate named ${name}.`;
    if (shut !== null) throw new Fault('not_eligible', shut);
  }
  const groups = judgement.breakGlass?.groups ?? [];
  const use = context.signatures().sign('break_glass', {
    ...recordHead(context, 'brk'),
    task: task.id,
    repo: task.repository,
    targetRef: `refs/heads/${task.base}`,
    tree: change.tree,
    change: change.entries,
    evidence,
    policy: judgement.policy,
    gates: [...new Set(wanted.gates)].sort(),
    reason: wanted.reason.trim(),
    incidentUrl: wanted.incident,
    by: {
      id: by,
      groups: groups.filter((group) => judgement.groups[group]?.members.includes(by) ?? false),
    },
  });
  const problem = glassProblem(
    { record: use.record, isAuthentic: true },
    momentNow(context, run, task),
  );
  if (problem !== null) throw new Fault('not_eligible', problem);
  const { openSlots } = tallied(context, run, task, { glass: [use] });
  return { type: 'glass_broken', use, openSlots };
}

async function keepDue(
  context: Context,
  store: Store,
  task: Task,
  run: In<'awaiting_approval'>,
  { use }: Extract<RunEvent, { type: 'glass_broken' }>,
): Promise<void> {
  const { opened } = tallied(context, run, task, { glass: [use] });
  const by = [...new Set(opened.flatMap((gate) => gate.by))];
  if (by.length === 0) return;
  const dueAt = Date.parse(use.record.createdAt) + (run.judgement.breakGlass?.reviewWithinMs ?? 0);
  await store.keep({
    kind: 'review_due',
    id: `due_${use.record.id}`,
    task: task.id,
    by,
    dueAt: new Date(dueAt).toISOString(),
  });
}

function openedWords(context: Context, run: RunState, task: Task, by: Person): string {
  const opened = run.phase === 'awaiting_approval' ? tallied(context, run, task).opened : null;
  if (opened !== null && opened.length === 0)
    return `${by} broke the glass of ${task.id}. It opens when another person confirms with the same command.`;
  return `The glass of ${task.id} is broken. Somebody else must review it: ${context.command} break-glass review ${task.id} --note TEXT`;
}
