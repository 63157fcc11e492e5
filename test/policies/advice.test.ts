import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Advice, advisable, judgeAdvised } from '../../policies/advice.ts';
import { decide } from '../../policies/decide.ts';
import { membersOf } from '../../policies/declared.ts';
import { subjectsOf } from '../../policies/gates.ts';
import { join } from '../../policies/join.ts';
import { judgeLayer } from '../../policies/layer.ts';
import type { LoadedPolicy } from '../../policies/parse.ts';
import { facts, layer } from './generated.ts';
import { FULL, factsOf, load, minimal, NOW } from './sample.ts';

const asking = (loaded: LoadedPolicy, all: ReturnType<typeof factsOf>) => ({
  facts: all,
  subjects: subjectsOf(all.entries),
  now: NOW,
  members: (group: string) => membersOf([loaded], group, all.groups),
});

test('whatever a model advises, the judgement is as tight as without it', () => {
  const advice = fc.record({
    add: fc.array(fc.oneof(fc.string(), fc.constantFrom('g1', 'auth', 'a'))),
  });
  fc.assert(
    fc.property(layer, facts, advice, (loaded, all, hint) => {
      const asked = asking(loaded, all);
      const own = new Set(loaded.policy.gates.map(({ id }) => id));
      const every: Advice = { add: [...hint.add, ...own] };
      const plain = judgeLayer(loaded, asked);
      for (const given of [hint, every]) {
        const advised = judgeAdvised(loaded, asked, given);
        // Joining what was said without advice adds nothing, so all of it is there.
        expect(join(advised, plain)).toEqual(advised);
      }
    }),
    { numRuns: 60 },
  );
});

test('a gate that it names holds the change, and a name that nobody declared does nothing', () => {
  const loaded = load(FULL);
  const asked = asking(loaded, factsOf(['README.md']));
  const ids = (add: string[]) => judgeAdvised(loaded, asked, { add }).gates.map(({ id }) => id);
  const without = ids([]);
  expect(without).not.toContain('auth');
  expect(ids(['auth'])).toEqual([...without, 'auth'].sort());
  expect(ids(['no-such-gate', '-auth', '!auth'])).toEqual(without);
});

test('there is no word by which it could take one away', () => {
  const hint = { add: [], remove: ['auth'] };
  const loaded = load(FULL);
  const asked = asking(loaded, factsOf(['src/auth/a.ts']));
  // @ts-expect-error a hint that says more than what to add is none
  const advised = judgeAdvised(loaded, asked, { add: [], remove: ['auth'] });
  expect(advised.gates.map(({ id }) => id)).toContain('auth');
  expect(judgeAdvised(loaded, asked, hint)).toEqual(judgeLayer(loaded, asked));
});

test('a decision with a hint is never looser than without one', () => {
  const order = ['allow', 'hold', 'deny'];
  fc.assert(
    fc.property(fc.array(layer, { maxLength: 2 }), facts, (layers, all) => {
      const add = layers.flatMap(({ policy }) => policy.gates.map(({ id }) => id));
      const plain = decide(layers, all, NOW);
      const advised = decide(layers, all, NOW, { add: [...add, 'none'], by: 'small' });
      expect(order.indexOf(advised.verdict)).toBeGreaterThanOrEqual(order.indexOf(plain.verdict));
      const codes = advised.denials.map(({ code }) => code);
      expect(codes).toEqual(expect.arrayContaining(plain.denials.map(({ code }) => code)));
      const ids = advised.gates.map(({ id }) => id);
      expect(ids).toEqual(expect.arrayContaining(plain.gates.map(({ id }) => id)));
    }),
    { numRuns: 60 },
  );
});

test('a gate with a check that a hint adds does not stand for the check that the policy forgot', () => {
  const loaded = load(
    minimal(`gates: [{ id: web, class: low, paths: ["web/"], validators: [e2e] }]
validators: { e2e: { run: [npx, x], reports: { junit: "a.xml" }, required_for: ["web/"] } }`),
  );
  const codes = (add: string[]) =>
    decide([loaded], factsOf(['a']), NOW, { add, by: 'small' }).denials.map(({ code }) => code);
  expect(codes([])).toEqual(['nothing_proves']);
  expect(codes(['web'])).toEqual(['nothing_proves']);
});

test('gates that hold already, end the run, are of another branch or prove by nothing are not asked about', () => {
  const loaded = load(
    minimal(`gates:
  - { id: free, why: Money., class: low, paths: ["a/"] }
  - { id: held, class: low, paths: ["b/"] }
  - { id: shut, class: low, surface: forbid, paths: ["c/"] }
  - { id: later, class: low, branches: [release], paths: ["d/"] }
  - { id: unproven, class: low, validators: [ghost], paths: ["e/"] }`),
  );
  const judgement = decide([loaded], factsOf(['b/x']), NOW);
  expect(advisable([loaded], judgement, 'refs/heads/main')).toEqual([
    { id: 'free', why: 'Money.' },
  ]);
});
