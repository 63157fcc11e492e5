/** The facts that a policy may require, from those who can tell. */
import type { Engine } from '../sandboxes/docker.ts';
import { hostFacts } from '../sandboxes/host-facts.ts';
import { type Quotas, quotaFacts } from '../sandboxes/quota.ts';
import type { HostFacts } from './domain/machine.ts';
import type { Machine } from './ports/machine.ts';

const ELSEWHERE = {
  isHard: false,
  why: 'the engine does not see this machine: what workspaces hold is counted there',
};

/** This machine, and what workspaces of a data directory are held by. */
export const hostFactsOf = (home: string): Promise<HostFacts> =>
  hostFacts(async () => {
    const { isHard, why } = await quotaFacts(home);
    return { isHard, why };
  });

/** Whatever this machine could mount. */
export const quotaElsewhere = (host: HostFacts): HostFacts => ({ ...host, quota: ELSEWHERE });

/** The facts that a policy may require: of the engine, and of the controller's own machine. */
export function machineOf(
  engine: Engine,
  { quotas, isBeside }: { readonly quotas: Quotas; readonly isBeside: () => Promise<boolean> },
): Machine {
  const quota = async () => {
    if (!(await isBeside())) return ELSEWHERE;
    const { isHard, why } = await quotas.facts();
    return { isHard, why };
  };
  return {
    facts: async () => {
      const [found, host] = await Promise.all([engine.describe(), hostFacts(quota)]);
      return { engine: found, host };
    },
  };
}
