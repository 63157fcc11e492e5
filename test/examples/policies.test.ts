/** The policies that we show say what their cases promise, every gate is tried, and none has an error. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { policyTest } from '../../orchestrator/commands/policy-test.ts';
import { runCase } from '../../policies/case-run.ts';
import { Fixtures } from '../../policies/fixtures.ts';
import { POLICY_KEYS } from '../../policies/json-schema.ts';
import { lint } from '../../policies/lint.ts';
import { formatYaml } from '../../policies/yaml-format.ts';
import { parseYaml } from '../../policies/yaml-source.ts';
import { desk } from '../orchestrator/commands/context.ts';
import { load } from '../policies/sample.ts';
import { caseOf, changedByHostileIssue, changedByPatches } from './shop-changes.ts';

const EXAMPLES = path.join(import.meta.dirname, '../../examples');
const NOW = '2026-11-20T12:00:00.000Z';

const POLICIES = [
  { folder: 'policies/monorepo', above: [], file: 'policy.yaml', ids: 9 },
  { folder: 'policies/organisation', above: ['policy.yaml'], file: 'repository.yaml', ids: 6 },
  { folder: 'shop/.proofhouse', above: [], file: 'policy.yaml', ids: 6 },
];

describe.each(POLICIES)('$folder', ({ folder, above, file, ids }) => {
  const cwd = path.join(EXAMPLES, folder);

  test('is written in its one form', () => {
    const source = readFileSync(path.join(cwd, above[0] ?? file), 'utf8');
    expect(formatYaml(source, POLICY_KEYS)).toBe(source);
  });

  test('every case passes, and every gate and rule is fired by one', async () => {
    const { context, said } = desk({ cwd, orgPolicies: above });
    const options = { file: 'policy.test.yaml', policies: [file], packs: false } as const;
    const exit = await policyTest(context, { ...options, coverage: true, format: 'text' });
    expect(said.join('\n')).toContain(`${ids} of ${ids} gates and content rules are fired`);
    expect(exit).toBe(0);
  });

  test('lint finds no error', () => {
    const layers = [...above, file].map((name) =>
      load(readFileSync(path.join(cwd, name), 'utf8'), name),
    );
    const found = lint(layers, { known: [], now: NOW, requester: null });
    expect(found.filter(({ severity }) => severity === 'error')).toEqual([]);
  });
});

describe('what the demo shows', () => {
  const source = readFileSync(path.join(EXAMPLES, 'shop/.proofhouse/policy.yaml'), 'utf8');
  const shop = load(source);
  const judged = (change: Parameters<typeof caseOf>[0]) =>
    runCase([shop], caseOf(change), NOW).judgement;

  test('the cart needs nobody', () => {
    const change = changedByPatches('cart-rounding.yaml');
    expect(change).toHaveLength(2);
    const { verdict, needs } = judged(change);
    expect({ verdict, needs }).toEqual({ verdict: 'allow', needs: [] });
  });

  test('sessions of 30 days wait for one of security', () => {
    const change = changedByPatches('stay-signed-in.yaml');
    expect(change).toHaveLength(2);
    const { verdict, needs, gates } = judged(change);
    expect(verdict).toBe('hold');
    expect(needs.map(({ group, count }) => [group, count])).toEqual([['security', 1]]);
    expect(gates.filter(({ approvals }) => approvals.length > 0).map(({ id }) => id)).toEqual([
      'auth',
    ]);
  });

  test('what the hidden instruction brings is denied', () => {
    const { verdict, gates } = judged(changedByHostileIssue());
    expect(verdict).toBe('deny');
    expect(gates.map(({ id }) => id)).toContain('rules');
  });
});

test('the policy and the cases on the page that explains policies work as they stand there', () => {
  const page = readFileSync(path.join(EXAMPLES, '../docs/policy.md'), 'utf8');
  const blocks = [...page.matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, text = '']) => text);
  const [policy = ''] = blocks;
  const cases = blocks.find((text) => text.startsWith('cases:')) ?? '';
  const parsed = parseYaml(cases, 'policy.test.yaml', Fixtures);
  if ('problems' in parsed) throw new Error(JSON.stringify(parsed.problems));
  const results = parsed.value.cases.map((one) => runCase([load(policy)], one, NOW));
  expect(results.map(({ name, misses }) => ({ name, misses }))).toEqual(
    parsed.value.cases.map(({ name }) => ({ name, misses: [] })),
  );
  expect(lint([load(policy)], { known: [], now: NOW, requester: null })).toEqual([]);
});
