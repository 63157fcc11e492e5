/**
 * Which models a call may go to, and in which order. Pure: what was called is told by the run and the
 * address, never by what a prompt says, so an agent chooses nothing by writing it.
 */
import type { ModelRole } from '../../orchestrator/domain/money.ts';

export type Candidate = { readonly id: string };

/** Of each role the names that every layer of the policy allows, in order; null where none speaks. */
export type RoutePlan = Readonly<Record<ModelRole, readonly string[] | null>>;

export type Fleet<C extends Candidate> = {
  /** What answers where the policy says nothing. */
  readonly usual: C;
  readonly named: readonly C[];
};

/**
 * Empty when the policy names no model that is here; then nothing is asked. A name that nobody knows is
 * passed over: the next one is as allowed.
 */
export function chainFor<C extends Candidate>(
  { usual, named }: Fleet<C>,
  plan: RoutePlan,
  role: ModelRole,
): readonly C[] {
  const ids = plan[role];
  if (ids === null) return [usual];
  const known = [usual, ...named];
  return ids.flatMap((id) => known.find((one) => one.id === id) ?? []);
}

/**
 * The chain with what answered this session last in front: a prompt cache is of one model at one
 * provider, and going back and forth pays for the whole prompt each time.
 */
export function stickingTo<C extends Candidate>(
  chain: readonly C[],
  last: string | undefined,
): readonly C[] {
  const kept = chain.filter(({ id }) => id === last);
  return [...kept, ...chain.filter(({ id }) => id !== last)];
}
