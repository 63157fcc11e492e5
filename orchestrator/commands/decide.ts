/**
 * `approve`, `reject`, `send-back`: one person's decision on exactly one tree.
 *
 * The tree is named by who decides, so that a change that came after they looked is not what they
 * approve. Who may decide was fixed by the policy at the base commit; who asked never may.
 */
import { bind, eligible, standing } from '../../policies/approvals.ts';
import { openSlots } from '../../policies/quorum.ts';
import type { Approval } from '../domain/approval.ts';
import { Fault } from '../domain/faults.ts';
import type { Person, RunId } from '../domain/ids.ts';
import type { In, RunEvent, RunState } from '../domain/run-state.ts';
import type { Task } from '../domain/task.ts';
import type { Store } from '../ports.ts';
import { replay } from '../runner.ts';
import { approveLines } from '../text/run-report.ts';
import { type Context, type Exit, knownRun, show } from './context.ts';
import { personNamed } from './names.ts';
import { appendOutside } from './outside.ts';

export type Decision = {
  readonly run: string;
  /** At least twelve hex digits of the tree that was looked at. */
  readonly tree: string | null;
  readonly as: string | null;
};

export async function approve(context: Context, decision: Decision): Promise<Exit> {
  const { store } = context.ledgers();
  const { id, task } = await knownRun(store, decision.run);
  await endWhenLate(context, store, id);
  const by = decision.as === null ? context.person() : personNamed(decision.as);
  const gates = gatesToApprove(
    context,
    task,
    waiting(replay(await store.read(id)), task),
    decision,
    by,
  );
  let run: RunState | null = null;
  for (const gate of gates) {
    const written = await appendOutside(store, id, (now) =>
      approvalEvent(context, task, waiting(now, task), gate, decision, by),
    );
    run = written.run;
  }
  const left = run?.phase === 'awaiting_approval' ? missingWords(context, run, task) : [];
  show(
    context,
    () =>
      [`${by} approved ${gates.join(', ')} of ${id}.`, ...left, ...nextLine(context, run)].join(
        '\n',
      ),
    () => ({ id, by, gates, run }),
  );
  return run?.phase === 'awaiting_approval' ? 3 : 0;
}

/** Ends the run, or gives the agent another attempt with what the reviewer says. */
export async function refuse(
  context: Context,
  decision: Decision & { readonly reason: string; readonly type: 'rejected' | 'sent_back' },
): Promise<Exit> {
  const { store } = context.ledgers();
  const { id, task } = await knownRun(store, decision.run);
  await endWhenLate(context, store, id);
  const by = decision.as === null ? context.person() : personNamed(decision.as);
  const { type, reason } = decision;
  const { run } = await appendOutside(store, id, (now) => {
    const waits = waiting(now, task);
    sameTree(context, task, waits, decision);
    mayDecide(waits, by, task);
    return { type, by, reason };
  });
  show(
    context,
    () => `${id} ${type.replace('_', ' ')} by ${by}`,
    () => ({ id, by, run }),
  );
  return 0;
}

/** A wait has an end. Whoever comes after it finds the run expired, and so does everybody else. */
async function endWhenLate(context: Context, store: Store, id: RunId): Promise<void> {
  const run = replay(await store.read(id));
  if (run.phase !== 'awaiting_approval' || context.clock().getTime() < Date.parse(run.expiresAt))
    return;
  await appendOutside(store, id, () => ({ type: 'expired' }));
  throw new Fault('not_now', `${id} waited until ${run.expiresAt}, and nobody decided in time`);
}

function gatesToApprove(
  context: Context,
  task: Task,
  run: In<'awaiting_approval'>,
  decision: Decision,
  by: Person,
): string[] {
  sameTree(context, task, run, decision);
  const gates = mayDecide(run, by, task);
  const given = counting(context, run, task)
    .filter((approval) => approval.by === by)
    .map(({ binding }) => binding.gate);
  const left = gates.filter((gate) => !given.includes(gate));
  if (left.length === 0)
    throw new Fault('not_now', `${by} has approved everything there is for them on ${task.id}`);
  return left;
}

function approvalEvent(
  context: Context,
  task: Task,
  run: In<'awaiting_approval'>,
  gate: string,
  decision: Decision,
  by: Person,
): RunEvent {
  sameTree(context, task, run, decision);
  const now = context.clock();
  const { judgement, change, evidence } = run;
  const expiresMs = judgement.gates.find(({ id }) => id === gate)?.expiresMs ?? 0;
  const approval: Approval = {
    by,
    assurance: 'session',
    binding: bind(judgement, change, evidence, gate),
    at: now.toISOString(),
    expiresAt: new Date(now.getTime() + expiresMs).toISOString(),
  };
  const counted = counting(context, { ...run, approvals: [...run.approvals, approval] }, task);
  return {
    type: 'approved',
    approval,
    openSlots: openSlots(judgement, counted, [task.requester]).length,
  };
}

/** The approvals that still stand: one may have run out while another was waited for. */
function counting(context: Context, run: In<'awaiting_approval'>, { requester }: Task): Approval[] {
  const { change, judgement, evidence, approvals } = run;
  const moment = { change, judgement, evidence, requester, now: context.clock().toISOString() };
  return approvals.filter((one) => standing(one, moment).counts);
}

function waiting(run: RunState, task: Task): In<'awaiting_approval'> {
  if (run.phase === 'awaiting_approval') return run;
  throw new Fault('not_now', `${task.id} is ${run.phase}; it does not wait for anybody`);
}

function sameTree(
  context: Context,
  task: Task,
  run: In<'awaiting_approval'>,
  { tree }: Decision,
): void {
  const lines = approveLines({ task, run, command: context.command })
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

function mayDecide({ judgement }: In<'awaiting_approval'>, by: Person, task: Task): string[] {
  const may = eligible(judgement, by, task.requester);
  if ('gates' in may) return may.gates;
  throw new Fault('not_eligible', may.reason);
}

function missingWords(context: Context, run: In<'awaiting_approval'>, task: Task): string[] {
  return openSlots(run.judgement, counting(context, run, task), [task.requester]).map(
    ({ gate, group, missing }) => `Gate ${gate} still needs ${missing} of ${group}.`,
  );
}

function nextLine(context: Context, run: RunState | null): string[] {
  return run?.phase === 'publishing'
    ? [`It goes on in a controller that runs, or with: ${context.command} serve --until-idle`]
    : [];
}
