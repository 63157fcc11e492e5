/** What all records come to at a moment: which gates are open, who is missing, and why others do not count. */
import type { Approval, Lapse } from '../orchestrator/domain/approval.ts';
import { type Opened, openedByGlass } from './break-glass.ts';
import { humansIn } from './humans.ts';
import { type Missing, stillMissing } from './missing.ts';
import type { Moment } from './moment.ts';
import { missingOf, openSlots } from './quorum.ts';
import { standing } from './standing.ts';
import { standingVetoes } from './veto.ts';

type Counted = { readonly approval: Approval; readonly carried: boolean };

export type Tally = {
  readonly satisfied: boolean;
  readonly open: readonly Missing[];
  /** How many people are missing; 0 when nobody is. */
  readonly openSlots: number;
  readonly counted: readonly Counted[];
  readonly lapsed: readonly Lapse[];
  readonly vetoes: readonly Approval[];
  readonly opened: readonly Opened[];
};

export function tally(moment: Moment): Tally {
  const asked = moment.records.approvals
    .filter(({ record }) => record.decision === 'approve')
    .map((held) => ({ approval: held.record, found: standing(held, moment) }));
  const standingOnes = asked.flatMap(({ approval, found }) =>
    found.counts ? [{ approval, found }] : [],
  );
  const opened = openedByGlass(moment);
  const openedIds = opened.map(({ gate }) => gate);
  const humanOf = humansIn(
    standingOnes.map(({ approval }) => approval),
    moment.involved,
  );
  const votes = standingOnes.map(({ approval, found }) => ({
    gate: approval.gate,
    person: humanOf(approval.approver.id),
    groups: found.groups,
  }));
  const open = openSlots(moment.judgement, votes, openedIds);
  return {
    satisfied: moment.judgement.verdict !== 'deny' && open.length === 0,
    open: stillMissing(moment, { votes, humanOf, open, opened: openedIds }),
    openSlots: missingOf(open),
    counted: standingOnes.map(({ approval, found }) => ({ approval, carried: found.carried })),
    lapsed: asked.flatMap(({ approval: { id }, found }) =>
      found.counts ? [] : [{ id, code: found.code, reason: found.reason }],
    ),
    vetoes: standingVetoes(moment),
    opened,
  };
}
