/**
 * `veto`: keeps a gate of a run shut until the same person opens it again, or somebody in every group
 * of escalation does with a reason. Unlike `reject` it ends nothing.
 */
import { mayEscalate } from '../../policies/veto.ts';
import type { Approval } from '../domain/approval.ts';
import { Fault } from '../domain/faults.ts';
import type { Person } from '../domain/ids.ts';
import type { RunEvent, RunState } from '../domain/run-state.ts';
import type { Task } from '../domain/task.ts';
import { replay } from '../runner.ts';
import { leftWords, nextLine } from './approve.ts';
import { signedBallot } from './ballot.ts';
import { type Context, type Exit, show } from './context.ts';
import {
  type Decision,
  deskOf,
  gatesOf,
  momentNow,
  type Proven,
  recordHead,
  sameTree,
  tallied,
  waiting,
} from './desk.ts';
import { appendOutside } from './outside.ts';

type OnGates = { readonly gates: readonly string[] };
export type Veto = Decision & OnGates & { readonly reason: string };
export type Lift = Omit<Decision, 'tree'> & OnGates & { readonly reason: string | null };

export async function veto(context: Context, decision: Veto): Promise<Exit> {
  const { store, id, task, by } = await deskOf(context, decision);
  const before = proven(replay(await store.read(id)), task);
  sameTree(context, task, before, decision.tree);
  const gates = wantedOf(gatesOf(context, before, task, by), decision.gates, by);
  let run: RunState = before;
  for (const { id: gate, groups } of gates) {
    const written = await appendOutside(store, id, (now) => {
      const waits = proven(now, task);
      sameTree(context, task, waits, decision.tree);
      const { reason } = decision;
      const ballot = { decision: 'reject', gate, groups, by, onBehalfOf: null, reason } as const;
      return { type: 'vetoed', veto: signedBallot(context, waits, task, ballot) };
    });
    run = written.run;
  }
  const names = gates.map(({ id: gate }) => gate);
  const text = `${by} vetoed ${names.join(', ')} of ${id}. To lift it: ${context.command} veto ${id} --lift --as ${by}`;
  show(
    context,
    () => text,
    () => ({ id, by, gates: names, run }),
  );
  return run.phase === 'awaiting_approval' ? 3 : 0;
}

export async function liftVeto(context: Context, lift: Lift): Promise<Exit> {
  const { store, id, task, by } = await deskOf(context, lift);
  const before = waiting(replay(await store.read(id)), task);
  const vetoes = liftable(context, before, task, lift, by);
  let run: RunState = before;
  for (const one of vetoes) {
    const written = await appendOutside(store, id, (now) =>
      liftEvent(context, waiting(now, task), task, one, { by, reason: lift.reason }),
    );
    run = written.run;
  }
  const gates = [...new Set(vetoes.map(({ gate }) => gate))];
  show(
    context,
    () =>
      [
        `${by} lifted the veto on ${gates.join(', ')} of ${id}.`,
        ...leftWords(context, run, task),
        ...nextLine(context, run),
      ].join('\n'),
    () => ({ id, by, gates, run }),
  );
  return run.phase === 'awaiting_approval' ? 3 : 0;
}

/** Those that this person may lift: their own, or anybody's when they may escalate. */
function liftable(
  context: Context,
  run: Proven,
  task: Task,
  { gates, reason }: Lift,
  by: Person,
): readonly Approval[] {
  const moment = momentNow(context, run, task);
  const { vetoes } = tallied(context, run, task);
  const asked = vetoes.filter(({ gate }) => gates.length === 0 || gates.includes(gate));
  if (asked.length === 0) throw new Fault('not_now', `no veto stands on ${task.id}`);
  const theirs = asked.filter(({ approver }) => approver.id === by);
  if (theirs.length > 0) return theirs;
  if (!mayEscalate(by, moment)) {
    const { escalation } = run.judgement.separation;
    const who = escalation.length === 0 ? '' : `, or somebody in ${escalation.join(' and ')}`;
    const people = [...new Set(asked.map(({ approver }) => approver.id))].join(', ');
    throw new Fault('not_eligible', `only ${people} can lift this veto${who}`);
  }
  if (reason === null)
    throw new Fault('usage', "who lifts somebody else's veto says why, with --reason");
  return asked;
}

function liftEvent(
  context: Context,
  run: Proven,
  task: Task,
  veto: Approval,
  { by, reason }: { by: Person; reason: string | null },
): RunEvent {
  const { escalation } = run.judgement.separation;
  const { groups } = run.judgement;
  const isIn = (group: string): boolean => groups[group]?.members.includes(by) ?? false;
  const lift = context.signatures().sign('veto_lift', {
    ...recordHead(context, 'lft'),
    task: task.id,
    veto: veto.id,
    by: { id: by, groups: escalation.filter(isIn) },
    reason: reason ?? 'Lifted by who gave it.',
  });
  const { openSlots } = tallied(context, run, task, { lifts: [lift] });
  return { type: 'veto_lifted', lift, openSlots };
}

/** A veto comes in time until the change is published. */
function proven(run: RunState, task: Task): Proven {
  return run.phase === 'publishing' ? run : waiting(run, task);
}

function wantedOf(
  may: readonly { id: string; groups: string[] }[],
  gates: readonly string[],
  by: Person,
): readonly { id: string; groups: string[] }[] {
  const not = gates.find((gate) => !may.some(({ id }) => id === gate));
  if (not !== undefined) throw new Fault('not_eligible', `${by} may not decide on gate ${not}.`);
  return gates.length === 0 ? may : may.filter(({ id }) => gates.includes(id));
}
