/** What each phase of a run may reach. Every layer that speaks must agree; checks reach nothing. */
import { coversHost } from './hosts.ts';
import type { LoadedPolicy } from './parse.ts';
import type { NetworkRule } from './schema.ts';

export type Phase = keyof NetworkRule;

export type Doors = {
  /** Setting up dependencies may reach the package registry. */
  readonly setup: boolean;
  /** The agent may reach the model gateway. */
  readonly agent: boolean;
};

/** A layer that says nothing of the network leaves our own doors open and opens no host. */
export function networkOf(layers: readonly LoadedPolicy[]): Doors {
  return {
    setup: isDoorOpen(layers, 'setup', 'package-registry'),
    agent: isDoorOpen(layers, 'agent', 'model-gateway'),
  };
}

export function isDoorOpen(
  layers: readonly LoadedPolicy[],
  phase: Phase,
  via: 'model-gateway' | 'package-registry',
): boolean {
  return (
    layers.length > 0 &&
    layers.every(({ policy: { network } }) => {
      return network === undefined || network[phase].some((allowed) => allowed.via === via);
    })
  );
}

export type Request = { readonly host: string; readonly port: number; readonly method: string };

/** Whether a host may be reached: the first layer must say so, and no other that speaks say otherwise. */
export function mayReach(layers: readonly LoadedPolicy[], phase: Phase, request: Request): boolean {
  const [first, ...rest] = layers.map(({ policy }) => policy.network);
  if (first === undefined) return false;
  return [first, ...rest.flatMap((network) => network ?? [])].every((network) =>
    network[phase].some(
      ({ host, ports, methods }) =>
        host !== null &&
        coversHost(host, request.host) &&
        ports.includes(request.port) &&
        methods.some((method) => method === request.method),
    ),
  );
}
