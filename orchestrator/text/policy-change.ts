/** The decision on a change of a local repository, and on what would land where that is something else. */

import type { Change } from '../domain/change.ts';
import type { Finding } from '../domain/check.ts';
import type { DecisionExplanation, Reach, ReachLine } from '../domain/explanation.ts';
import type { Sha } from '../domain/ids.ts';
import { printable } from './columns.ts';
import { decisionText, exitOf } from './policy-decision.ts';
import { labelled } from './policy-explain.ts';

/** A change that was judged, or why no change like it is ever let out. */
export type Landing =
  | (DecisionExplanation & { readonly change: Omit<Change, 'base'>; readonly reach: Reach })
  | { readonly refused: readonly Finding[] };

export type ChangeAnswer = {
  readonly range: {
    /** As they were named. */
    readonly from: string;
    readonly to: string;
    /** The commit that the change started from, whose policy judges. */
    readonly base: Sha;
    readonly tree: Sha;
    /** Fully qualified ref the change is meant for. */
    readonly target: string;
  };
  readonly decision: Landing;
  /** Null when what would land is what was judged. */
  readonly lands: Landing | { readonly conflicts: readonly string[] } | null;
};

const CONFLICTS_SHOWN_MAX = 20;

export function changeText({ range, decision, lands }: ChangeAnswer): string {
  const { from, to, base, target } = range;
  return [
    printable(`${from}..${to}   since ${base.slice(0, 12)}, for ${target}`),
    landingText(decision),
    ...(lands === null ? [] : ['', landsText(range, lands)]),
  ].join('\n');
}

/** 1 when either would be denied, else 3 when either would wait, else 0. */
export function worstExit({ decision, lands }: ChangeAnswer): 0 | 1 | 3 {
  const exits = [decision, ...(lands === null || 'conflicts' in lands ? [] : [lands])].map((one) =>
    'refused' in one ? 1 : exitOf(one.judgement),
  );
  if (exits.includes(1)) return 1;
  return exits.includes(3) ? 3 : 0;
}

function landsText(
  { from }: ChangeAnswer['range'],
  lands: NonNullable<ChangeAnswer['lands']>,
): string {
  if ('conflicts' in lands) {
    const shown = lands.conflicts.slice(0, CONFLICTS_SHOWN_MAX);
    const rest = lands.conflicts.length - shown.length;
    return [
      printable(`it would not land on ${from}: conflicts`),
      ...labelled('in', [...shown, ...(rest > 0 ? [`and ${rest} more`] : [])]),
    ].join('\n');
  }
  return [printable(`what would land on ${from} is something else:`), landingText(lands)].join(
    '\n',
  );
}

function landingText(landing: Landing): string {
  if ('refused' in landing) {
    return [
      'deny   no change like this ever leaves a workspace',
      ...labelled(
        'refused',
        landing.refused.map(({ message }) => message),
      ),
    ].join('\n');
  }
  const { files, addedLines, removedLines, tree } = landing.change;
  return [
    `${files} ${files === 1 ? 'file' : 'files'}, +${addedLines} -${removedLines}, tree ${tree.slice(0, 12)}`,
    decisionText(landing),
    ...reachLines(landing.reach),
  ].join('\n');
}

/** Other code may now run behind a gate that the change never touched. */
function reachLines({ reaches, uses, more, isWhole }: Reach): string[] {
  const over = ({ via }: ReachLine): string => (via.length > 0 ? ` over ${via.join(', ')}` : '');
  return labelled('reaches', [
    ...reaches.map((line) => `${line.changed} is imported by ${guardedText(line)}${over(line)}`),
    ...uses.map((line) => `${line.changed} imports ${guardedText(line)}`),
    ...(more > 0 ? [`and ${more} more`] : []),
    ...(isWhole ? [] : ['not every source of the tree was read']),
  ]);
}

function guardedText({ guarded, gates }: ReachLine): string {
  const isOne = gates.length === 1;
  return `${guarded}, which ${isOne ? 'gate' : 'gates'} ${gates.join(', ')} ${isOne ? 'guards' : 'guard'}`;
}
