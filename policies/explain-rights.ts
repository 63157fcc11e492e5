/** What a run may do around a path: who may write it, which models answer, what a phase may reach. */
import type { Rights } from '../orchestrator/domain/explanation.ts';
import type { RiskClass } from '../orchestrator/domain/judgement.ts';
import { writeProblem } from './agents.ts';
import { type Beyond, beyond } from './beyond.ts';
import { keyed, patternOf } from './gates.ts';
import { sorted } from './join.ts';
import { modelsFor } from './models.ts';
import { isDoorOpen, mayReach, type Phase } from './network.ts';
import type { LoadedPolicy } from './parse.ts';
import { requiredBy } from './require.ts';
import { named } from './schema.ts';

export function rightsOf(
  layers: readonly LoadedPolicy[],
  { path, role, riskClass }: { path: string; role: string; riskClass: RiskClass },
): Rights {
  return {
    write: { role, ...mayWrite(layers, role, path) },
    models: modelsFor(layers, 'code', riskClass),
    network: { setup: reachOf(layers, 'setup'), agent: reachOf(layers, 'agent') },
    requires: requiredBy(layers),
    notYet: sorted(
      layers
        .flatMap(beyond)
        .filter(isOfRights)
        .map(({ message }) => message),
    ),
  };
}

function isOfRights({ path }: Beyond): boolean {
  return ['models', 'network', 'agents'].some((section) => section === path[0]);
}

function mayWrite(layers: readonly LoadedPolicy[], role: string, path: string) {
  const problems = layers.flatMap((loaded) => writeProblem(loaded, role)(path) ?? []);
  if (problems.length > 0)
    return { isAllowed: false, why: sorted(problems.map((one) => `it ${one}`)).join('; ') };
  const patterns = layers.flatMap((loaded) => writtenIn(loaded, role, path));
  return { isAllowed: true, why: patterns.join(', ') || `nothing limits the ${role}` };
}

function writtenIn({ policy }: LoadedPolicy, role: string, path: string): string[] {
  const paths = named(policy.agents, role)?.write;
  const index = patternOf(paths ?? [], keyed(path));
  return index === null ? [] : [`${role}.write "${paths?.[index] ?? ''}"`];
}

/** Doors of ours, then hosts as `host:port`. */
function reachOf(layers: readonly LoadedPolicy[], phase: Phase): string[] {
  const doors = (['package-registry', 'model-gateway'] as const).filter((via) =>
    isDoorOpen(layers, phase, via),
  );
  // A door that no layer names is open in the phase it is meant for only.
  const isSaid = layers.some(({ policy }) => policy.network !== undefined);
  const own = phase === 'setup' ? 'package-registry' : 'model-gateway';
  return [...doors.filter((via) => isSaid || via === own), ...hostsOf(layers, phase)];
}

/** What every layer that speaks allows for some method. */
function hostsOf(layers: readonly LoadedPolicy[], phase: Phase): string[] {
  const allowed = layers.flatMap(({ policy }) => policy.network?.[phase] ?? []);
  return sorted(
    allowed.flatMap(({ host, ports, methods }) => {
      if (host === null) return [];
      const isOpen = (port: number): boolean =>
        methods.some((method) => mayReach(layers, phase, { host: askable(host), port, method }));
      return ports.filter(isOpen).map((port) => `${host}:${port}`);
    }),
  );
}

/** Some host below a wildcard: what covers it covers the wildcard, as there are none between. */
function askable(host: string): string {
  return host.startsWith('*.') ? `any.${host.slice(2)}` : host;
}
