import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { GateJudgement, Requirement, Slot } from '../../orchestrator/domain/judgement.ts';
import { missingOf, mostOf, type OpenSlot, openSlots, type Vote } from '../../policies/quorum.ts';
import { GATE } from './moments.ts';
import { person } from './sample.ts';

type Asked = Record<string, Requirement[]>;
const GROUPS: Record<string, string[]> = {
  a: ['ann', 'bob', 'cleo'],
  b: ['ann'],
  c: ['bob', 'ann'],
};

const gatesOf = (asked: Asked): GateJudgement[] =>
  Object.entries(asked).map(([id, approvals]) => ({ ...GATE, id, approvals }));

function vote(name: string, gate: string): Vote {
  const groups = Object.keys(GROUPS).filter((group) => GROUPS[group]?.includes(name));
  return { gate, person: person(name), groups };
}

function missing(
  asked: Asked,
  agreed: [name: string, gate: string][],
  { distinct = true, opened = [] as string[] } = {},
): string[] {
  const votes = agreed.map(([name, gate]) => vote(name, gate));
  return openSlots({ gates: gatesOf(asked), distinct }, votes, opened).map(
    (slot) => `${slot.gate} ${slot.group} ${slot.missing}`,
  );
}

const one = (group: string, count = 1): Slot => ({ group, count });
const either = (...anyOf: Slot[][]): Requirement => ({ anyOf });

describe('where people must be distinct', () => {
  test('without an approval every slot is open', () => {
    expect(missing({ x: [one('a'), one('c', 2)] }, [])).toEqual(['x a 1', 'x c 2']);
  });

  test.each([
    [
      [
        ['ann', 'x'],
        ['bob', 'x'],
      ],
    ],
    [
      [
        ['bob', 'x'],
        ['ann', 'x'],
      ],
    ],
  ] as [name: string, gate: string][][][])(
    'the first fit would strand a slot: ann must leave the first to bob',
    (agreed) => {
      expect(missing({ x: [one('a'), one('b')] }, agreed)).toEqual([]);
    },
  );

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

  test('one person holds one role in the whole change', () => {
    expect(missing({ x: [one('a'), one('b')] }, [['ann', 'x']])).toEqual(['x b 1']);
    const apart = { x: [one('a')], y: [one('b')] };
    expect(
      missing(apart, [
        ['ann', 'x'],
        ['ann', 'y'],
      ]),
    ).toEqual(['y b 1']);
    expect(
      missing(apart, [
        ['bob', 'x'],
        ['ann', 'y'],
      ]),
    ).toEqual([]);
  });

  test('in that role they count for every gate that asks for it, once they approved all of those', () => {
    const same = { x: [one('a')], y: [one('a')] };
    expect(
      missing(same, [
        ['ann', 'x'],
        ['ann', 'y'],
      ]),
    ).toEqual([]);
    expect(
      missing(same, [
        ['ann', 'x'],
        ['bob', 'y'],
      ]),
    ).toEqual(['x a 1', 'y a 1']);
  });

  test('the gate that asks most of a group says how many are needed', () => {
    const more = { x: [one('a')], y: [one('a', 2)] };
    const ann: [string, string][] = [
      ['ann', 'x'],
      ['ann', 'y'],
    ];
    expect(missing(more, ann)).toEqual(['y a 1']);
    expect(missing(more, [...ann, ['bob', 'x'], ['bob', 'y']])).toEqual([]);
    expect(mostOf([one('dba'), one('dba', 2), one('a')])).toEqual([one('a'), one('dba', 2)]);
  });
});

describe('where they need not be', () => {
  const loose = { distinct: false };

  test('one person counts for every group of a gate, once', () => {
    expect(missing({ x: [one('a'), one('b')] }, [['ann', 'x']], loose)).toEqual([]);
    expect(
      missing(
        { x: [one('a', 2)] },
        [
          ['ann', 'x'],
          ['ann', 'x'],
        ],
        loose,
      ),
    ).toEqual(['x a 1']);
  });

  test('each gate is counted by itself', () => {
    expect(
      missing(
        { x: [one('a')], y: [one('a')] },
        [
          ['ann', 'x'],
          ['bob', 'y'],
        ],
        loose,
      ),
    ).toEqual([]);
  });
});

describe.each([true, false])('with distinct: %s', (distinct) => {
  test('an approval counts for its own gate only', () => {
    const asked = { x: [one('a')], y: [one('b')] };
    expect(missing(asked, [['bob', 'x']], { distinct })).toEqual(['y b 1']);
  });

  test('nobody from outside the group counts', () => {
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

  test('a group that nobody declares is never filled, whatever it is called', () => {
    expect(missing({ x: [one('ghosts')] }, [['ann', 'x']], { distinct })).toEqual(['x ghosts 1']);
    expect(missing({ x: [one('constructor')] }, [['ann', 'x']], { distinct })).toEqual([
      'x constructor 1',
    ]);
  });

  test('a gate that was opened asks nobody', () => {
    const asked = { x: [one('a')], y: [one('b')] };
    expect(missing(asked, [], { distinct, opened: ['x'] })).toEqual(['y b 1']);
  });

  test('a gate without approvals, and no gate at all, asks nobody', () => {
    expect(missing({ x: [] }, [], { distinct })).toEqual([]);
    expect(missing({}, [], { distinct })).toEqual([]);
  });

  test('the same group twice in one gate is asked for the larger number', () => {
    expect(missing({ x: [one('a'), one('a', 2)] }, [['ann', 'x']], { distinct })).toEqual([
      'x a 1',
    ]);
  });

  test('one of several alternatives is enough', () => {
    const asked = { x: [either([one('b', 2)], [one('c')])] };
    expect(missing(asked, [['bob', 'x']], { distinct })).toEqual([]);
    expect(missing(asked, [], { distinct })).toEqual(['x c 1']);
  });

  test('all of the slots of an alternative, and of every other requirement', () => {
    const asked = { x: [one('a'), either([one('b'), one('c')], [one('d')])] };
    expect(
      missing(
        asked,
        [
          ['cleo', 'x'],
          ['bob', 'x'],
        ],
        { distinct },
      ),
    ).toEqual(['x b 1']);
    expect(
      missing(
        asked,
        [
          ['cleo', 'x'],
          ['bob', 'x'],
          ['ann', 'x'],
        ],
        { distinct },
      ),
    ).toEqual([]);
  });

  test('beyond a thousand combinations only the first alternative of each counts', () => {
    const choice = either([one('ghosts')], [one('a')]);
    const many = (count: number): Asked =>
      Object.fromEntries(Array.from({ length: count }, (_, index) => [`g${index}`, [choice]]));
    const votes = (count: number): [string, string][] =>
      Array.from({ length: count }, (_, index) => ['ann', `g${index}`]);
    expect(missing(many(9), votes(9), { distinct })).toEqual([]);
    expect(missing(many(10), votes(10), { distinct })).toHaveLength(10);
  });
});

describe('against every possibility tried in turn', () => {
  const names = ['p', 'q', 'r', 's'];
  const groups = ['a', 'b', 'c'];
  const gates = ['x', 'y'];
  const slot = fc.record({
    group: fc.constantFrom(...groups),
    count: fc.integer({ min: 1, max: 2 }),
  });
  const slots = fc.array(slot, { minLength: 1, maxLength: 2 });
  const requirement = fc.oneof(
    slot,
    slots.chain((first) => slots.map((second) => either(first, second))),
  );
  const world = fc.record({
    asked: fc.array(fc.array(requirement, { maxLength: 2 }), { minLength: 2, maxLength: 2 }),
    member: fc.dictionary(fc.constantFrom(...names), fc.subarray(groups), {
      noNullPrototype: true,
    }),
    agreed: fc.uniqueArray(fc.tuple(fc.constantFrom(...names), fc.constantFrom(...gates)), {
      selector: String,
      maxLength: 8,
    }),
    distinct: fc.boolean(),
  });

  test('the change is satisfied exactly when somebody could seat everybody', () => {
    fc.assert(
      fc.property(world, ({ asked, member, agreed, distinct }) => {
        const votes = agreed.map(([name, gate]) => ({
          gate,
          person: person(name),
          groups: member[name] ?? [],
        }));
        const judged = { gates: gatesOf({ x: asked[0] ?? [], y: asked[1] ?? [] }), distinct };
        const found = openSlots(judged, votes);
        expect(found.length === 0).toBe(oracle(judged.gates, votes, distinct));
        checkRows(found, judged.gates);
      }),
      { numRuns: 600 },
    );
  });

  test('one more yes never leaves more open', () => {
    fc.assert(
      fc.property(world, fc.constantFrom(...names), (given, name) => {
        const votesOf = (all: typeof given.agreed): Vote[] =>
          all.map(([who, gate]) => ({
            gate,
            person: person(who),
            groups: given.member[who] ?? [],
          }));
        const judged = {
          gates: gatesOf({ x: given.asked[0] ?? [], y: given.asked[1] ?? [] }),
          distinct: given.distinct,
        };
        const all = gates.map((gate): [string, string] => [name, gate]);
        const before = missingOf(openSlots(judged, votesOf(given.agreed)));
        const after = missingOf(openSlots(judged, votesOf([...given.agreed, ...all])));
        expect(after).toBeLessThanOrEqual(before);
      }),
      { numRuns: 300 },
    );
  });
});

/** Every choice of alternatives, and every way of giving each person one role or none. */
function oracle(
  gates: readonly GateJudgement[],
  votes: readonly Vote[],
  distinct: boolean,
): boolean {
  return choices(gates.map(({ id, approvals }) => [id, approvals])).some((asked) =>
    distinct ? canSeat(asked, votes) : eachFilled(asked, votes),
  );
}

type Choice = [gate: string, slots: Slot[]][];

function choices(gates: readonly (readonly [string, Requirement[]])[]): Choice[] {
  const [first, ...rest] = gates;
  if (first === undefined) return [[]];
  const [id, approvals] = first;
  const mine = approvals.reduce<Slot[][]>(
    (all, next) =>
      all.flatMap((slots) =>
        'anyOf' in next ? next.anyOf.map((more) => slots.concat(more)) : [slots.concat([next])],
      ),
    [[]],
  );
  return mine.flatMap((slots) => choices(rest).map((others): Choice => [[id, slots], ...others]));
}

function eachFilled(asked: Choice, votes: readonly Vote[]): boolean {
  return asked.every(([gate, slots]) =>
    slots.every(({ group, count }) => {
      const people = votes.filter((one) => one.gate === gate && one.groups.includes(group));
      return new Set(people.map((one) => one.person)).size >= count;
    }),
  );
}

function canSeat(asked: Choice, votes: readonly Vote[]): boolean {
  const people = [...new Set(votes.map((one) => one.person))];
  const wanted = [...new Set(asked.flatMap(([, slots]) => slots.map(({ group }) => group)))];
  const roles = people.reduce<(string | null)[][]>(
    (all, _) => all.flatMap((some) => [null, ...wanted].map((role) => some.concat([role]))),
    [[]],
  );
  return roles.some((given) =>
    asked.every(([, slots]) =>
      slots.every(({ group, count }) => {
        const gates = asked.filter(([, others]) => others.some((slot) => slot.group === group));
        const seated = people.filter(
          (who, index) =>
            given[index] === group &&
            gates.every(([gate]) =>
              votes.some(
                (one) => one.gate === gate && one.person === who && one.groups.includes(group),
              ),
            ),
        );
        return seated.length >= count;
      }),
    ),
  );
}

function checkRows(found: readonly OpenSlot[], gates: readonly GateJudgement[]): void {
  for (const { gate, missing: people } of found) {
    expect(people).toBeGreaterThan(0);
    expect(gates.map(({ id }) => id)).toContain(gate);
  }
}
