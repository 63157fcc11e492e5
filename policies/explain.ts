/** Which gates a path meets, who must agree and what must prove it: the decision, told before it is needed. */
import { Entry, type Facts, type Operation } from '../orchestrator/domain/change.ts';
import type { Person } from '../orchestrator/domain/ids.ts';
import type { Judgement, RiskClass } from '../orchestrator/domain/judgement.ts';
import { decide } from './decide.ts';
import { entriesDigest } from './facts.ts';
import { gateMatcher, keyed } from './gates.ts';
import { slotsOf } from './join.ts';
import { networkOf } from './network.ts';
import type { LoadedPolicy } from './parse.ts';

export type Explanation = {
  readonly path: string;
  readonly verdict: Judgement['verdict'];
  readonly riskClass: RiskClass;
  readonly gates: readonly ExplainedGate[];
  readonly needs: readonly {
    readonly gate: string;
    readonly group: string;
    readonly count: number;
    readonly members: readonly Person[];
  }[];
  readonly distinct: boolean;
  /** How long an approval stays good; null when nobody is asked. */
  readonly expiresMs: number | null;
  readonly validators: readonly string[];
  readonly denials: readonly string[];
};

export type ExplainedGate = {
  readonly layer: string;
  readonly id: string;
  /** The pattern that matched; null for a gate that Proofhouse adds. */
  readonly pattern: string | null;
  readonly where: string;
  readonly riskClass: RiskClass;
  readonly why: string;
};

/** What would be said of a change to each path alone; the limits of a whole change are left out. */
export function explain(
  layers: readonly LoadedPolicy[],
  paths: readonly string[],
  now: string,
  operation: Operation = 'modify',
): Explanation[] {
  return paths.map((path) => {
    const judgement = decide(layers, factsOf(path, operation), now);
    const held = judgement.gates.filter(({ approvals }) => approvals.length > 0);
    return {
      path,
      verdict: judgement.verdict,
      riskClass: judgement.riskClass,
      gates: judgement.gates.flatMap((gate) => explainGate(layers, gate, path)),
      needs: held.flatMap(({ id, approvals }) =>
        slotsOf(approvals).map((slot) => ({
          gate: id,
          ...slot,
          members: judgement.groups[slot.group]?.members ?? [],
        })),
      ),
      distinct: judgement.distinct,
      expiresMs: held.length > 0 ? Math.min(...held.map(({ expiresMs }) => expiresMs)) : null,
      validators: judgement.validators,
      denials: judgement.denials.map(({ message }) => message),
    };
  });
}

export function explainPaths(
  layers: readonly LoadedPolicy[],
  paths: readonly string[],
  now: string,
): string {
  const doors = networkOf(layers);
  const network = [
    `setup: ${doors.setup ? 'package-registry' : 'nothing'}`,
    `agent: ${doors.agent ? 'model-gateway' : 'nothing'}`,
    'checks: nothing',
  ].join(', ');
  return explain(layers, paths, now)
    .map((told) => [...lines(told), `  network    ${network}`].join('\n'))
    .join('\n\n');
}

function lines(told: Explanation): string[] {
  const expiry = told.expiresMs === null ? '' : ` · approvals last ${lasting(told.expiresMs)}`;
  const needs = told.needs.map(({ gate, group, count, members }) => {
    return `${group} ×${count} (${members.join(', ') || 'nobody'}) for ${gate}`;
  });
  return [
    `${told.path}   ${told.riskClass} · ${ENDS[told.verdict]}${expiry}`,
    ...table(told.gates),
    ...needs.map((need, index) => `  ${index === 0 ? 'needs     ' : '          '} ${need}`),
    ...(told.needs.length > 0 && told.distinct ? ['             distinct people'] : []),
    `  validators ${told.validators.join(', ') || 'none'}`,
    ...told.denials.map((denial) => `  denied     ${denial}`),
  ];
}

const ENDS: Record<Judgement['verdict'], string> = {
  allow: 'becomes a pull request when its checks pass',
  hold: 'held before the pull request',
  deny: 'forbidden',
};

function table(gates: readonly ExplainedGate[]): string[] {
  if (gates.length === 0) return ['  gates      none; takes the class of unmatched paths'];
  const rows = gates.map(({ layer, id, pattern, where, riskClass }) => {
    return [layer, `gate ${id}`, pattern === null ? '' : `"${pattern}"`, where, riskClass];
  });
  const widths = [0, 1, 2, 3].map((column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  );
  return rows.map((row) => {
    return `  ${row.map((text, column) => text.padEnd(widths[column] ?? 0)).join('  ')}`;
  });
}

function explainGate(
  layers: readonly LoadedPolicy[],
  { id, sources, riskClass, why }: Judgement['gates'][number],
  path: string,
): ExplainedGate[] {
  const declared = layers.flatMap((loaded) =>
    loaded.policy.gates.flatMap((gate, index) => {
      const match = gate.id === id ? gateMatcher(gate)(keyed(path)) : null;
      if (!match || match === 'confusable') return [];
      const pattern = gate.paths[match.pattern] ?? null;
      const at = loaded.where(['gates', index, 'paths', match.pattern]);
      const told = { layer: loaded.name, id, pattern, where: at };
      return [{ ...told, riskClass: gate.class, why: gate.why ?? '' }];
    }),
  );
  if (declared.length > 0) return declared;
  const [{ layer, where } = { layer: '', where: '' }] = sources;
  return [{ layer, id, pattern: null, where, riskClass, why }];
}

const HOUR_MS = 3_600_000;

function lasting(ms: number): string {
  if (ms >= HOUR_MS) return `${Math.round(ms / HOUR_MS)}h`;
  return `${Math.round(ms / 1_000)}s`;
}

/** One small text file at the path, on object ids that stand for no object. */
function factsOf(path: string, operation: Operation): Facts {
  const [before, after, none] = ['1', '2', '0'].map((digit) => digit.repeat(40));
  const entry = Entry.parse({
    path,
    operation,
    oldMode: operation === 'add' ? '000000' : '100644',
    newMode: { delete: '000000', mode: '100755', type: '120000' }[operation as string] ?? '100644',
    oldOid: operation === 'add' ? none : before,
    newOid: operation === 'delete' ? none : operation === 'mode' ? before : after,
  });
  const entries = [entry];
  const change = {
    base: entry.oldOid,
    tree: entry.newOid,
    entries: entriesDigest(entries),
    files: 1,
    addedLines: 0,
    removedLines: 0,
  };
  return {
    change,
    entries,
    blobBytes: { [entry.newOid]: 0 },
    binary: [],
    target: 'refs/heads/main',
    texts: {},
    roots: [],
    history: [],
    groups: {},
    madeBy: null,
  };
}
