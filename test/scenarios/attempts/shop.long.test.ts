/** The shop's own tasks about attempts, with a real agent: one that mends its work, one that never does. */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { chooseModel, openModel } from '../../../orchestrator/compose.ts';
import { factoryWith } from '../steps.ts';
import {
  commitAll,
  leftOver,
  queueFile,
  SHOP_MODELS,
  SHOP_TASKS,
  settle,
  shopIn,
  stateOf,
} from '../support.ts';

/** The browser has its own tests; what is asked here is what an attempt gets of the one before. */
function withoutBrowser(shop: string): void {
  const file = path.join(shop, '.proofhouse/policy.yaml');
  const policy = readFileSync(file, 'utf8');
  writeFileSync(file, policy.replace('required_for: ["src/"]', 'required_for: ["e2e/"]'));
  commitAll(shop, 'No browser here');
}

test('the shop: a second attempt mends the first from its findings, and one that repeats itself is stopped', async () => {
  const asked: { run: string; attempt: number; json: string }[] = [];
  const model = await openModel(chooseModel({}, SHOP_MODELS));
  const ask: typeof model.ask = (question, signal) => {
    asked.push({ run: question.run, attempt: question.attempt, json: question.json });
    return model.ask(question, signal);
  };
  const factory = await factoryWith('shop-attempts', { model: { ...model, ask } });
  const shop = await shopIn(factory.home);
  withoutBrowser(shop);
  const mends = await queueFile(factory, shop, `${SHOP_TASKS}/extra/two-attempts.md`);
  const repeats = await queueFile(factory, shop, `${SHOP_TASKS}/extra/never-there.md`);

  expect(await settle(factory, mends.id)).toMatchObject({ outcome: { kind: 'published' } });
  const first = asked.find(({ run, attempt }) => run === mends.id && attempt === 2)?.json ?? '';
  expect(first).toContain('# Attempt 2');
  expect(first).toContain('at the limit and above it nothing is missing');
  expect(first).not.toContain('The function is there, with tests.');

  expect(await stateOf(factory, repeats.id)).toMatchObject({
    outcome: { kind: 'gave_up', code: 'no_progress' },
  });
  expect(await factory.forge.pullRequests(shop)).toHaveLength(1);
  expect([...leftOver(mends.id), ...leftOver(repeats.id)]).toEqual([]);
});
