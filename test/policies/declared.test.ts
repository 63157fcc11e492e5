import { expect, test } from 'vitest';
import { budgetOf } from '../../policies/budgets.ts';
import { membersOf, validatorOf } from '../../policies/declared.ts';
import { networkOf } from '../../policies/network.ts';
import { FULL, load, minimal } from './sample.ts';

const full = load(FULL);
const bare = load(minimal());
const budget = (text: string) => load(minimal(`budgets: { per_task: { ${text} } }`));
const network = (phases: string) => load(minimal(`network: { phases: { ${phases} } }`));

test('the first layer that declares a validator or a group keeps it', () => {
  const other = load(
    minimal(`groups: { platform: { members: [local:mallory] } }
validators: { unit: { run: ["true"], reports: { junit: j.xml } } }`),
  );
  expect(validatorOf([full, other], 'unit')).toMatchObject({ run: ['npx', 'vitest'] });
  expect(validatorOf([other, full], 'unit')).toMatchObject({ run: ['true'] });
  expect(validatorOf([full], 'ghost')).toBeNull();
  expect(validatorOf([full], 'constructor')).toBeNull();
  expect(membersOf([full, other], 'platform')).toEqual(['local:pia']);
  expect(membersOf([full], 'valueof')).toEqual([]);
});

test('without a word on the network each door is open in its phase', () => {
  expect(networkOf([bare])).toEqual({ dependencies: true, agent: true });
});

test('a door that is not written is shut once the network is spoken of', () => {
  expect(networkOf([network('')])).toEqual({ dependencies: false, agent: false });
  expect(networkOf([network('agent: { allow: [{ via: model-gateway }] }')])).toEqual({
    dependencies: false,
    agent: true,
  });
  expect(networkOf([network('agent: { allow: [] }')])).toEqual({
    dependencies: false,
    agent: false,
  });
});

test('a door is open only where every layer opens it, and never without a layer', () => {
  const onlyModel = network('agent: { allow: [{ via: model-gateway }] }');
  const onlyRegistry = network('setup: { allow: [{ via: package-registry }] }');
  expect(networkOf([full, onlyModel])).toEqual({ dependencies: false, agent: true });
  expect(networkOf([onlyModel, onlyRegistry])).toEqual({ dependencies: false, agent: false });
  expect(networkOf([])).toEqual({ dependencies: false, agent: false });
});

test('a run without a budget is still bounded in time and attempts', () => {
  expect(budgetOf([bare])).toEqual({
    microUsd: null,
    tokens: null,
    turns: null,
    wallMs: 1_800_000,
    attemptsMax: 3,
  });
});

test('of each number the smallest counts, and two retries are three attempts', () => {
  const layers = [
    budget('usd: 2, tokens: 3M, retries: 2'),
    budget('usd: 0.5, turns: 9, wall: 1h, retries: 0'),
  ];
  expect(budgetOf(layers)).toEqual({
    microUsd: 500_000,
    tokens: 3_000_000,
    turns: 9,
    wallMs: 3_600_000,
    attemptsMax: 1,
  });
  expect(budgetOf([...layers].reverse())).toEqual(budgetOf(layers));
});
