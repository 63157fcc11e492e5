import { describe, expect, test } from 'vitest';
import type { GateJudgement, Judgement } from '../../orchestrator/domain/judgement.ts';
import { mayDecide } from '../../policies/missing.ts';
import { tally } from '../../policies/tally.ts';
import { GATE, JUDGED, moment, yes } from './moments.ts';
import { digest, person, sha } from './sample.ts';

const gate = (id: string, ...groups: string[]): GateJudgement => ({
  ...GATE,
  id,
  approvals: groups.map((group) => ({ group, count: 1 })),
});
const group = (...names: string[]): Judgement['groups'][string] => ({
  members: names.map(person),
  minAssurance: 'session',
});
const both = (name: string, groups: string[]) =>
  yes(name, { approver: { id: person(name), groups, groupsDigest: digest('9') } });

describe('who could fill what is missing', () => {
  test('is every member but those who never count', () => {
    expect(tally(moment()).open).toEqual([
      {
        ...{ gate: 'auth', group: 'security', missing: 1 },
        candidates: ['local:rita', 'local:sam'],
        deadlock: null,
      },
    ]);
  });

  test('is nobody who approved already', () => {
    const approvals = [{ group: 'security', count: 2 }];
    const found = tally(moment({ approvals: [yes('rita')] }, { gate: { approvals } }));
    expect(found.open).toMatchObject([{ missing: 1, candidates: ['local:sam'], deadlock: null }]);
  });

  test('is also who only frees another for a seat', () => {
    const judgement = {
      gates: [gate('auth', 'a', 'b')],
      distinct: true,
      groups: { a: group('ann', 'bob'), b: group('ann') },
    };
    const found = tally(moment({ approvals: [both('ann', ['a', 'b'])] }, { judgement }));
    expect(found.open).toMatchObject([{ group: 'b', candidates: ['local:bob'], deadlock: null }]);
  });
});

describe('a slot that nobody can fill says why', () => {
  const stuck = (changes: Parameters<typeof moment>[1]) =>
    tally(moment({}, changes)).open.map(({ deadlock }) => deadlock);

  test('a group of one, who asked', () => {
    const groups = { security: group('dana') };
    expect(stuck({ judgement: { groups, gates: [GATE] } })).toEqual([
      'security has one member; local:dana requested this task.',
    ]);
  });

  test('too few', () => {
    const approvals = [{ group: 'security', count: 3 }];
    expect(stuck({ gate: { approvals } })).toEqual([
      'security has 3 members; local:dana requested this task.',
    ]);
  });

  test('nobody', () => {
    expect(stuck({ judgement: { groups: {}, gates: [GATE] } })).toEqual([
      'security has no members.',
    ]);
  });

  test('one person for two roles', () => {
    const judgement = {
      gates: [gate('auth', 'a', 'b')],
      distinct: true,
      groups: { a: group('ann'), b: group('ann') },
    };
    expect(stuck({ judgement })).toEqual([null, 'b has one member.']);
  });

  test('nobody knows who steered the run', () => {
    const found = stuck({ involved: { operator: null } });
    expect(found[0]).toContain('local:rita cannot be told from who steered this run');
    expect(mayDecide(moment({}, { involved: { operator: null } }))).toEqual([]);
  });
});

describe('what all records come to', () => {
  test('with enough that count, nothing is open', () => {
    const approval = yes('rita');
    expect(tally(moment({ approvals: [approval] }))).toMatchObject({
      ...{ satisfied: true, open: [], openSlots: 0, lapsed: [], vetoes: [], opened: [] },
      counted: [{ approval: { id: approval.record.id }, carried: false }],
    });
  });

  test('what is carried is told apart', () => {
    const changes = { gate: { carryForward: 'scoped' as const }, change: { tree: sha('9') } };
    expect(tally(moment({ approvals: [yes('rita')] }, changes)).counted).toMatchObject([
      { carried: true },
    ]);
  });

  test('what lapsed has its code and its sentence', () => {
    const changes = { change: { tree: sha('9') } };
    expect(tally(moment({ approvals: [yes('rita')] }, changes))).toMatchObject({
      satisfied: false,
      lapsed: [
        {
          code: 'tree_changed',
          reason: 'local:rita approved gate auth before the change got another tree.',
        },
      ],
    });
  });

  test('a change that is denied is not satisfied by any approval', () => {
    const found = tally(moment({ approvals: [yes('rita')] }, { judgement: { verdict: 'deny' } }));
    expect(found.satisfied).toBe(false);
  });

  test('a change that nobody is asked about is satisfied', () => {
    expect(tally(moment({}, { judgement: { ...JUDGED, gates: [] } })).satisfied).toBe(true);
  });
});
