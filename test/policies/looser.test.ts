import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RiskClass } from '../../orchestrator/domain/judgement.ts';
import { decide } from '../../policies/decide.ts';
import { isAskedBy, lasting, loosenings, requirementText } from '../../policies/looser.ts';
import { CHECKS, layer, PATHS, PEOPLE } from './random-layers.ts';
import { load, minimal, factsOf as sampleFacts } from './sample.ts';

const factsOf = (paths: readonly string[]) =>
  sampleFacts(paths, { texts: {}, roots: [], history: [], groups: {}, madeBy: null });

const NOW = '2026-01-01T00:00:00Z';
const OLD = `unmatched: { class: low }
gates:
  - { id: auth, why: x, class: critical, paths: [auth/], approvals: [{ group: platform, count: 2 }], validators: [e2e] }
`;

const judged = (sections: string, paths: string[]) =>
  decide([load(minimal(PEOPLE + CHECKS + sections))], factsOf(paths), NOW);
const found = (sections: string, paths = ['auth/a.ts']) =>
  loosenings(judged(OLD, paths), judged(sections, paths)).map(
    ({ part, gate, before, after }) => `${part} ${gate ?? '-'}: ${before} > ${after}`,
  );

test('the same policy is not looser than itself', () => {
  expect(found(OLD)).toEqual([]);
});

describe('what is less is told, with what it was', () => {
  const gate = (keys: string, sections = '') => `unmatched: { class: low }
gates: [{ id: auth, why: x, paths: [auth/], ${keys} }]
${sections}`;
  const whole = 'class: critical, approvals: [{ group: platform, count: 2 }], validators: [e2e]';

  test.each<[string, string, string]>([
    [
      'a class',
      gate(
        'class: high, surface: hold, approvals: [{ group: platform, count: 2 }, { group: security }], validators: [e2e]',
        'classes: { high: { distinct: true, expires: 24h, bind: evidence } }',
      ),
      'class auth: critical > high',
    ],
    [
      'a count',
      gate('class: critical, approvals: [{ group: platform, count: 1 }], validators: [e2e]'),
      'needs auth: platform ×2 > platform ×1, security ×1',
    ],
    [
      'a group',
      gate('class: critical, validators: [e2e]'),
      'needs auth: platform ×2 > security ×1',
    ],
    [
      'a group that became a choice',
      gate(
        'class: critical, approvals: [{ any_of: [[{ group: platform, count: 2 }], [{ group: security }]] }], validators: [e2e]',
      ),
      'needs auth: platform ×2 > security ×1, platform ×2 or security ×1',
    ],
    [
      'a validator',
      gate('class: critical, approvals: [{ group: platform, count: 2 }]'),
      'validator -: e2e > ',
    ],
    [
      'a surface',
      gate(whole, 'classes: { critical: { surface: draft-pr } }'),
      'surface auth: hold > draft-pr',
    ],
    [
      'a binding',
      gate(whole, 'classes: { critical: { bind: tree } }'),
      'bind auth: evidence > tree',
    ],
    [
      'carrying forward',
      gate(whole, 'classes: { critical: { carry_forward: scoped } }'),
      'carry forward auth: never > scoped',
    ],
    ['an expiry', gate(whole, 'classes: { critical: { expires: 7d } }'), 'expiry auth: 1d > 7d'],
    [
      'distinct people',
      gate(whole, 'classes: { critical: { distinct: false } }'),
      'distinct -: distinct people > ',
    ],
    [
      'a pattern',
      `unmatched: { class: low }
gates: [{ id: auth, why: x, paths: [auth/b/], ${whole} }]`,
      'gate auth: auth/a.ts > ',
    ],
    ['a gate', 'unmatched: { class: low }', 'gate auth: auth/a.ts > '],
    [
      'enforcement',
      `${OLD}enforcement: evaluate
`,
      'enforcement -: enforce > evaluate',
    ],
  ])('%s', (_, sections, expected) => {
    expect(found(sections)).toContain(expected);
  });
});

test('where it was asked for is the line of the old policy', () => {
  const [gone] = loosenings(
    judged(OLD, ['auth/a']),
    judged('unmatched: { class: low }', ['auth/a']),
  );
  expect(gone).toMatchObject({ part: 'gate', where: '.proofhouse/policy.yaml:12:5' });
});

test('a gate with another name that asks for the same is no loss, and neither are two for its parts', () => {
  expect(found(OLD.replace('id: auth', 'id: login'))).toEqual([]);
  const halves = ['a', 'b'].map((part) =>
    (OLD.split('\n')[2] ?? '')
      .replace('id: auth', `id: auth-${part}`)
      .replace('auth/', `auth/${part}/`),
  );
  const split = `unmatched: { class: low }\ngates:\n${halves.join('\n')}\n`;
  expect(found(split, ['auth/a/1', 'auth/b/1'])).toEqual([]);
  expect(found(split, ['auth/a/1', 'auth/c'])).toContain('gate auth: auth/c > ');
});

test('a denial that is gone is told, also when the change is denied for another reason', () => {
  const forbids = (id: string, path: string) => `unmatched: { class: low }
gates: [{ id: ${id}, class: low, surface: forbid, paths: ["${path}"] }]`;
  const before = judged(forbids('rules', 'a'), ['a', 'b']);
  expect(loosenings(before, judged(forbids('rules', 'a'), ['a', 'b']))).toEqual([]);
  const parts = loosenings(before, judged(forbids('rules', 'b'), ['a', 'b'])).map(
    ({ part }) => part,
  );
  expect(parts).toEqual(['gate', 'denial']);
});

describe('a requirement is asked still when', () => {
  const slot = (group: string, count = 1) => ({ group, count });
  test.each([
    ['more are asked', slot('a'), [slot('a', 2)], true],
    ['fewer are asked', slot('a', 2), [slot('a')], false],
    [
      'every choice asks it',
      slot('a'),
      [{ anyOf: [[slot('a'), slot('b')], [slot('a', 2)]] }],
      true,
    ],
    ['one choice does not', slot('a'), [{ anyOf: [[slot('a')], [slot('b')]] }], false],
    ['a choice became one of its parts', { anyOf: [[slot('a')], [slot('b')]] }, [slot('b')], true],
    [
      'a choice got one choice more',
      { anyOf: [[slot('a')], [slot('b')]] },
      [{ anyOf: [[slot('a')], [slot('b')], [slot('c')]] }],
      false,
    ],
    [
      'a choice got fewer choices',
      { anyOf: [[slot('a')], [slot('b')], [slot('c')]] },
      [{ anyOf: [[slot('b')], [slot('a')]] }],
      true,
    ],
    ['nothing is asked', slot('a'), [], false],
  ])('%s', (_, asked, now, expected) => {
    expect(isAskedBy(asked, now)).toBe(expected);
  });
});

test('requirements and times read as people write them', () => {
  const choice = {
    anyOf: [
      [
        { group: 'a', count: 1 },
        { group: 'b', count: 2 },
      ],
      [{ group: 'c', count: 1 }],
    ],
  };
  expect(requirementText(choice)).toBe('a ×1 and b ×2 or c ×1');
  expect([86_400_000, 90_000_000, 90_000, 1500].map(lasting)).toEqual([
    '1d',
    '25h',
    '90s',
    '1500ms',
  ]);
});

test('a decision with one more layer is never looser than without it', () => {
  fc.assert(
    fc.property(layer, layer, fc.uniqueArray(fc.constantFrom(...PATHS)), (one, more, paths) => {
      const facts = factsOf(paths);
      const alone = decide([one], facts, NOW);
      expect(loosenings(alone, decide([one, more], facts, NOW))).toEqual([]);
      expect(loosenings(alone, decide([more, one], facts, NOW))).toEqual([]);
    }),
    { numRuns: 60 },
  );
});

test('whatever is not looser has a verdict, a class and people that are no less', () => {
  fc.assert(
    fc.property(layer, layer, fc.uniqueArray(fc.constantFrom(...PATHS)), (one, other, paths) => {
      const facts = factsOf(paths);
      const [before, after] = [decide([one], facts, NOW), decide([other], facts, NOW)];
      fc.pre(loosenings(before, after).length === 0);
      for (const { group, count } of before.needs) {
        const options = after.gates.flatMap(({ approvals }) => approvals);
        expect(isAskedBy({ group, count }, options)).toBe(true);
      }
      expect(RiskClass.options.indexOf(after.riskClass)).toBeGreaterThanOrEqual(
        RiskClass.options.indexOf(before.riskClass),
      );
    }),
    { numRuns: 20 },
  );
});
