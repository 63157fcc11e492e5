/** `reject` ends a run that waits; `send-back` gives the agent another attempt with what is said. */
import { type Context, type Exit, show } from './context.ts';
import { type Decision, deskOf, gatesOf, sameTree, waiting } from './desk.ts';
import { appendOutside } from './outside.ts';

export async function refuse(
  context: Context,
  decision: Decision & { readonly reason: string; readonly type: 'rejected' | 'sent_back' },
): Promise<Exit> {
  const { store, id, task, by } = await deskOf(context, decision);
  const { type, reason } = decision;
  const { run } = await appendOutside(store, id, (now) => {
    const waits = waiting(now, task);
    sameTree(context, task, waits, decision.tree);
    gatesOf(context, waits, task, by);
    return { type, by, reason };
  });
  show(
    context,
    () => `${id} ${type.replace('_', ' ')} by ${by}`,
    () => ({ id, by, run }),
  );
  return 0;
}
