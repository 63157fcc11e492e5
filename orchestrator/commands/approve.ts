/**
 * `approve`: one person's yes to exactly one tree.
 *
 * The tree is named by who decides, so that a change that came after they looked is not what they
 * approve. Who may decide was fixed by the policy at the base commit; who asked never may.
 */
import { delegationEnd } from '../../policies/delegation.ts';
import { Fault } from '../domain/faults.ts';
import type { Person } from '../domain/ids.ts';
import type { SignedDelegation } from '../domain/records.ts';
import type { In, RunEvent, RunState } from '../domain/run-state.ts';
import type { Task } from '../domain/task.ts';
import type { Store } from '../ports.ts';
import { replay } from '../runner.ts';
import { openWords } from '../text/decisions.ts';
import { signedBallot } from './ballot.ts';
import { type Context, type Exit, show } from './context.ts';
import { type Decision, deskOf, gatesOf, sameTree, tallied, waiting } from './desk.ts';
import { personNamed } from './names.ts';
import { appendOutside } from './outside.ts';

export type Approve = Decision & {
  /** Whose vote this is, when they handed it on. */
  readonly onBehalfOf?: string | null;
};

type Voter = { readonly by: Person; readonly onBehalfOf: Person | null };
type Wanted = Voter & { readonly delegations: readonly SignedDelegation[] };

export async function approve(context: Context, decision: Approve): Promise<Exit> {
  const { store, id, task, by } = await deskOf(context, decision);
  const onBehalfOf = decision.onBehalfOf ? personNamed(decision.onBehalfOf) : null;
  const delegations = await delegationsTo(store, by, onBehalfOf);
  const wanted = { by, onBehalfOf, delegations };
  const before = waiting(replay(await store.read(id)), task);
  sameTree(context, task, before, decision.tree);
  const gates = gatesLeft(context, task, before, wanted);
  let run: RunState = before;
  for (const gate of gates) {
    const written = await appendOutside(store, id, (now) => {
      const waits = waiting(now, task);
      sameTree(context, task, waits, decision.tree);
      return approvalEvent(context, task, waits, gate, wanted);
    });
    run = written.run;
  }
  const who = onBehalfOf === null ? by : `${by} for ${onBehalfOf}`;
  show(
    context,
    () =>
      [
        `${who} approved ${gates.join(', ')} of ${id}.`,
        ...leftWords(context, run, task),
        ...nextLine(context, run),
      ].join('\n'),
    () => ({ id, by, gates, run }),
  );
  return run.phase === 'awaiting_approval' ? 3 : 0;
}

/** What is still missing, or how the run goes on. */
export function leftWords(context: Context, run: RunState, task: Task): string[] {
  if (run.phase !== 'awaiting_approval') return [];
  return openWords(tallied(context, run, task));
}

export function nextLine(context: Context, run: RunState): string[] {
  return run.phase === 'publishing'
    ? [`It goes on in a controller that runs, or with: ${context.command} serve --until-idle`]
    : [];
}

/** Those on which this vote is theirs to give and was not given. */
function gatesLeft(
  context: Context,
  task: Task,
  run: In<'awaiting_approval'>,
  { by, onBehalfOf }: Voter,
): string[] {
  const { counted, lapsed } = tallied(context, run, task);
  const isTheirs = (approval: { approver: { id: Person }; onBehalfOf: Person | null }): boolean =>
    approval.approver.id === by && approval.onBehalfOf === onBehalfOf;
  // A yes under a veto waits with it; giving it again would say nothing new.
  const underVeto = lapsed.flatMap(({ id, code }) => (code === 'vetoed' ? [id] : []));
  const given = [
    ...counted.map(({ approval }) => approval),
    ...run.records.approvals.map(({ record }) => record).filter(({ id }) => underVeto.includes(id)),
  ].filter(isTheirs);
  const left = gatesOf(context, run, task, by, onBehalfOf)
    .map(({ id }) => id)
    .filter((id) => !given.some(({ gate }) => gate === id));
  if (left.length === 0)
    throw new Fault('not_now', `${by} has approved everything there is for them on ${task.id}`);
  return left;
}

function approvalEvent(
  context: Context,
  task: Task,
  run: In<'awaiting_approval'>,
  gate: string,
  { by, onBehalfOf, delegations }: Wanted,
): RunEvent {
  const found = gatesOf(context, run, task, by, onBehalfOf).find(({ id }) => id === gate);
  if (!found) throw new Fault('not_eligible', `${by} may not decide on gate ${gate}.`);
  const approval = signedBallot(context, run, task, {
    ...{ decision: 'approve', gate, groups: found.groups, by, onBehalfOf, reason: null },
  });
  const delegation = longest(delegations, run, gate);
  const more = { approvals: [approval], delegations: delegation === null ? [] : [delegation] };
  const { openSlots, lapsed } = tallied(context, run, task, more);
  const lapse = lapsed.find(({ id }) => id === approval.record.id);
  if (lapse && lapse.code !== 'vetoed') throw new Fault('not_eligible', lapse.reason);
  return { type: 'approved', approval, delegation, openSlots };
}

async function delegationsTo(
  store: Store,
  to: Person,
  from: Person | null,
): Promise<SignedDelegation[]> {
  if (from === null) return [];
  const kept = await store.kept();
  return kept
    .flatMap((one) => (one.kind === 'delegation' ? [one.signed] : []))
    .filter(({ record }) => record.from === from && record.to === to);
}

function longest(
  delegations: readonly SignedDelegation[],
  { judgement }: In<'awaiting_approval'>,
  gate: string,
): SignedDelegation | null {
  return (
    delegations
      .filter(({ record }) => record.gates.includes(gate))
      .toSorted((a, b) => delegationEnd(b.record, judgement) - delegationEnd(a.record, judgement))
      .at(0) ?? null
  );
}
