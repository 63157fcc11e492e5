import { expect, test } from 'vitest';
import { decide } from '../../policies/decide.ts';
import { withRaised } from '../../policies/raised.ts';
import { codes } from './lint/found.ts';
import { factsOf, load, minimal, NOW } from './sample.ts';

const POLICY = minimal(`
groups: { security: { members: [local:rita] } }
classes: { critical: { approvals: [{ group: security, count: 1 }] } }
unmatched: { class: low }
gates:
  - { id: auth, why: Accounts., class: critical, paths: ["src/auth/"] }
  - { id: pay, why: Money., class: critical, paths: ["src/pay/"] }
  - { id: shut, why: Rules., class: critical, surface: forbid, paths: [".proofhouse/"] }
validators: { unit: { run: [x], reports: { junit: j.xml } }, read: { kind: review } }
`);
const layers = [load(POLICY)];
const target = 'refs/heads/main';
const raised = (...gates: string[]) =>
  gates.map((gate) => ({ gate, validator: 'read', by: 'small' }));
const judged = (path: string, advice?: Parameters<typeof decide>[3]) =>
  decide(layers, factsOf([path]), NOW, advice);

test('adds to what was advised before, and tells which are which', () => {
  const judgement = judged('src/a.ts', { add: ['auth'], by: 'tiny' });
  const advice = withRaised(layers, { judgement, target }, raised('pay', 'pay', 'auth'));
  expect(advice).toEqual({ add: ['auth', 'pay'], by: 'tiny', raised: raised('pay') });
  const again = judged('src/a.ts', advice ?? undefined);
  expect(again.gates.map(({ id }) => id)).toEqual(['auth', 'pay']);
  expect(withRaised(layers, { judgement: again, target }, raised('pay'))).toBeNull();
});

test('a gate that holds already, would end the run or is not there is not raised', () => {
  const judgement = judged('src/auth/a.ts');
  expect(withRaised(layers, { judgement, target }, raised('auth', 'shut', 'none'))).toBeNull();
  expect(withRaised(layers, { judgement, target }, [])).toBeNull();
});

test('a review alone proves nothing, and neither does what is only advisory', () => {
  const alone = POLICY.replace('unit: { run: [x], reports: { junit: j.xml } }, ', '');
  expect(judged('src/a.ts').verdict).toBe('allow');
  expect(decide([load(alone)], factsOf(['src/a.ts']), NOW)).toMatchObject({
    ...{ verdict: 'deny', denials: [{ code: 'nothing_proves' }] },
  });
});

test.each([
  ['P0416 error', 'a gate that nobody declares', 'read: { kind: review, raises: [none] }', ''],
  ['P0417 warning', 'no model to read it', 'read: { kind: review }', ''],
  ['P0417 error', 'none where one is required', 'read: { kind: review, required: true }', ''],
])('%s: %s', (code, _, rule, more) => {
  const route = code.startsWith('P0417')
    ? ''
    : '\nmodels: { routes: [{ stage: review, use: [a] }] }';
  expect(codes(POLICY.replace('read: { kind: review }', rule) + more + route)).toContain(code);
  const sound = `${POLICY.replace('kind: review', 'kind: review, raises: [pay]')}
models: { routes: [{ stage: review, use: [a] }] }`;
  expect(codes(sound)).not.toContain(code);
});
