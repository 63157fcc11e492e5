/** What may become a gate of the decision: a gate, a content rule, or one that Proofhouse adds. */
import { digestOf, type Json } from '../orchestrator/domain/canonical.ts';
import type { Entry } from '../orchestrator/domain/change.ts';
import type {
  Denial,
  GateJudgement,
  Requirement,
  RiskClass,
  Surface,
} from '../orchestrator/domain/judgement.ts';
import { type GateHit, maxSurface, mergeRequirements, sorted } from './join.ts';
import type { Loaded, LoadedPolicy } from './parse.ts';
import type { OWN_GATES } from './schema.ts';
import type { YamlPath } from './yaml-source.ts';

/** Who says it and where: a layer, or a pack that a layer names. */
export type Origin = Pick<Loaded<unknown>, 'name' | 'where'>;

export type Candidate = {
  readonly id: string;
  readonly why: string;
  readonly origin: Origin;
  readonly at: YamlPath;
  readonly riskClass: RiskClass;
  readonly surface: Surface;
  readonly approvals: readonly Requirement[];
  readonly validators: readonly string[];
  readonly paths: readonly string[];
  readonly findings: readonly GateJudgement['findings'][number][];
  /** What an approval is bound to beside the class. */
  readonly definition: Json;
};

type Written = {
  readonly id: string;
  readonly why?: string | undefined;
  readonly class: RiskClass;
  readonly surface?: Surface | undefined;
  readonly approvals: readonly Requirement[];
  readonly validators: readonly string[];
};

/** A rule that somebody wrote, with what it is about in this change. */
export function writtenGate(
  origin: Origin,
  at: YamlPath,
  rule: Written,
  found: Pick<Candidate, 'paths' | 'findings'>,
): Candidate {
  const { id, why = '', class: riskClass, surface = 'ready-pr', approvals, validators } = rule;
  const rest = { id, why, riskClass, surface, approvals, validators, origin, at };
  // What came from YAML is plain data; the schema's type of an option says less than that.
  return { ...rest, ...found, definition: rule as Json };
}

/** The gate as the classes of its layer make it; nothing when it matched nothing. */
export function hit({ policy }: LoadedPolicy, gate: Candidate): GateHit[] {
  if (gate.paths.length === 0) return [];
  const { id, riskClass, why, origin } = gate;
  const rule = policy.classes[riskClass];
  const definition = digestOf('gate', { gate: gate.definition, class: rule });
  const approvals = mergeRequirements([...rule.approvals, ...gate.approvals]);
  const surface = maxSurface(rule.surface, gate.surface);
  const where = origin.where(gate.at);
  return [
    {
      id,
      sources: [{ layer: origin.name, where, why, riskClass, surface, approvals, definition }],
      riskClass,
      surface,
      bind: rule.bind,
      carryForward: rule.carryForward,
      approvals,
      validators: sorted(gate.validators),
      distinct: rule.distinct && approvals.length > 0,
      paths: sorted(gate.paths),
      findings: [...gate.findings],
      expiresMs: rule.expiresMs,
    },
  ];
}

type Own = {
  readonly id: (typeof OWN_GATES)[number];
  readonly why: string;
  readonly at: YamlPath;
  readonly riskClass: RiskClass;
  readonly paths: readonly string[];
};

export function ownGate(origin: Origin, { id, why, at, riskClass, paths }: Own): Candidate {
  return {
    ...{ id, why, at, riskClass, paths, origin },
    ...{ surface: 'ready-pr', approvals: [], validators: [], findings: [] },
    // A yes to a change of one class is none to the same change of another.
    definition: { id, class: riskClass },
  };
}

export function isAsking({ approvals, surface }: Pick<GateHit, 'approvals' | 'surface'>): boolean {
  return approvals.length > 0 || surface === 'hold' || surface === 'forbid';
}

/** A gate that no approval can open. */
export function shutFor({ id, sources, surface, approvals, paths }: GateHit): Denial[] {
  const where = sources.map((source) => source.where).join(', ');
  const why = sources.flatMap((source) => (source.why ? [` ${source.why}`] : [])).join('');
  const deny = (code: string, message: string): Denial[] => [
    { code, message, paths: [...paths], where },
  ];
  if (surface === 'forbid') {
    return deny(
      'gate_forbids',
      `Gate ${id} (${where}) forbids any change to what it covers.${why}`,
    );
  }
  if (surface !== 'hold' || approvals.length > 0) return [];
  return deny(
    'nobody_to_ask',
    `Gate ${id} (${where}) holds the change and names nobody who may release it.`,
  );
}

export function pathsOf(entries: readonly Entry[]): string[] {
  return entries.map(({ path }) => path);
}
