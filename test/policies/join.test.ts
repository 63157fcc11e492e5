/** A layer can only tighten: by the laws of joining, over decisions, and over whole policies. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonical } from '../../orchestrator/domain/canonical.ts';
import { Person } from '../../orchestrator/domain/ids.ts';
import {
  Assurance,
  Bind,
  CarryForward,
  type Judgement,
  RiskClass,
  Surface,
} from '../../orchestrator/domain/judgement.ts';
import { writeProblem } from '../../policies/agents.ts';
import { budgetOf, spendingOf } from '../../policies/budgets.ts';
import {
  groupsOf,
  join,
  type LayerDecision,
  mergeRequirements,
  NOTHING_SAID,
} from '../../policies/join.ts';
import { modelRules, modelsFor } from '../../policies/models.ts';
import { mayReach, networkOf } from '../../policies/network.ts';
import type { LoadedPolicy } from '../../policies/parse.ts';
import { breakGlassOf, delegationOf, separationOf } from '../../policies/settings.ts';
import { decision, facts, layer, PATHS } from './generated.ts';
import { decide, factsOf, load, minimal } from './sample.ts';

const law = (check: (a: LayerDecision, b: LayerDecision, c: LayerDecision) => void) =>
  fc.assert(
    fc.property(decision, decision, decision, (a, b, c) => {
      check(a, b, c);
    }),
  );

test('joining is commutative', () => law((a, b) => expect(join(a, b)).toEqual(join(b, a))));

test('joining is associative', () =>
  law((a, b, c) => expect(join(join(a, b), c)).toEqual(join(a, join(b, c)))));

test('joining with itself changes nothing', () => law((a) => expect(join(a, a)).toEqual(a)));

test('a layer that says nothing changes nothing', () =>
  law((a) => {
    expect(join(a, NOTHING_SAID)).toEqual(a);
    expect(join(NOTHING_SAID, a)).toEqual(a);
  }));

test('every field of a decision gets tighter, never looser', () =>
  law((a, b) => expectTighter(join(a, b), a)));

type Requirements = Judgement['gates'][number]['approvals'];

/** Every slot is asked for as often at least, and every choice is still there. */
function expectAsked(
  after: readonly Requirements[number][],
  before: readonly Requirements[number][],
) {
  const choices = after.filter((item) => 'anyOf' in item).map((item) => canonical(item));
  for (const item of before) {
    if ('anyOf' in item) expect(choices).toContain(canonical(item));
    else {
      const slot = after.find((one) => 'group' in one && one.group === item.group);
      expect(slot && 'count' in slot ? slot.count : 0).toBeGreaterThanOrEqual(item.count);
    }
  }
}

function expectOrder<T>(order: readonly T[], after: T, before: T) {
  expect(order.indexOf(after)).toBeGreaterThanOrEqual(order.indexOf(before));
}

type Side = Pick<
  Judgement,
  'enforcement' | 'riskClass' | 'validators' | 'groups' | 'neverDelegated'
> & {
  readonly gates: readonly Omit<Judgement['gates'][number], 'why' | 'scope' | 'definition'>[];
  readonly denials: Judgement['denials'];
  readonly exemptions: Judgement['exemptions'];
};

function expectTighter(after: LayerDecision | Side, before: LayerDecision | Side) {
  expectOrder(['evaluate', 'enforce'], after.enforcement, before.enforcement);
  expectOrder(RiskClass.options, after.riskClass, before.riskClass);
  expect(after.validators).toEqual(expect.arrayContaining([...before.validators]));
  expectGates(after.gates, before.gates);
  for (const { code, message, where, paths } of before.denials) {
    const same = after.denials.find(
      (one) => one.code === code && one.message === message && one.where === where,
    );
    expect(same?.paths).toEqual(expect.arrayContaining([...paths]));
  }
  for (const [group, { members, minAssurance }] of Object.entries(before.groups)) {
    const same = after.groups[group];
    expect(members).toEqual(expect.arrayContaining([...(same?.members ?? [])]));
    expectOrder(Assurance.options, same?.minAssurance ?? 'session', minAssurance);
  }
  for (const { action, absolute, approvals } of before.neverDelegated) {
    const same = after.neverDelegated.find((one) => one.action === action);
    expect(same?.absolute || !absolute).toBe(true);
    expectAsked(same?.approvals ?? [], approvals);
  }
  // An exemption is always reported, whoever else speaks.
  for (const one of before.exemptions) expect(after.exemptions).toContainEqual(one);
}

function expectGates(
  after: Side['gates'] | LayerDecision['gates'],
  before: Side['gates'] | LayerDecision['gates'],
) {
  for (const one of before) {
    const same = after.find(({ id }) => id === one.id);
    if (same === undefined) throw new Error(`gate ${one.id} is gone`);
    expectOrder(RiskClass.options, same.riskClass, one.riskClass);
    expectOrder(Surface.options, same.surface, one.surface);
    expectOrder(Bind.options, same.bind, one.bind);
    expectOrder(CarryForward.options, same.carryForward, one.carryForward);
    expect(same.expiresMs).toBeLessThanOrEqual(one.expiresMs);
    expect(same.paths).toEqual(expect.arrayContaining([...one.paths]));
    expect(same.validators).toEqual(expect.arrayContaining([...one.validators]));
    const keys = same.findings.map(({ key }) => key);
    expect(keys).toEqual(expect.arrayContaining(one.findings.map(({ key }) => key)));
    for (const source of one.sources) expect(same.sources).toContainEqual(source);
    if ('distinct' in same && 'distinct' in one) expect(same.distinct || !one.distinct).toBe(true);
    expectAsked(same.approvals, one.approvals);
  }
}

const STRICTNESS = ['allow', 'hold', 'deny'];
const layers = fc.array(layer, { minLength: 1, maxLength: 2 });

describe('one more layer', () => {
  test('turns nothing that was blocked into what is allowed, and loosens no part of a decision', () => {
    fc.assert(
      fc.property(layers, layer, facts, (standing, more, change) => {
        const before = decide(standing, change);
        const after = decide([...standing, more], change);
        expectOrder(STRICTNESS, after.verdict, before.verdict);
        expectOrder(STRICTNESS, after.wouldBe, before.wouldBe);
        expectOrder(Surface.options, after.surface, before.surface);
        expect(after.distinct || !before.distinct).toBe(true);
        expectAsked(after.needs, before.needs);
        expectTighter(after, before);
        expect(after.separation.exclude).toEqual(expect.arrayContaining(before.separation.exclude));
      }),
      { numRuns: 80 },
    );
  });

  test('above the others blocks what they blocked, too', () => {
    fc.assert(
      fc.property(layer, layer, facts, (standing, above, change) => {
        const before = decide([standing], change);
        const after = decide([above, standing], change);
        expectOrder(STRICTNESS, after.verdict, before.verdict);
        expectOrder(RiskClass.options, after.riskClass, before.riskClass);
        const ids = after.gates.map(({ id }) => id);
        expect(ids).toEqual(expect.arrayContaining(before.gates.map(({ id }) => id)));
      }),
      { numRuns: 40 },
    );
  });

  test('that says nothing at all changes the digest and the class of unmatched paths only', () => {
    const silent = load(minimal('unmatched: { class: low }\nenforcement: evaluate', 'repo'));
    fc.assert(
      fc.property(layers, facts, (standing, change) => {
        const { policy: _, ...before } = decide(standing, change);
        const { policy: __, ...after } = decide([...standing, silent], change);
        // Its own class for symlinks and the like is the one thing that every layer has.
        const isPlain = change.entries.every(({ oldMode, newMode, operation }) => {
          return (
            operation !== 'type' && ![oldMode, newMode].some((mode) => /^1[26]0000$/.test(mode))
          );
        });
        if (isPlain) expect(after).toEqual(before);
      }),
      { numRuns: 40 },
    );
  });

  test('twice decides what it decides once', () => {
    fc.assert(
      fc.property(layer, facts, (one, change) => {
        const { policy: _, ...once } = decide([one], change);
        const { policy: __, ...twice } = decide([one, one], change);
        expect(twice).toEqual(once);
      }),
      { numRuns: 40 },
    );
  });

  test('opens no host, door, model, path or budget', () => {
    fc.assert(
      fc.property(layers, layer, (standing, more) => {
        expectNarrower([...standing, more], standing);
      }),
      { numRuns: 60 },
    );
  });

  test('lets nobody approve, delegate or break glass who could not', () => {
    fc.assert(
      fc.property(layers, layer, (standing, more) => {
        const [before, after] = [separationOf(standing), separationOf([...standing, more])];
        expect(after.exclude).toEqual(expect.arrayContaining(before.exclude));
        expectOrder(['allow', 'block'], after.unknownOperator, before.unknownOperator);
        expect(after.botsNeverApprove || !before.botsNeverApprove).toBe(true);
        expect(after.escalation).toEqual(expect.arrayContaining(before.escalation));
        const [was, is] = [delegationOf(standing), delegationOf([...standing, more])];
        if (was === null) expect(is).toBeNull();
        else {
          expect(is?.maxMs).toBeLessThanOrEqual(was.maxMs);
          if (was.scope !== null)
            expect(was.scope).toEqual(expect.arrayContaining(is?.scope ?? ['*']));
        }
        expect(breakGlassOf([...standing, more])).toEqual(breakGlassOf(standing));
      }),
      { numRuns: 60 },
    );
  });
});

function expectNarrower(after: readonly LoadedPolicy[], before: readonly LoadedPolicy[]) {
  expectFewerRequests(after, before);
  for (const stage of ['code', 'review', 'plan'] as const) {
    for (const riskClass of RiskClass.options) {
      const [was, is] = [modelsFor(before, stage, riskClass), modelsFor(after, stage, riskClass)];
      if (was !== null) expect(was).toEqual(expect.arrayContaining(is ?? ['any']));
    }
  }
  const isWritable = (all: readonly LoadedPolicy[], path: string) =>
    all.every((one) => writeProblem(one, 'coder')(path) === null);
  for (const path of PATHS) expectImplied(isWritable(after, path), isWritable(before, path));
  const [was, is] = [budgetOf(before), budgetOf(after)];
  const sum = (value: number | null) => value ?? Number.POSITIVE_INFINITY;
  for (const key of BUDGET) {
    expect(sum(is[key])).toBeLessThanOrEqual(sum(was[key]));
  }
  const asked = { repository: '/shop', requester: Person.parse('local:dana') };
  const [windows, fewer] = [spendingOf(after, asked), spendingOf(before, asked)].map(
    (all) => all.windows,
  );
  expect(windows).toEqual(expect.arrayContaining([...(fewer ?? [])]));
  if (before.length > 0) {
    expect(modelRules(before).free).toEqual(expect.arrayContaining([...modelRules(after).free]));
  }
}

function expectFewerRequests(after: readonly LoadedPolicy[], before: readonly LoadedPolicy[]) {
  for (const phase of ['setup', 'agent'] as const) {
    expectImplied(networkOf(after)[phase], networkOf(before)[phase]);
    for (const host of ['a.example.com', 'b.c.example.com', 'b.test.example', 'evil.example']) {
      for (const port of [80, 443]) {
        const request = { host, port, method: 'GET' };
        expectImplied(mayReach(after, phase, request), mayReach(before, phase, request));
      }
    }
  }
}

const BUDGET = [
  ...(['microUsd', 'tokens', 'turns', 'wallMs', 'attemptsMax'] as const),
  ...(['refusals', 'cacheMisses', 'wrapUpMs'] as const),
];

/** What is so after was so before. */
function expectImplied(after: boolean, before: boolean) {
  expect(before || !after).toBe(true);
}

test('what a layer adds by being there: a policy, a check for the change, and what a check is', () => {
  const org = load(
    minimal('gates: [{ id: a, class: low, paths: [a], validators: [unit] }]', 'org'),
  );
  const checks = load(minimal('validators: { unit: { run: [x], reports: { junit: j.xml } } }'));
  const codes = (...all: LoadedPolicy[]) =>
    decide(all, factsOf(['a'])).denials.map(({ code }) => code);
  expect(codes()).toEqual(['no_policy']);
  expect(codes(load(minimal()))).toEqual(['nothing_proves']);
  expect(codes(org)).toEqual(['validator_unknown']);
  expect(codes(org, checks)).toEqual([]);
});

test('of several requirements for one group the largest counts, and choices stay apart', () => {
  const choice = { anyOf: [[{ group: 'a', count: 1 }], [{ group: 'b', count: 2 }]] };
  expect(
    mergeRequirements([
      { group: 'b', count: 1 },
      choice,
      { group: 'a', count: 1 },
      choice,
      { group: 'b', count: 3 },
    ]),
  ).toEqual([{ group: 'a', count: 1 }, { group: 'b', count: 3 }, choice]);
  expect(groupsOf([choice, { group: 'c', count: 1 }])).toEqual(['a', 'b', 'c']);
});
