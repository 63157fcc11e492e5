/**
 * What every decision on a run begins with: the run, who decides, the very tree that they looked at,
 * and what all decisions before came to.
 */
import { randomBytes } from 'node:crypto';
import { mayDecide } from '../../policies/missing.ts';
import { momentOf } from '../../policies/moment.ts';
import { eligible } from '../../policies/standing.ts';
import { type Tally, tally } from '../../policies/tally.ts';
import type { Auth } from '../domain/approval.ts';
import { Fault } from '../domain/faults.ts';
import type { Person, RunId } from '../domain/ids.ts';
import { type Records, withMore } from '../domain/records.ts';
import type { In, RunState } from '../domain/run-state.ts';
import type { Task } from '../domain/task.ts';
import type { Store } from '../ports.ts';
import { replay } from '../runner.ts';
import { approveLines } from '../text/run-report.ts';
import { type Context, knownRun } from './context.ts';
import { newRecordId, personNamed, type RecordPrefix } from './names.ts';
import { appendOutside } from './outside.ts';

export type Decision = {
  readonly run: string;
  /** At least twelve hex digits of the tree that was looked at. */
  readonly tree: string | null;
  readonly as: string | null;
};

/** A change that is proven: it waits, or is about to be published. */
export type Proven = In<'awaiting_approval'> | In<'publishing'>;

export type Desk = { readonly store: Store; readonly id: RunId; readonly task: Task; by: Person };

export async function deskOf(context: Context, { run, as }: Omit<Decision, 'tree'>): Promise<Desk> {
  const { store } = context.ledgers();
  const { id, task } = await knownRun(store, run);
  await endWhenLate(context, store, id);
  return { store, id, task, by: as === null ? context.person() : personNamed(as) };
}

export function waiting(run: RunState, task: Task): In<'awaiting_approval'> {
  if (run.phase === 'awaiting_approval') return run;
  throw new Fault('not_now', `${task.id} is ${run.phase}; it does not wait for anybody`);
}

export function sameTree(context: Context, task: Task, run: Proven, tree: string | null): void {
  const lines = approveLines({
    task,
    run,
    command: context.command,
    may: whoMay(context, run, task),
  })
    .map((line) => `\n  ${line}`)
    .join('');
  if (tree === null)
    throw new Fault(
      'usage',
      `name the tree that you looked at, so that no other is approved:${lines}`,
    );
  if (!/^[0-9a-f]{12,40}$/.test(tree))
    throw new Fault('usage', `--tree takes at least 12 hex digits; "${tree}" is none`);
  if (!run.change.tree.startsWith(tree)) {
    throw new Fault(
      'approval_stale',
      `${task.id} waits with tree ${run.change.tree}, not with ${tree}`,
    );
  }
}

/** What all records come to now, with these behind them. */
export function tallied(
  context: Context,
  run: Proven,
  task: Task,
  more: Partial<Records> = {},
): Tally {
  return tally(momentNow(context, { ...run, records: withMore(run.records, more) }, task));
}

export function momentNow(
  context: Context,
  run: Pick<Proven, 'change' | 'judgement' | 'evidence' | 'records'>,
  task: Task,
): ReturnType<typeof momentOf> {
  return momentOf(task, run, context.signatures().holds, context.clock());
}

/** The gates on which they may decide, each with the groups by which. */
export function gatesOf(
  context: Context,
  run: Proven,
  task: Task,
  by: Person,
  onBehalfOf: Person | null = null,
): { id: string; groups: string[] }[] {
  const may = eligible(by, onBehalfOf, momentNow(context, run, task));
  if ('gates' in may) return may.gates;
  throw new Fault('not_eligible', may.reason);
}

export function whoMay(context: Context, run: RunState, task: Task): Person[] {
  return run.phase === 'awaiting_approval' ? mayDecide(momentNow(context, run, task)) : [];
}

/** What every record begins with. On this machine it is the operating system's word who that was. */
export function recordHead<P extends RecordPrefix>(
  context: Context,
  prefix: P,
): { v: 1; id: string; auth: Auth; nonce: string; createdAt: string } {
  return {
    v: 1,
    id: newRecordId(prefix, context.clock()),
    auth: { method: 'session', assurance: 'session', proof: typist(context) },
    nonce: randomBytes(16).toString('hex'),
    createdAt: context.clock().toISOString(),
  };
}

/** Who the machine says typed it; null where it knows nobody. */
export function typist(context: Context): Person | null {
  try {
    return context.person();
  } catch {
    return null;
  }
}

/** A wait has an end. Whoever comes after it finds the run expired, and so does everybody else. */
async function endWhenLate(context: Context, store: Store, id: RunId): Promise<void> {
  const run = replay(await store.read(id));
  if (run.phase !== 'awaiting_approval' || context.clock().getTime() < Date.parse(run.expiresAt))
    return;
  await appendOutside(store, id, () => ({ type: 'expired' }));
  throw new Fault('not_now', `${id} waited until ${run.expiresAt}, and nobody decided in time`);
}
