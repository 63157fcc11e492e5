/** A failed test is tried once more: what passes then is flaky and said to be so, what fails again has failed. */
import { expect, test } from 'vitest';
import type { CheckRun } from '../../orchestrator/ports.ts';
import { onceMore } from '../../validators/again.ts';
import { type CommandDefinition, commandValidator } from '../../validators/command.ts';
import { FAIL, junit, PASS, REQUEST, ran, SIGNAL, toolsWith } from './checks.ts';

const DEFINITION: CommandDefinition = {
  ...{ kind: 'command', run: ['x'], image: 'base', timeoutMs: 1000, memoryBytes: 1 },
  ...{ reports: { junit: 'junit.xml' }, minTests: 1 },
};
const FAIL_ADDS = '<testcase name="adds"><failure message="no"/></testcase>';
const PASS_ROUNDS = '<testcase name="rounds"/>';
const of = (...cases: readonly string[]) => ran({ files: [junit(...cases)] });

/** One answer after the other, and a failure for one more. */
async function tried(...answers: readonly CheckRun[]) {
  const left = [...answers];
  const { tools, kept } = toolsWith({
    check: async () => {
      const next = left.shift();
      if (next === undefined) throw new Error('nobody was to try again');
      return next;
    },
  });
  const validator = onceMore(commandValidator(tools), tools.evidence);
  const said = await validator({ ...REQUEST, definition: DEFINITION }, SIGNAL);
  return { said, left: left.length, kept };
}

test('what passes is not tried again', async () => {
  expect((await tried(of(PASS))).said).toMatchObject({ verdict: 'passed', tries: 1 });
});

test('a test that passes the second time is flaky: it fails nothing and is not plain green', async () => {
  const { said, kept } = await tried(of(PASS, FAIL), of(PASS, PASS_ROUNDS));
  expect(said).toMatchObject({
    verdict: 'passed',
    ...{ tries: 2, findings: [], wallMs: 3_000 },
    tests: { run: 2, failed: 0, flaky: 1 },
  });
  expect(kept.at(-1)).toBe('{"passed":["adds"],"failed":[],"skipped":[],"flaky":["rounds"]}');
  expect(said.evidence.map(({ name }) => name)).toContain('first-time/junit.xml');
});

test('one that fails twice has failed, and there is no third time', async () => {
  const { said, left } = await tried(of(FAIL), of(FAIL), of(PASS_ROUNDS));
  expect(said).toMatchObject({ verdict: 'failed', tries: 2, tests: { failed: 1, flaky: 0 } });
  expect(left).toBe(1);
});

test('another that fails the second time fails it all', async () => {
  const { said } = await tried(of(PASS, FAIL), of(FAIL_ADDS, PASS_ROUNDS));
  expect(said).toMatchObject({ verdict: 'failed', tests: { failed: 1, flaky: 1 } });
});

test('one that is left out the second time did not recover', async () => {
  const { said } = await tried(of(PASS, FAIL), of(PASS));
  expect(said).toMatchObject({ verdict: 'failed', tries: 2, findings: [{ code: 'tests_failed' }] });
});

test('one of two with one name cannot be told apart, and did not recover', async () => {
  const { said } = await tried(of(FAIL, FAIL), of(PASS_ROUNDS));
  expect(said).toMatchObject({ verdict: 'failed' });
});

test.each([
  ['an exit code without a failed test', ran({}, { exitCode: 1 })],
  ['an end by time', ran({ files: [junit(FAIL)] }, { ended: 'timed_out', exitCode: null })],
  ['no test at all', ran({ files: [] })],
])('%s is not tried again', async (_, answer) => {
  expect((await tried(answer)).said).toMatchObject({ verdict: 'failed', tries: 1 });
});
