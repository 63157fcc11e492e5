/** Gates that hold for ever or not at all, and sections that undo what others say. */
import { RiskClass, Surface } from '../../orchestrator/domain/judgement.ts';
import { beyond } from '../beyond.ts';
import { gateMatcher, keyed } from '../gates.ts';
import { maxSurface } from '../join.ts';
import type { LoadedPolicy } from '../parse.ts';
import type { Severity } from '../problems.ts';
import { type ContentRule, type GateRule, named } from '../schema.ts';
import type { YamlPath } from '../yaml-source.ts';
import type { Found, Linting } from './report.ts';
import { reviewFindings } from './reviews.ts';

export function structureFindings(linting: Linting): Found[] {
  const { loaded } = linting;
  const { gates, content } = loaded.policy;
  return [
    ...selfFindings(linting),
    ...gates.flatMap((gate, index) => ruleFindings(linting, gate, ['gates', index])),
    ...content.flatMap((rule, index) => ruleFindings(linting, rule, ['content', index])),
    ...compareFindings(linting),
    ...classFindings(linting),
    ...RiskClass.options.flatMap((name) => {
      const ids = loaded.policy.classes[name].validators ?? [];
      return undeclared(linting, { who: `class ${name}`, ids }, ['classes', name]);
    }),
    ...routeFindings(loaded),
    ...budgetFindings(linting),
    ...layerFindings(linting),
    ...reviewFindings(linting),
    ...beyond(loaded).map(({ path, message, isOpen }): Found => {
      const rest = isOpen ? '; no run starts under it' : '';
      return { code: 'P0413', severity: 'warning', path, message: message + rest, part: 'key' };
    }),
  ];
}

const POLICY_FILE = '.proofhouse/policy.yaml';

/** The policy decides over every change, so a change of it must not pass by itself. */
function selfFindings({ layers, isLast }: Linting): Found[] {
  // The last layer is the file itself; the ones above speak for themselves where they are alone.
  if (!isLast || layers.some(guardsItself)) return [];
  const message = `no gate asks anybody when ${POLICY_FILE} changes`;
  const hint = 'add the pack builtin:core@1, or a gate on "/.proofhouse/" with surface forbid';
  return [{ code: 'P0401', severity: 'error', path: ['gates'], message, hint, part: 'key' }];
}

function guardsItself(loaded: LoadedPolicy): boolean {
  const { gates, neverDelegate } = loaded.policy;
  const rules = [...gates, ...loaded.packs.flatMap((pack) => pack.policy.gates)];
  const isNever = neverDelegate.some(({ action }) => action === 'edit-policy');
  return isNever || rules.some((gate) => coversPolicy(gate) && isShut(loaded, gate));
}

function coversPolicy(gate: GateRule): boolean {
  const match = gateMatcher(gate)(keyed(POLICY_FILE));
  const isEvery = (['add', 'modify', 'delete', 'type'] as const).every((operation) =>
    gate.operations.includes(operation),
  );
  return match !== null && match !== 'confusable' && isEvery && gate.branches === undefined;
}

type Rule = Pick<
  GateRule | ContentRule,
  'id' | 'class' | 'why' | 'approvals' | 'surface' | 'validators'
>;

/** What tests-weakened compares has to be declared, and to have tests with names. */
function compareFindings({ loaded, layers }: Linting): Found[] {
  return Object.entries(loaded.policy.validators).flatMap(([id, rule]) =>
    (rule.kind === 'tests-weakened' ? rule.compare : []).flatMap((other, index): Found[] => {
      const found = layers.flatMap(({ policy }) => named(policy.validators, other) ?? [])[0];
      if (found?.kind === 'command') return [];
      const what = found === undefined ? 'is not declared' : 'is not of kind command';
      const message = `${id} compares the tests of \`${other}\`, which ${what}`;
      return [
        { code: 'P0404', severity: 'error', path: ['validators', id, 'compare', index], message },
      ];
    }),
  );
}

/** Another layer may declare it, where this one is not all there is. */
function undeclared(
  { loaded, layers }: Linting,
  { who, ids }: { readonly who: string; readonly ids: readonly string[] },
  path: YamlPath,
): Found[] {
  const severity: Severity = loaded.policy.metadata.layer === 'standalone' ? 'error' : 'warning';
  return ids.flatMap((id, at): Found[] => {
    if (layers.some(({ policy }) => named(policy.validators, id))) return [];
    const message = `${who} needs the validator \`${id}\`, which is not declared`;
    return [{ code: 'P0404', severity, path: [...path, 'validators', at], message }];
  });
}

function ruleFindings(linting: Linting, rule: Rule, path: YamlPath): Found[] {
  const found: Found[] = [];
  if (rank(rule.class) >= rank('high') && rule.why === undefined) {
    const message = `${rule.id} is ${rule.class} and does not say why`;
    found.push({ code: 'P0402', severity: 'error', path, message });
  }
  found.push(...undeclared(linting, { who: rule.id, ids: rule.validators }, path));
  const { asks, surface } = demands(linting.loaded, rule);
  if (surface === 'hold' && !asks) {
    const message = `${rule.id} holds a change and names nobody who may release it`;
    found.push({ code: 'P0410', severity: 'error', path, message });
  }
  return found;
}

function isShut(loaded: LoadedPolicy, gate: Rule): boolean {
  const { asks, surface } = demands(loaded, gate);
  return asks || surface === 'hold' || surface === 'forbid';
}

function demands({ policy }: LoadedPolicy, { class: name, approvals, surface }: Rule) {
  const rule = policy.classes[name];
  return {
    asks: rule.approvals.length + approvals.length > 0,
    surface: maxSurface(rule.surface, surface ?? 'ready-pr'),
  };
}

function rank(name: RiskClass): number {
  return RiskClass.options.indexOf(name);
}

/** A class that asks for less than the one below it, or than the layer above. */
function classFindings({ loaded, layers }: Linting): Found[] {
  const { classes } = loaded.policy;
  const above = layers[layers.indexOf(loaded) - 1];
  return RiskClass.options.flatMap((name, index): Found[] => {
    const path = ['classes', name];
    const lower = RiskClass.options[index - 1];
    const weaker = (than: (typeof classes)[RiskClass]): boolean =>
      Surface.options.indexOf(classes[name].surface) < Surface.options.indexOf(than.surface) ||
      (than.approvals.length > 0 && classes[name].approvals.length === 0);
    if (lower !== undefined && weaker(classes[lower])) {
      const message = `class ${name} asks for less than class ${lower}`;
      return [{ code: 'P0403', severity: 'warning', path, message, part: 'key' }];
    }
    if (above !== undefined && isWritten(loaded, name) && weaker(above.policy.classes[name])) {
      const message = `class ${name} asks for less than the layer above says; the stricter counts`;
      return [{ code: 'P0403', severity: 'info', path, message, part: 'key' }];
    }
    return [];
  });
}

/** What a file leaves out is placed where the section around it is. */
function isWritten(loaded: LoadedPolicy, name: RiskClass): boolean {
  const { line, column } = loaded.place(['classes', name], 'key');
  const around = loaded.place(['classes', `no ${name}`], 'key');
  return line !== around.line || column !== around.column;
}

function routeFindings({ policy }: LoadedPolicy): Found[] {
  return (policy.models?.routes ?? []).flatMap(({ use, stage }, index): Found[] => {
    if (use.length > 1) return [];
    const message = `the route for ${stage} names one model; when it does not answer, nothing does`;
    return [
      { code: 'P0406', severity: 'warning', path: ['models', 'routes', index, 'use'], message },
    ];
  });
}

function budgetFindings({ layers, isLast }: Linting): Found[] {
  const isBounded = layers.some(({ policy: { budgets } }) => {
    return budgets.tokens !== null || budgets.microUsd !== null || budgets.turns !== null;
  });
  if (isBounded || !isLast) return [];
  const message = 'nothing bounds what one task may use up of the model';
  const hint = 'under budgets › per_task: tokens, turns or usd';
  return [{ code: 'P0408', severity: 'warning', path: ['budgets'], message, hint, part: 'key' }];
}

/** What is wrong between layers: a name belongs to the first that has it. */
function layerFindings({ loaded, layers }: Linting): Found[] {
  const above = layers.slice(0, layers.indexOf(loaded));
  const taken = (kind: 'validators' | 'groups'): Found[] =>
    Object.keys(loaded.policy[kind])
      .filter((id) => above.some(({ policy }) => Object.hasOwn(policy[kind], id)))
      .map((id) => {
        const message = `\`${id}\` is already declared by a layer above, which keeps it`;
        return { code: 'P0411', severity: 'error', path: [kind, id], message, part: 'key' };
      });
  const again = loaded.policy.gates.flatMap(({ id }, index): Found[] => {
    const other = above.find(({ policy }) => policy.gates.some((gate) => gate.id === id));
    if (other === undefined) return [];
    const message = `gate ${id} is declared by the layer ${other.name} too; both count, as one gate`;
    return [{ code: 'P0409', severity: 'info', path: ['gates', index, 'id'], message }];
  });
  return [...taken('groups'), ...taken('validators'), ...again, ...glassFindings(loaded, above)];
}

function glassFindings({ policy }: LoadedPolicy, above: readonly LoadedPolicy[]): Found[] {
  if (above.length === 0 || policy.breakGlass === undefined) return [];
  const message = 'only the uppermost layer says this; here it counts for nothing';
  return [{ code: 'P0412', severity: 'error', path: ['break_glass'], message, part: 'key' }];
}
