import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Digest, Person } from '../../orchestrator/domain/ids.ts';
import { RiskClass, Surface } from '../../orchestrator/domain/judgement.ts';
import { type GateHit, join, type LayerDecision, NOTHING_SAID } from '../../policies/join.ts';
import type { LoadedPolicy } from '../../policies/parse.ts';
import { decide, factsOf, load, minimal } from './sample.ts';

const oneOf = <T>(...values: T[]) => fc.constantFrom(...values);
const some = <T>(...values: T[]) => fc.uniqueArray(oneOf(...values));
const digestOf = (seed: string) => Digest.parse(`sha256:${seed.repeat(64)}`);

const slots = fc.array(fc.record({ group: oneOf('a', 'b', 'c'), count: oneOf(1, 2, 3) }), {
  maxLength: 3,
});
const gate: fc.Arbitrary<GateHit> = fc.record({
  id: oneOf('auth', 'limits', 'unmatched'),
  sources: fc.array(
    fc.record({
      layer: oneOf('org', 'repo'),
      where: oneOf('p:1:1', 'p:2:1'),
      why: oneOf('', 'Because.'),
      definition: oneOf('1', '2').map(digestOf),
    }),
    { minLength: 1, maxLength: 2 },
  ),
  riskClass: oneOf(...RiskClass.options),
  surface: oneOf(...Surface.options),
  approvals: slots,
  distinct: fc.boolean(),
  paths: some('x', 'y', 'z'),
  expiresMs: oneOf(1, 10, 100),
});
const members = some('local:ana', 'local:bo', 'local:cy').map((all) =>
  all.map((one) => Person.parse(one)),
);
const decision: fc.Arbitrary<LayerDecision> = fc
  .record({
    riskClass: oneOf(...RiskClass.options),
    gates: fc.array(gate, { maxLength: 4 }),
    validators: some('unit', 'e2e'),
    denials: fc.array(fc.record({ message: oneOf('No.', 'Never.'), paths: some('x', 'y') })),
    groups: fc.dictionary(oneOf('a', 'b', 'c'), members),
  })
  // Put in order, as every decision of a layer is; two sides that say the same are then equal.
  .map((raw) => ordered(join(raw, raw)));

function ordered(said: LayerDecision): LayerDecision {
  const groups = Object.entries(said.groups).sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    ...said,
    groups: Object.fromEntries(groups.map(([group, people]) => [group, [...people].sort()])),
  };
}

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
  law((a) => expect(join(a, NOTHING_SAID)).toEqual(a)));

test('joining never loosens: no class, surface, slot, path, validator or denial gets less', () =>
  law((a, b) => {
    const both = join(a, b);
    expect(rank(both)).toBeGreaterThanOrEqual(rank(a));
    for (const one of a.gates) {
      const same = both.gates.find(({ id }) => id === one.id);
      expect(Surface.options.indexOf(same?.surface ?? 'ready-pr')).toBeGreaterThanOrEqual(
        Surface.options.indexOf(one.surface),
      );
      expect(same?.expiresMs).toBeLessThanOrEqual(one.expiresMs);
      expect(same?.paths).toEqual(expect.arrayContaining([...one.paths]));
      expect(same?.distinct || !one.distinct).toBe(true);
      for (const { group, count } of one.approvals) {
        const asked = same?.approvals.find((slot) => slot.group === group)?.count;
        expect(asked).toBeGreaterThanOrEqual(count);
      }
    }
    expect(both.validators).toEqual(expect.arrayContaining([...a.validators]));
    const messages = both.denials.map(({ message }) => message);
    for (const { message } of a.denials) expect(messages).toContain(message);
    for (const [group, people] of Object.entries(a.groups)) {
      for (const person of both.groups[group] ?? []) expect(people).toContain(person);
    }
  }));

function rank({ riskClass }: LayerDecision): number {
  return RiskClass.options.indexOf(riskClass);
}

const PATTERNS = ['src/', 'src/auth/', '**/*.sql', '*.md', '/package.json', 'docs/*'];
const PATHS = [
  'src/auth/a.ts',
  'src/AUTH/a.ts',
  'db/1.sql',
  'README.md',
  'docs/a/b',
  'package.json',
];

const layer: fc.Arbitrary<LoadedPolicy> = fc
  .record({
    gates: fc.array(
      fc.record({
        class: oneOf(...RiskClass.options),
        paths: fc.uniqueArray(oneOf(...PATTERNS), { minLength: 1, maxLength: 3 }),
        except: fc.uniqueArray(oneOf(...PATTERNS), { maxLength: 1 }),
        operations: fc.uniqueArray(oneOf('add', 'modify', 'delete'), { minLength: 1 }),
        surface: fc.option(oneOf(...Surface.options), { nil: undefined }),
        approvals: fc.array(
          fc.record({ group: oneOf('platform', 'security', 'ghosts'), count: oneOf(1, 2) }),
        ),
      }),
      { maxLength: 4 },
    ),
    unmatched: oneOf(...RiskClass.options),
    limits: oneOf({}, { max_files: 1 }, { max_files: 2, absolute: { max_files: 3 } }),
    named: oneOf('org', 'repo'),
    people: some('local:ana', 'local:bo', 'local:cy'),
  })
  .map(({ gates, unmatched, limits, named, people }) => {
    const sections = {
      groups: { platform: { members: people }, security: { members: people } },
      unmatched: { class: unmatched },
      gates: gates.map((rule, index) => ({ id: `g${index}`, ...rule })),
      limits,
      validators: { unit: { run: ['x'], reports: { junit: 'j.xml' } } },
    };
    const lines = Object.entries(sections).map(
      ([key, value]) => `${key}: ${JSON.stringify(value)}`,
    );
    return load(minimal(lines.join('\n'), named));
  });

const STRICTNESS = ['allow', 'hold', 'deny'];

test('one more layer never turns what was blocked into what is allowed', () => {
  fc.assert(
    fc.property(
      fc.array(layer, { minLength: 1, maxLength: 2 }),
      layer,
      some(...PATHS),
      (layers, more, paths) => {
        const facts = factsOf(paths);
        const before = decide(layers, facts);
        for (const after of [decide([...layers, more], facts), decide([more, ...layers], facts)]) {
          expect(STRICTNESS.indexOf(after.verdict)).toBeGreaterThanOrEqual(
            STRICTNESS.indexOf(before.verdict),
          );
          expect(RiskClass.options.indexOf(after.riskClass)).toBeGreaterThanOrEqual(
            RiskClass.options.indexOf(before.riskClass),
          );
          const ids = after.gates.map(({ id }) => id);
          expect(ids).toEqual(expect.arrayContaining(before.gates.map(({ id }) => id)));
        }
      },
    ),
    { numRuns: 60 },
  );
});

test('a layer twice decides what it decides once', () => {
  fc.assert(
    fc.property(layer, some(...PATHS), (one, paths) => {
      const { policy: _, ...once } = decide([one], factsOf(paths));
      const { policy: __, ...twice } = decide([one, one], factsOf(paths));
      expect(twice).toEqual(once);
    }),
    { numRuns: 40 },
  );
});
