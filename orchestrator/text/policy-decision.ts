/** A whole decision as people read it: what would stop it first, then gate by gate, then who is asked. */
import type { DecisionExplanation } from '../domain/explanation.ts';
import type { GateJudgement, Judgement, Requirement } from '../domain/judgement.ts';
import { printable } from './columns.ts';
import {
  exemptionText,
  headline,
  labelled,
  lasting,
  neverLines,
  peopleLines,
} from './policy-explain.ts';

/** More than these are counted, as nobody reads a thousand. */
const PATHS_SHOWN_MAX = 10;
const FINDINGS_SHOWN_MAX = 20;

export function decisionText({ judgement, people, terms }: DecisionExplanation): string {
  return [
    `${judgement.verdict}   ${headline(judgement, terms)}`,
    ...labelled(
      'denied',
      judgement.denials.map(({ code, message }) => `${message} [${code}]`),
    ),
    ...judgement.gates.flatMap(gateLines),
    ...(judgement.gates.length === 0 ? ['no gate matches'] : []),
    ...peopleLines(people),
    ...labelled('exempted', judgement.exemptions.map(exemptionText)),
    ...labelled('validators', [judgement.validators.join(', ') || 'none']),
    ...neverLines(judgement.neverDelegated),
    ...labelled('policy', [judgement.policy]),
  ].join('\n');
}

/** Exit code of a decision: allowed, denied, or waiting for people. */
export function exitOf({ verdict }: Pick<Judgement, 'verdict'>): 0 | 1 | 3 {
  return ({ allow: 0, deny: 1, hold: 3 } as const)[verdict];
}

function gateLines(gate: GateJudgement): string[] {
  const { id, riskClass, surface, bind, carryForward, expiresMs, approvals, sources } = gate;
  const asks = approvals.map(requirementText).join(', ') || 'nobody';
  return [
    printable(
      `gate ${id}   ${riskClass} · ${surface} · asks ${asks} · bind ${bind} · carry forward ${carryForward} · expires ${lasting(expiresMs)}`,
    ),
    ...within(
      'because',
      sources.map(({ layer, where, why }) => `${layer} ${where}${why === '' ? '' : `: ${why}`}`),
    ),
    ...within('paths', shortened(gate.paths, PATHS_SHOWN_MAX)),
    ...within(
      'found',
      shortened(
        gate.findings.map(({ message }) => message),
        FINDINGS_SHOWN_MAX,
      ),
    ),
    ...within('validators', gate.validators.length > 0 ? [gate.validators.join(', ')] : []),
  ];
}

function within(label: string, texts: readonly string[]): string[] {
  return labelled(label, texts).map((line) => `  ${line}`);
}

function shortened(texts: readonly string[], max: number): string[] {
  const rest = texts.length - max;
  return rest <= 0 ? [...texts] : [...texts.slice(0, max), `and ${rest} more`];
}

function requirementText(item: Requirement): string {
  if ('group' in item) return `${item.group} ×${item.count}`;
  const lists = item.anyOf.map((list) => list.map(requirementText).join(' and '));
  return `one of (${lists.join(' | ')})`;
}
