import { expect, test } from 'vitest';
import { explain, explainPaths } from '../../policies/explain.ts';
import { FULL, load, minimal } from './sample.ts';

const full = load(FULL);

test('a path is explained with its gates, its people and its proof', () => {
  expect(
    explainPaths([full], ['src/auth/a.ts', '.proofhouse/policy.yaml', 'README.md']),
  ).toMatchInlineSnapshot(`
    "src/auth/a.ts   critical · held before the pull request · approvals last 24h
      standalone  gate auth  "src/auth/"  .proofhouse/policy.yaml:17:13  critical
      needs      platform ×1 (local:pia) for auth
                 security ×1 (local:rita, local:sam) for auth
                 distinct people
      validators e2e, unit
      network    dependencies: package-registry, agent: model-gateway, checks: nothing

    .proofhouse/policy.yaml   critical · forbidden · approvals last 24h
      standalone  gate policy  ".proofhouse/"  .proofhouse/policy.yaml:26:13  critical
      needs      security ×1 (local:rita, local:sam) for policy
                 distinct people
      validators unit
      denied     Gate policy (.proofhouse/policy.yaml:22:5) forbids any change to what it covers. An agent never edits the rules it is judged by.
      network    dependencies: package-registry, agent: model-gateway, checks: nothing

    README.md   low · becomes a pull request when its checks pass
      gates      none; takes the class of unmatched paths
      validators unit
      network    dependencies: package-registry, agent: model-gateway, checks: nothing"
  `);
});

test('a path told apart by letter case only is explained by the gate it looks like', () => {
  expect(explain([full], ['src/Auth/a.ts'])[0]).toMatchObject({
    verdict: 'hold',
    riskClass: 'critical',
    gates: [{ id: 'path-confusable', pattern: null, where: '.proofhouse/policy.yaml:14:5' }],
    needs: [
      {
        gate: 'path-confusable',
        group: 'security',
        count: 1,
        members: ['local:rita', 'local:sam'],
      },
    ],
    expiresMs: 86_400_000,
  });
});

test('what is done to a path decides which gates speak', () => {
  const source = minimal(`gates: [{ id: gone, class: low, paths: ["**"], operations: [delete] }]`);
  const ids = (operation: 'delete' | 'add' | 'mode' | 'type') =>
    explain([load(source)], ['a'], operation)[0]?.gates.map(({ id }) => id);
  expect(ids('delete')).toEqual(['gone']);
  expect([ids('add'), ids('mode'), ids('type')]).toEqual([[], [], []]);
});

test('every layer that speaks is named', () => {
  const org = load(
    minimal('gates: [{ id: a, class: low, paths: ["**/auth/"] }]', 'org'),
    'org.yaml',
  );
  const told = explain([org, full], ['src/auth/a.ts'])[0]?.gates;
  expect(told?.map(({ layer, id, where }) => `${layer} ${id} ${where}`)).toEqual([
    'org a org.yaml:4:38',
    'standalone auth .proofhouse/policy.yaml:17:13',
  ]);
});
