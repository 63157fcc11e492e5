/**
 * What is wrong with a policy that can be read: patterns that cover nothing, people who are not
 * there, and gates that would hold a change for ever or not at all.
 */
import { RiskClass } from '../orchestrator/domain/judgement.ts';
import { gateMatcher, keyed } from './gates.ts';
import { compileGlob } from './glob.ts';
import { maxSurface, slotsOf } from './join.ts';
import type { LoadedPolicy } from './parse.ts';
import { fold } from './paths.ts';
import { inOrder, type Problem, type Severity } from './problems.ts';
import { type GateRule, named } from './schema.ts';
import type { YamlPath } from './yaml-source.ts';

export function lint(loaded: LoadedPolicy, knownPaths: readonly string[]): Problem[] {
  return inOrder([
    ...patternProblems(loaded, knownPaths),
    ...peopleProblems(loaded),
    ...selfProblems(loaded),
    ...loaded.policy.gates.flatMap((gate, index) => gateProblems(loaded, gate, index)),
  ]);
}

/** What is wrong between layers: a name belongs to the first that has it. */
export function lintLayers(layers: readonly LoadedPolicy[]): Problem[] {
  return layers.flatMap((loaded, index) => {
    const above = layers.slice(0, index);
    const taken = (kind: 'validators' | 'groups'): Problem[] =>
      Object.keys(loaded.policy[kind])
        .filter((id) => above.some(({ policy }) => Object.hasOwn(policy[kind], id)))
        .map((id) => {
          const message = `\`${id}\` is already declared by a layer above, which keeps it`;
          return problem(loaded, 'P0411', 'error', [kind, id], message, { part: 'key' });
        });
    return [...taken('groups'), ...taken('validators')];
  });
}

type Extra = { hint?: string; part?: 'key' | 'value' };

function problem(
  loaded: LoadedPolicy,
  code: string,
  severity: Severity,
  path: YamlPath,
  message: string,
  { hint, part = 'value' }: Extra = {},
): Problem {
  const found = { code, severity, message, path, ...loaded.place(path, part) };
  return hint === undefined ? found : { ...found, hint };
}

function patternProblems(loaded: LoadedPolicy, known: readonly string[]): Problem[] {
  const { gates, validators } = loaded.policy;
  const patterns = [
    ...gates.flatMap(({ paths, except }, index) => [
      ...placed(paths, ['gates', index, 'paths']),
      ...placed(except, ['gates', index, 'except']),
    ]),
    ...Object.entries(validators).flatMap(([id, { requiredFor }]) =>
      placed(requiredFor, ['validators', id, 'required_for']),
    ),
  ];
  return patterns.flatMap(({ pattern, path }) => {
    const matches = compileGlob(pattern, { self: true });
    if (known.some((file) => matches(file))) return [];
    // Brackets are literal here, as folders named `[id]` and `(auth)` exist: only a pattern that
    // covers nothing is suspected of another dialect.
    const foreign = foreignSyntax(pattern);
    if (foreign) {
      const message = `\`${pattern}\` matches no known file, and ${foreign}`;
      return [problem(loaded, 'P0202', 'warning', path, message)];
    }
    const twin = caseTwin(pattern, known);
    const extra = twin ? { hint: `\`${twin}\` differs in letter case only` } : {};
    return [
      problem(loaded, 'P0201', 'warning', path, `\`${pattern}\` matches no known file`, extra),
    ];
  });
}

function placed(patterns: readonly string[], at: YamlPath): { pattern: string; path: YamlPath }[] {
  return patterns.map((pattern, index) => ({ pattern, path: [...at, index] }));
}

function foreignSyntax(pattern: string): string | null {
  const [braces, before = '', inside = '', after = ''] =
    /^(.*)\{([^{}]*)\}(.*)$/.exec(pattern) ?? [];
  if (braces) {
    const each = inside.split(',').map((choice) => `"${before}${choice}${after}"`);
    return `braces are literal; write ${each.join(', ')}`;
  }
  if (pattern.startsWith('!')) return '`!` is literal; use `except`';
  if (/[@+?*!]\(.*\)/.test(pattern)) return 'parentheses are literal; write one pattern for each';
  return /\[.*\]/.test(pattern) ? 'brackets are literal; use `?` or `*`' : null;
}

function caseTwin(pattern: string, known: readonly string[]): string | null {
  const matches = compileGlob(fold(pattern), { self: true });
  return known.find((path) => matches(fold(path))) ?? null;
}

function peopleProblems(loaded: LoadedPolicy): Problem[] {
  const { groups, classes, gates } = loaded.policy;
  const empty = Object.entries(groups)
    .filter(([, { members }]) => members?.length === 0)
    .map(([id]) =>
      problem(loaded, 'P0302', 'error', ['groups', id], `the group \`${id}\` is empty`),
    );
  const asked = [
    ...usedClasses(loaded).flatMap((name) =>
      slotsOf(classes[name].approvals).map((slot, index) => ({
        ...slot,
        by: `class ${name}`,
        path: ['classes', name, 'approvals', index, 'group'],
      })),
    ),
    ...gates.flatMap(({ id, approvals }, gate) =>
      slotsOf(approvals).map((slot, index) => ({
        ...slot,
        by: `gate ${id}`,
        path: ['gates', gate, 'approvals', index, 'group'],
      })),
    ),
  ];
  return [...empty, ...asked.flatMap((slot) => slotProblem(loaded, slot))];
}

/** Critical is always in use: a path told apart by letter case only takes it. */
function usedClasses({ policy }: LoadedPolicy): RiskClass[] {
  const { over, absolute: _, ...soft } = policy.limits;
  const hasLimit = Object.values(soft).some((limit) => limit !== null);
  const used: RiskClass[] = [
    'critical',
    policy.unmatched,
    ...policy.gates.map((gate) => gate.class),
    ...(hasLimit ? [over] : []),
  ];
  return RiskClass.options.filter((name) => used.includes(name));
}

type Asked = { group: string; count: number; by: string; path: YamlPath };

function slotProblem(loaded: LoadedPolicy, { group, count, by, path }: Asked): Problem[] {
  const found = named(loaded.policy.groups, group);
  if (!found) {
    // A repository's own layer may ask for people whom the organisation's layer names.
    const severity = loaded.policy.metadata.layer === 'repo' ? 'warning' : 'error';
    const message = `${by} asks for the group \`${group}\`, which is not declared`;
    const hint = `known: ${Object.keys(loaded.policy.groups).join(', ') || 'none'}`;
    return [problem(loaded, 'P0301', severity, path, message, { hint })];
  }
  const length = found.members?.length ?? Number.POSITIVE_INFINITY;
  if (length === 0 || length >= count) return [];
  const message = `${by} asks for ${count} of \`${group}\`, which has ${length}: nobody could ever fill it`;
  return [problem(loaded, 'P0303', 'error', path, message)];
}

/** The policy decides over every change, so a change of it must not pass by itself. */
function selfProblems(loaded: LoadedPolicy): Problem[] {
  const path = '.proofhouse/policy.yaml';
  const isGuarded = loaded.policy.gates.some((gate) => {
    const match = gateMatcher(gate)(keyed(path));
    const coversAll = ['add', 'modify', 'delete', 'type'].every((operation) =>
      gate.operations.some((judged) => judged === operation),
    );
    return match && match !== 'confusable' && coversAll && isShut(loaded, gate);
  });
  if (isGuarded) return [];
  const message = `no gate asks anybody when ${path} changes`;
  const hint = 'add a gate on ".proofhouse/" with surface forbid';
  return [problem(loaded, 'P0401', 'error', ['gates'], message, { hint, part: 'key' })];
}

function gateProblems(loaded: LoadedPolicy, gate: GateRule, index: number): Problem[] {
  const problems: Problem[] = [];
  const risk = RiskClass.options.indexOf(gate.class);
  if (risk >= RiskClass.options.indexOf('high') && gate.why === undefined) {
    const message = `gate ${gate.id} is ${gate.class} and does not say why`;
    problems.push(problem(loaded, 'P0402', 'error', ['gates', index], message));
  }
  for (const [at, id] of gate.validators.entries()) {
    if (named(loaded.policy.validators, id)) continue;
    const severity = loaded.policy.metadata.layer === 'standalone' ? 'error' : 'warning';
    const message = `gate ${gate.id} needs the validator \`${id}\`, which is not declared`;
    problems.push(problem(loaded, 'P0404', severity, ['gates', index, 'validators', at], message));
  }
  const { asks, surface } = demands(loaded, gate);
  if (surface === 'hold' && !asks) {
    const message = `gate ${gate.id} holds a change and names nobody who may release it`;
    problems.push(problem(loaded, 'P0410', 'error', ['gates', index], message));
  }
  return problems;
}

function isShut(loaded: LoadedPolicy, gate: GateRule): boolean {
  const { asks, surface } = demands(loaded, gate);
  return asks || surface === 'hold' || surface === 'forbid';
}

function demands({ policy }: LoadedPolicy, { class: name, approvals, surface }: GateRule) {
  const rule = policy.classes[name];
  return {
    asks: rule.approvals.length + approvals.length > 0,
    surface: maxSurface(rule.surface, surface ?? 'ready-pr'),
  };
}
