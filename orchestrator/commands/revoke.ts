/** `revoke`: takes a yes back, whatever the run is doing, until its change is published. */
import { Fault } from '../domain/faults.ts';
import type { Person } from '../domain/ids.ts';
import type { Records } from '../domain/records.ts';
import type { RunState } from '../domain/run-state.ts';
import { replay } from '../runner.ts';
import { leftWords } from './approve.ts';
import { type Context, type Exit, show } from './context.ts';
import { deskOf, recordHead } from './desk.ts';
import { appendOutside } from './outside.ts';

export type Revoke = {
  readonly run: string;
  readonly as: string | null;
  /** None: every gate. */
  readonly gates: readonly string[];
  readonly reason: string | null;
};

export async function revoke(context: Context, wanted: Revoke): Promise<Exit> {
  const { store, id, task, by } = await deskOf(context, wanted);
  const before = replay(await store.read(id));
  const approvals = revocable(before, by, wanted.gates);
  if (approvals.length === 0)
    throw new Fault('not_now', `${by} has no approval on ${id} that could be taken back`);
  let run = before;
  for (const { id: approval } of approvals) {
    const revocation = context.signatures().sign('revocation', {
      ...recordHead(context, 'rev'),
      task: id,
      approval,
      by,
      reason: wanted.reason,
    });
    ({ run } = await appendOutside(store, id, () => ({ type: 'revoked', revocation })));
  }
  const gates = [...new Set(approvals.map(({ gate }) => gate))];
  show(
    context,
    () =>
      [
        `${by} took the approval of ${gates.join(', ')} of ${id} back.`,
        ...leftWords(context, run, task),
      ].join('\n'),
    () => ({ id, by, gates, run }),
  );
  return run.phase === 'awaiting_approval' ? 3 : 0;
}

/** The yeses that are theirs, given by them or lent by them, and not taken back yet. */
function revocable(
  run: RunState,
  by: Person,
  gates: readonly string[],
): Records['approvals'][number]['record'][] {
  if (!('records' in run)) return [];
  const { approvals, revocations } = run.records;
  return approvals
    .map(({ record }) => record)
    .filter(({ decision }) => decision === 'approve')
    .filter(({ approver, onBehalfOf }) => approver.id === by || onBehalfOf === by)
    .filter(({ gate }) => gates.length === 0 || gates.includes(gate))
    .filter(({ id }) => !revocations.some(({ record }) => record.approval === id));
}
