/** What a door needs to send each call where the policy lets it go. One for each attempt of a run. */
import type { ModelRole } from '../../orchestrator/domain/money.ts';
import type { ModelPlan } from '../../orchestrator/ports/ledger.ts';
import { chainFor, type Fleet, type RoutePlan, stickingTo } from '../routing/route.ts';
import type { ModelUpstream } from './upstream.ts';

export type Routing = {
  readonly fleet: Fleet<ModelUpstream>;
  readonly plan: RoutePlan;
  /** Names of models that the policy says cost nothing. */
  readonly free: readonly string[];
};

/** Of what was called, the models to ask, first to last. */
export type Chains = {
  chain(role: ModelRole, session: string): readonly ModelUpstream[];
  answered(role: ModelRole, session: string, upstream: ModelUpstream): void;
};

const SESSIONS_MAX = 1000;
export const NO_PLAN: RoutePlan = {
  plan: null,
  edit: null,
  review: null,
  extract: null,
  title: null,
};

export const routingTo = (usual: ModelUpstream): Routing => ({
  fleet: { usual, named: [] },
  plan: NO_PLAN,
  free: [],
});

/** What a gateway is opened with for a run whose policy says `plan`. */
export function routedBy(fleet: Fleet<ModelUpstream>, plan: ModelPlan | undefined) {
  if (plan === undefined) return {};
  const { routes, free, refusals, cacheMisses, wrapUpAtMs } = plan;
  const routing: Routing = { fleet, plan: routes, free };
  return { routing, wires: { refusals, cacheMisses }, wrapUpAtMs };
}

export function openChains({ fleet, plan }: Routing): Chains {
  const last = new Map<string, string>();
  const key = (role: ModelRole, session: string): string => `${role} ${session}`;
  return {
    chain: (role, session) => {
      const chain = chainFor(fleet, plan, role);
      // What is extracted is tried with the first model each time: that is what it is for.
      return role === 'extract' ? chain : stickingTo(chain, last.get(key(role, session)));
    },
    answered: (role, session, { id }) => {
      last.delete(key(role, session));
      last.set(key(role, session), id);
      for (const oldest of last.keys()) if (last.size > SESSIONS_MAX) last.delete(oldest);
    },
  };
}
