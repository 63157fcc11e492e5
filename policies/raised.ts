/**
 * What the remarks of reviews do to a judgement: they raise gates that the policy names for that, as advice
 * of a model does, and there is no word for less.
 */
import type { Advice, Judgement } from '../orchestrator/domain/judgement.ts';
import { openable } from './advice.ts';
import type { LoadedPolicy } from './parse.ts';

/** A gate that the policy lets a review raise, and whose remarks do. */
export type Raised = NonNullable<Advice['raised']>[number];

/**
 * The advice that the change is to be judged with now; null when nothing is new. What was advised before
 * stays. A gate that holds already, or that nobody could open, is not raised.
 */
export function withRaised(
  layers: readonly LoadedPolicy[],
  { judgement, target }: { readonly judgement: Judgement; readonly target: string },
  raised: readonly Raised[],
): Advice | null {
  const open = openable(layers, judgement, target).map(({ id }) => id);
  const fresh = raised.filter(({ gate }, index) => {
    return open.includes(gate) && raised.findIndex((one) => one.gate === gate) === index;
  });
  const [first] = fresh;
  if (first === undefined) return null;
  const before = judgement.advice;
  return {
    add: [...(before?.add ?? []), ...fresh.map(({ gate }) => gate)],
    by: before?.by ?? first.by,
    raised: [...(before?.raised ?? []), ...fresh],
  };
}
