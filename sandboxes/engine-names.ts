/**
 * Reads the names of what we make in an engine, `proofhouse-<run>-<attempt>-<part>`, and makes labels
 * of them. Whoever finds a thing after a crash knows by these whose it is.
 */
import { digestOf } from '../orchestrator/domain/canonical.ts';
import { RunId } from '../orchestrator/domain/ids.ts';

export type NameParts = { readonly run: RunId; readonly attempt: number; readonly part: string };

/** Null for a name that is none of ours. */
export function nameParts(name: string): NameParts | null {
  const found = /-(r[0-9a-z]{7})-(\d{1,4})-([a-z0-9-]+)$/.exec(name);
  const [, run, attempt, part] = found ?? [];
  if (run === undefined || part === undefined || !name.startsWith('proofhouse-')) return null;
  return { run: RunId.parse(run), attempt: Number(attempt), part };
}

/** Of sandboxes that look at an engine and are no run's. */
export const DOCTOR_RUN = RunId.parse('rdoctor0');

/** Role of what all runs of an instance share. */
const LAYER = 'layer';
export const isLayer = ({ run, role }: Thing): boolean => run === null && role === LAYER;

/** Of a plain volume: of a run, or of all runs of an instance. */
export function volumeLabels(of: {
  readonly instance: string;
  readonly name: string;
  readonly run: RunId | null;
}): Record<string, string> {
  const { instance, name, run } = of;
  if (run === null) return { proofhouse: instance, 'proofhouse.role': LAYER };
  const role = nameParts(name)?.part ?? 'volume';
  return labels({ instance, name, run, role, spec: digestOf('volume', { o: '' }) });
}

/** Of a sandbox and of a volume alike. `spec` is the digest of what the engine was asked for. */
export function labels(of: {
  readonly instance: string;
  readonly name: string;
  readonly run: RunId;
  readonly role: string;
  readonly spec: string;
}): Record<string, string> {
  const { instance, name, run, role, spec } = of;
  return {
    proofhouse: instance,
    'proofhouse.run': run,
    'proofhouse.attempt': String(nameParts(name)?.attempt ?? 0),
    'proofhouse.role': role,
    'proofhouse.spec': spec,
  };
}

/** Something of ours that an engine has. */
export type Thing = {
  readonly name: string;
  /** Null for what bears our mark and is no run's. */
  readonly run: RunId | null;
  readonly attempt: number;
  readonly role: string;
};

export type Found = {
  /** `isPastLimit`: it runs, and for longer than it may. */
  readonly sandboxes: readonly (Thing & { readonly id: string; readonly isPastLimit: boolean })[];
  readonly volumes: readonly Thing[];
};

export function thing(name: string, labels: Readonly<Record<string, string>> | null): Thing {
  return {
    name,
    run: RunId.safeParse(labels?.['proofhouse.run']).data ?? null,
    attempt: Number(labels?.['proofhouse.attempt'] ?? 0),
    role: labels?.['proofhouse.role'] ?? '',
  };
}
