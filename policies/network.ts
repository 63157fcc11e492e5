/** What each phase of a run may reach. Every layer that speaks must agree; checks reach nothing. */
import { coversHost, plainHost } from './hosts.ts';
import type { LoadedPolicy } from './parse.ts';
import { METHODS } from './schema/rights.ts';
import type { NetworkRule } from './schema.ts';
import { isOfAnybody, isShared } from './shared-hosts.ts';

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
        !isShared(host) &&
        coversHost(host, request.host) &&
        ports.includes(request.port) &&
        methods.some((method) => method === request.method),
    ),
  );
}

/** In a tunnel nobody sees a method. It is for hosts that may be asked with every one. */
export function isWhole(methods: readonly string[]): boolean {
  return METHODS.every((method) => methods.includes(method));
}

export function mayTunnel(
  layers: readonly LoadedPolicy[],
  phase: Phase,
  { host, port }: Pick<Request, 'host' | 'port'>,
): boolean {
  return (
    !isOfAnybody(host) && METHODS.every((method) => mayReach(layers, phase, { host, port, method }))
  );
}

/** A host that may be tunnelled to and is named in full; null when there is none. */
export function someTunnel(
  layers: readonly LoadedPolicy[],
  phase: Phase,
): Pick<Request, 'host' | 'port'> | null {
  const named = layers.flatMap(({ policy }) =>
    (policy.network?.[phase] ?? []).flatMap(({ host, ports }) => {
      const exact = host === null || host.startsWith('*.') ? null : plainHost(host);
      return exact === null ? [] : ports.map((port) => ({ host: exact, port }));
    }),
  );
  return named.find((one) => mayTunnel(layers, phase, one)) ?? null;
}
