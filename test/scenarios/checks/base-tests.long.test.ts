/**
 * An agent that breaks the code and its own exam with it: the tests of the base commit say so, and by
 * name which of them are gone. What passed before is not run again for the same tree.
 */
import path from 'node:path';
import { expect, test } from 'vitest';
import type { Factory } from '../../../orchestrator/compose.ts';
import type { Check } from '../../../orchestrator/domain/check.ts';
import type { RunId } from '../../../orchestrator/domain/ids.ts';
import { factoryWith, outcomeOf, shellAgent } from '../steps.ts';
import { leftOver, queue, settle } from '../support.ts';
import { TINY_POLICY, tinyRepository } from '../tiny.ts';

const RUN = `run: [node, --test, --test-reporter=junit, --test-reporter-destination=/out/junit.xml]
    reports: { junit: "junit.xml" }
    timeout: 1m
    memory: 256MiB`;
const POLICY = TINY_POLICY.replace(
  'network:',
  `  exam:
    ${RUN}
    tests_from: base
  weaker: { kind: tests-weakened, compare: [unit] }
  secrets: { kind: secrets }
  small: { kind: size, max_files: 3 }
network:`,
).replace('retries: 1', 'retries: 0');

const CHEATS = `echo 'export const sum = (a, b) => a - b;' > src/sum.mjs
cat > test/sum.test.mjs <<'END'
import assert from 'node:assert/strict';
import test from 'node:test';
import { sum } from '../src/sum.mjs';
test('subtracts', () => assert.equal(sum(3, 2), 1));
END
`;
const HONEST = "echo 'export const more = 1;' > src/more.mjs\n";

async function checksOf(factory: Factory, id: RunId): Promise<ReadonlyMap<string, Check>> {
  const journal = await factory.store.read(id);
  const checks = journal.flatMap(({ event }) => ('checks' in event ? event.checks : []));
  return new Map(checks.map((check) => [check.validator, check]));
}

async function evidenceOf(factory: Factory, check: Check | undefined, name: string) {
  const file = check?.evidence.find((one) => one.name === name);
  const bytes = file === undefined ? null : await factory.tools.evidence.get(file.digest);
  return bytes === null ? null : JSON.parse(Buffer.from(bytes).toString());
}

test('who weakens their own exam is examined by the one of the base', async () => {
  const factory = await factoryWith('exam');
  const files = { ...shellAgent(CHEATS), '.proofhouse/policy.yaml': POLICY };
  const repository = tinyRepository(path.join(factory.home, 'tiny'), files);
  const { id } = await queue(factory, repository, 'Cheat');
  expect(outcomeOf(await settle(factory, id))).toMatchObject({ kind: 'gave_up' });
  const checks = await checksOf(factory, id);
  expect(checks.get('unit')).toMatchObject({ verdict: 'passed' });
  expect(checks.get('exam')).toMatchObject({ verdict: 'failed', tests: { failed: 1 }, tries: 2 });
  expect(await evidenceOf(factory, checks.get('exam'), 'trees.json')).toMatchObject({
    checked: expect.stringMatching(/^[0-9a-f]{40}$/),
    codeFrom: { tree: expect.any(String) },
    testsFrom: { commit: expect.any(String) },
  });
  expect(checks.get('weaker')?.findings.map(({ message }) => message)).toContain(
    'unit: the test "test › adds" of the base commit is not there any more',
  );
  expect(leftOver(id)).toEqual([]);
});

test('an honest change passes them all, and a second run of it finds them made', async () => {
  const factory = await factoryWith('exam-again');
  const files = { ...shellAgent(HONEST), '.proofhouse/policy.yaml': POLICY };
  const repository = tinyRepository(path.join(factory.home, 'tiny'), files);
  const first = await queue(factory, repository, 'More');
  expect(outcomeOf(await settle(factory, first.id))).toMatchObject({ kind: 'published' });
  const second = await queue(factory, repository, 'More again');
  expect(outcomeOf(await settle(factory, second.id))).toMatchObject({ kind: 'published' });
  const checks = await checksOf(factory, second.id);
  const cachedFrom = { run: first.id, attempt: 1 };
  expect(checks.get('unit')).toMatchObject({ verdict: 'passed', cachedFrom });
  expect(checks.get('exam')).toMatchObject({ verdict: 'passed', cachedFrom });
  expect(checks.get('secrets')).toMatchObject({ verdict: 'passed', cachedFrom: null });
});
