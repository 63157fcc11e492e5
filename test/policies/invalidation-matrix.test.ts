/** What happens after a yes, and what becomes of it at each bind level. One row an event. */
import { describe, expect, test } from 'vitest';
import type { Bind, CarryForward, GateJudgement } from '../../orchestrator/domain/judgement.ts';
import type { Moment } from '../../policies/moment.ts';
import { standing } from '../../policies/standing.ts';
import { JUDGED, moment, no, takenBack, yes } from './moments.ts';
import { digest, person, sha } from './sample.ts';

type After = Parameters<typeof moment>[1];
type Row = readonly [event: string, after: After, ...said: string[]];

const VALID = 'valid';
const elsewhere: After = { change: { tree: sha('c'), entries: digest('c') } };
const moved: After = { change: { base: sha('d'), tree: sha('d') } };

/** `change`, `tree`, `evidence`. */
const NEVER: readonly Row[] = [
  ['nothing', {}, VALID, VALID, VALID],
  [
    "new commit touching the gate's paths",
    { ...elsewhere, gate: { scope: digest('c') } },
    ...['scope_changed', 'scope_changed', 'scope_changed'],
  ],
  [
    'new commit elsewhere in the change',
    elsewhere,
    ...['change_changed', 'tree_changed', 'tree_changed'],
  ],
  ['base moved, same blobs in scope', moved, 'carried', 'tree_changed', 'tree_changed'],
  [
    'base changed a file in scope',
    { change: { ...moved.change, entries: digest('c') }, gate: { scope: digest('c') } },
    ...['scope_changed', 'scope_changed', 'scope_changed'],
  ],
  ['squash, reword, author date', { evidence: digest('e') }, VALID, VALID, VALID],
  ['base commit reworded, same trees', { change: { base: sha('d') } }, 'carried', VALID, VALID],
  [
    'target branch retargeted',
    { targetRef: 'refs/heads/release' },
    ...['other_target', 'other_target', 'other_target'],
  ],
  [
    'gate definition or counts changed',
    { gate: { definition: digest('d') } },
    ...['gate_redefined', 'gate_redefined', 'gate_redefined'],
  ],
  ['unrelated policy edit', { judgement: { policy: digest('9') } }, VALID, VALID, VALID],
  ['validator run again, same verdicts', {}, VALID, VALID, VALID],
  [
    'validator verdict or definition changed',
    { evidence: digest('f') },
    ...[VALID, VALID, 'evidence_changed'],
  ],
  [
    'approver left the group',
    { judgement: { groups: { ...JUDGED.groups, security: { ...empty(), members: [] } } } },
    ...['left_the_group', 'left_the_group', 'left_the_group'],
  ],
  ['expiry', { now: '2026-01-02T11:00:00.000Z' }, 'expired', 'expired', 'expired'],
];

const SCOPED: readonly Row[] = [
  ['new commit elsewhere in the change', elsewhere, 'carried', 'carried', 'tree_changed'],
  [
    "new commit touching the gate's paths",
    { ...elsewhere, gate: { scope: digest('c') } },
    ...['scope_changed', 'scope_changed', 'scope_changed'],
  ],
  ['base moved, same blobs in scope', moved, 'carried', 'carried', 'tree_changed'],
  [
    'base changed a file in scope',
    { change: { ...moved.change, entries: digest('c') }, gate: { scope: digest('c') } },
    ...['scope_changed', 'scope_changed', 'scope_changed'],
  ],
  [
    'new commit elsewhere, and the gate redefined',
    { ...elsewhere, gate: { definition: digest('d') } },
    ...['gate_redefined', 'gate_redefined', 'gate_redefined'],
  ],
  [
    'new commit elsewhere, for another branch',
    { ...elsewhere, targetRef: 'refs/heads/release' },
    ...['other_target', 'other_target', 'other_target'],
  ],
  ['new evidence for the same tree', { evidence: digest('f') }, VALID, VALID, 'evidence_changed'],
];

const LEVELS: readonly Bind[] = ['change', 'tree', 'evidence'];
const cells = (rows: readonly Row[]) =>
  rows.flatMap(([event, after, ...said]) =>
    LEVELS.map((bind, index) => [event, bind, said[index] ?? '', after] as const),
  );

describe.each([
  ['never', NEVER],
  ['scoped', SCOPED],
] as const)('with carry_forward: %s', (carryForward, rows) => {
  test.each(cells(rows))('after %s, bind: %s is %s', (_, bind, said, after) => {
    expect(outcome(bind, carryForward, after)).toBe(said);
  });
});

describe.each(LEVELS)('bind: %s', (bind) => {
  const gate = { bind, carryForward: 'scoped' } as const;

  test('a yes that was taken back is invalid', () => {
    const approval = yes('rita');
    const records = { approvals: [approval], revocations: [takenBack(approval, 'rita')] };
    expect(standing(approval, moment(records, { gate }))).toMatchObject({ code: 'revoked' });
  });

  test('a yes is invalid while a peer rejects', () => {
    const approval = yes('rita');
    const records = { approvals: [approval, no('sam')] };
    expect(standing(approval, moment(records, { gate }))).toMatchObject({ code: 'vetoed' });
  });

  test('a yes of who was no member when they gave it is invalid, though they are one now', () => {
    const approval = yes('rita', {
      approver: { id: person('rita'), groups: [], groupsDigest: digest('9') },
    });
    const records = { approvals: [approval] };
    expect(standing(approval, moment(records, { gate }))).toMatchObject({ code: 'not_a_member' });
  });
});

function outcome(bind: Bind, carryForward: CarryForward, after: After): string {
  const approval = yes('rita');
  const gate: Partial<GateJudgement> = { bind, carryForward, ...after?.gate };
  const now: Moment = moment({ approvals: [approval] }, { ...after, gate });
  const said = standing(approval, now);
  if (!said.counts) return said.code;
  return said.carried ? 'carried' : VALID;
}

function empty(): Moment['judgement']['groups'][string] {
  return { members: [], minAssurance: 'session' };
}
