/** What people decided on a run and whom it still waits for, in sentences. */
import type { Approval } from '../domain/approval.ts';
import type { Person } from '../domain/ids.ts';
import type { Requirement } from '../domain/judgement.ts';
import type { KeptRecord } from '../domain/records.ts';
import { printable } from './columns.ts';

/** A slot that nobody filled yet. */
export type MissingSlot = {
  readonly gate: string;
  readonly group: string;
  readonly missing: number;
  readonly candidates: readonly Person[];
  readonly deadlock: string | null;
};

/** A gate that an emergency opened. */
export type OpenedGate = {
  readonly gate: string;
  readonly by: readonly Person[];
  readonly incidentUrl: string;
};

/** What all decisions on a run come to. */
export type Decided = {
  readonly open: readonly MissingSlot[];
  readonly counted: readonly { readonly approval: Approval; readonly carried: boolean }[];
  readonly lapsed: readonly { readonly reason: string }[];
  readonly vetoes: readonly Approval[];
  readonly opened: readonly OpenedGate[];
};

const CANDIDATES_MAX = 8;

export function decidedLines({ open, counted, lapsed, vetoes, opened }: Decided): string[] {
  return [
    ...counted.map(countedWords),
    ...opened.map(openedWords),
    ...lapsed.map(({ reason }) => printable(reason)),
    ...openWords({ open, vetoes }),
  ];
}

/** Whom a run waits for. A gate under a veto waits for nobody's approval but for its end. */
export function openWords({ open, vetoes }: Pick<Decided, 'open' | 'vetoes'>): string[] {
  const shut = new Set(vetoes.map(({ gate }) => gate));
  return [
    ...vetoes.map(vetoWords),
    ...open.filter(({ gate }) => !shut.has(gate)).map(missingWords),
  ];
}

/** `1 of security`, or its alternatives. */
export function requirementWords(asked: Requirement): string {
  if ('anyOf' in asked) {
    const options = asked.anyOf.map((slots) => slots.map(requirementWords).join(' and '));
    return `either ${options.join(', or ')}`;
  }
  return `${asked.count} of ${asked.group}`;
}

export function missingWords(slot: MissingSlot): string {
  const { gate, group, missing, candidates, deadlock } = slot;
  const needs = `Gate ${gate} needs ${missing} more of ${group}`;
  if (deadlock !== null) return `${needs}, and nobody is left who could: ${deadlock}`;
  if (candidates.length === 0) return `${needs}.`;
  const more = candidates.length - CANDIDATES_MAX;
  const people = candidates.slice(0, CANDIDATES_MAX).join(', ');
  return `${needs}: ${people}${more > 0 ? ` or ${more} others` : ''} could.`;
}

function vetoWords({ gate, approver, reason }: Approval): string {
  const why = reason === null ? '' : `: ${printable(reason)}`;
  return `Gate ${gate} is shut by a veto of ${approver.id}${why}`;
}

/** `local:ana for local:raj`, where she had his vote. */
export function voterWords({ approver, onBehalfOf }: Approval): string {
  return onBehalfOf === null ? approver.id : `${approver.id} for ${onBehalfOf}`;
}

function countedWords({ approval, carried }: Decided['counted'][number]): string {
  const earlier = carried ? ' for an earlier change, and it still counts' : '';
  return `${voterWords(approval)} approved gate ${approval.gate}${earlier}.`;
}

function openedWords({ gate, by, incidentUrl }: OpenedGate): string {
  return `Gate ${gate} is passed by break-glass: ${by.join(' and ')}, ${printable(incidentUrl)}`;
}

type Due = Extract<KeptRecord, { kind: 'review_due' }>;

export function overdueWords({ task, dueAt }: Due): string {
  return (
    `The emergency of ${task} was to be reviewed by ${dueAt.slice(0, 16).replace('T', ' ')} and was not. ` +
    'No glass is broken before that is done.'
  );
}
