/** Attacks on checks: each first passes where one thing is weaker, then meets ours. */
import { expect, test } from 'vitest';
import type { Check } from '../../orchestrator/domain/check.ts';
import type { CheckRun, OutFile, Validator } from '../../orchestrator/ports.ts';
import { onceMore } from '../../validators/again.ts';
import { type CommandDefinition, checkOf, commandValidator } from '../../validators/command.ts';
import { EVIDENCE_ROWS as ROWS } from '../red-team/evidence/rows.ts';
import { FAIL, junit, PASS, REQUEST, ran, SIGNAL, toolsWith } from './checks.ts';

const DEFINITION: CommandDefinition = {
  ...{ kind: 'command', run: ['x'], image: 'base', timeoutMs: 1000, memoryBytes: 1 },
  ...{ reports: { junit: 'junit.xml' }, minTests: 1 },
};

/** One answer for each time that it is run; the last one stays. */
function answering(...answers: readonly CheckRun[]) {
  const left = [...answers];
  const { tools } = toolsWith({
    check: async () => (left.length > 1 ? left.shift() : left[0]) ?? ran(),
  });
  return { tools, validator: commandValidator(tools) };
}
const ask = (validator: Validator<CommandDefinition>): Promise<Check> =>
  validator({ ...REQUEST, definition: DEFINITION }, SIGNAL);

test(`${ROWS.forged.id} ${ROWS.forged.attack}`, async () => {
  const workspace: OutFile[] = [junit(PASS)];
  const real = ran({ files: [] });
  const { tools, validator } = answering(real);
  // Weak: one field, where the reports come from.
  const weak = { id: 'unit', definition: DEFINITION, ran: real, reports: workspace, kept: [] };
  expect(await checkOf(tools, weak)).toMatchObject({ verdict: 'passed' });
  expect(await ask(validator)).toMatchObject({ verdict: 'failed', tests: { run: 0 } });
});

test(`${ROWS.untilGreen.id} ${ROWS.untilGreen.attack}`, async () => {
  const red = ran({ files: [junit(FAIL)] }, { exitCode: 1 });
  const green = ran({ files: [junit('<testcase name="rounds"/>')] });
  const weakly = answering(red, red, green);
  let weak = await ask(weakly.validator);
  for (let tries = 0; weak.verdict !== 'passed' && tries < 10; tries += 1) {
    weak = await ask(weakly.validator);
  }
  expect(weak).toMatchObject({ verdict: 'passed', tries: 1, tests: { flaky: 0 } });

  const ours = answering(red, red, green);
  expect(await ask(onceMore(ours.validator, ours.tools.evidence))).toMatchObject({
    verdict: 'failed',
    tries: 2,
  });
  const lucky = answering(red, green);
  expect(await ask(onceMore(lucky.validator, lucky.tools.evidence))).toMatchObject({
    ...{ verdict: 'passed', tries: 2 },
    tests: { flaky: 1 },
  });
});

test.each([
  ['its time was over', { ended: 'timed_out', exitCode: null }, 'check_timed_out'],
  ['its runner was killed', { ended: 'exited', exitCode: 137 }, 'check_failed'],
  ['its memory was over', { ended: 'oom', exitCode: 137 }, 'check_out_of_memory'],
] as const)(`${ROWS.hang.id} ${ROWS.hang.attack}: %s`, async (_, end, code) => {
  const good = [junit(PASS, PASS)];
  const weak = answering(ran({ files: good }));
  expect(await ask(weak.validator)).toMatchObject({ verdict: 'passed' });
  const { validator } = answering(ran({ files: good }, end));
  expect(await ask(validator)).toMatchObject({ verdict: 'failed', findings: [{ code }] });
});
