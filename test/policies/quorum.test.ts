import { expect, test } from 'vitest';
import type { Approval } from '../../orchestrator/domain/approval.ts';
import type { Judgement, Slot } from '../../orchestrator/domain/judgement.ts';
import { bind } from '../../policies/approvals.ts';
import { openSlots } from '../../policies/quorum.ts';
import { digest, factsOf, person } from './sample.ts';

const { change } = factsOf(['a']);

function judgement(asked: Record<string, Slot[]>, distinct: boolean): Judgement {
  return {
    verdict: 'hold',
    riskClass: 'critical',
    gates: Object.entries(asked).map(([id, approvals]) => ({
      id,
      why: '',
      layer: 'standalone',
      where: 'p:1:1',
      riskClass: 'critical',
      surface: 'hold',
      approvals,
      paths: ['a'],
      scope: digest('1'),
      definition: digest('2'),
      expiresMs: 1,
    })),
    validators: ['unit'],
    denials: [],
    distinct,
    policy: digest('3'),
    groups: {
      a: ['ann', 'bob', 'cleo'].map(person),
      b: ['ann'].map(person),
      c: ['bob', 'ann'].map(person),
    },
  };
}

function approval(judged: Judgement, name: string, gate: string): Approval {
  return {
    by: person(name),
    assurance: 'session',
    binding: bind(judged, change, digest('4'), gate),
    at: '2026-01-01T00:00:00Z',
    expiresAt: '2026-01-02T00:00:00Z',
  };
}

function missing(
  asked: Record<string, Slot[]>,
  agreed: [name: string, gate: string][],
  { distinct = true, excluded = [] as string[] } = {},
): string[] {
  const judged = judgement(asked, distinct);
  const approvals = agreed.map(([name, gate]) => approval(judged, name, gate));
  return openSlots(judged, approvals, excluded.map(person)).map(
    (slot) => `${slot.gate} ${slot.group} ${slot.missing}`,
  );
}

const one = (group: string): Slot => ({ group, count: 1 });

test('without an approval every slot is open', () => {
  expect(missing({ x: [one('a'), { group: 'c', count: 2 }] }, [])).toEqual(['x a 1', 'x c 2']);
});

test('the first fit would strand a slot: ann must leave the first to bob', () => {
  const asked = { x: [one('a'), one('b')] };
  expect(
    missing(asked, [
      ['ann', 'x'],
      ['bob', 'x'],
    ]),
  ).toEqual([]);
  expect(
    missing(asked, [
      ['bob', 'x'],
      ['ann', 'x'],
    ]),
  ).toEqual([]);
});

test('people move along a whole chain of slots', () => {
  const asked = { x: [one('a'), one('c'), one('b')] };
  expect(
    missing(asked, [
      ['ann', 'x'],
      ['bob', 'x'],
      ['cleo', 'x'],
    ]),
  ).toEqual([]);
});

test('one person fills one slot of the whole change where people must be distinct', () => {
  expect(missing({ x: [one('a'), one('b')] }, [['ann', 'x']])).toHaveLength(1);
  expect(
    missing({ x: [one('a')], y: [one('a')] }, [
      ['ann', 'x'],
      ['ann', 'y'],
    ]),
  ).toEqual(['y a 1']);
  expect(
    missing({ x: [one('a')], y: [one('a')] }, [
      ['ann', 'x'],
      ['bob', 'y'],
    ]),
  ).toEqual([]);
});

test('one person counts for every group of a gate where they need not be distinct', () => {
  const loose = { distinct: false };
  expect(missing({ x: [one('a'), one('b')] }, [['ann', 'x']], loose)).toEqual([]);
  expect(
    missing(
      { x: [{ group: 'a', count: 2 }] },
      [
        ['ann', 'x'],
        ['ann', 'x'],
      ],
      loose,
    ),
  ).toEqual(['x a 1']);
});

test.each([true, false])('an approval counts for its own gate only (distinct: %s)', (distinct) => {
  expect(missing({ x: [one('a')], y: [one('a')] }, [['ann', 'x']], { distinct })).toEqual([
    'y a 1',
  ]);
});

test.each([true, false])('nobody from outside the group counts (distinct: %s)', (distinct) => {
  expect(
    missing(
      { x: [one('b')] },
      [
        ['bob', 'x'],
        ['mallory', 'x'],
      ],
      { distinct },
    ),
  ).toEqual(['x b 1']);
});

test.each([true, false])('an excluded person never counts (distinct: %s)', (distinct) => {
  const options = { distinct, excluded: ['ann'] };
  expect(missing({ x: [one('a')] }, [['ann', 'x']], options)).toEqual(['x a 1']);
  expect(
    missing(
      { x: [one('a')] },
      [
        ['ann', 'x'],
        ['bob', 'x'],
      ],
      options,
    ),
  ).toEqual([]);
});

test('a group that nobody declares is never filled, whatever it is called', () => {
  expect(missing({ x: [one('ghosts')] }, [['ann', 'x']])).toEqual(['x ghosts 1']);
  expect(missing({ x: [one('constructor')] }, [['ann', 'x']])).toEqual(['x constructor 1']);
});

test('the same person twice is one person', () => {
  expect(
    missing({ x: [{ group: 'a', count: 2 }] }, [
      ['ann', 'x'],
      ['ann', 'x'],
    ]),
  ).toEqual(['x a 1']);
});
