import { describe, expect, test } from 'vitest';
import { Fault } from '../../orchestrator/domain/faults.ts';
import type { CheckRun } from '../../orchestrator/ports.ts';
import { type CommandDefinition, commandValidator } from '../../validators/command.ts';
import { checking, FAIL, junit, PASS, REQUEST, ran, SIGNAL, SKIP, toolsWith } from './checks.ts';

const DEFINITION: CommandDefinition = {
  kind: 'command',
  run: ['npx', 'vitest', 'run'],
  image: 'base',
  timeoutMs: 300_000,
  memoryBytes: 2 ** 30,
  reports: { junit: '**/junit.xml' },
  minTests: 1,
};

async function checked(result: CheckRun, over: Partial<CommandDefinition> = {}) {
  const { check, commands } = checking(result);
  const { tools, kept } = toolsWith({ check });
  const definition = { ...DEFINITION, ...over };
  const said = await commandValidator(tools)({ ...REQUEST, definition }, SIGNAL);
  return { said, commands, kept };
}

const codes = async (...given: Parameters<typeof checked>): Promise<string[]> => {
  const { said } = await checked(...given);
  expect(said.verdict).toBe(said.findings.length === 0 ? 'passed' : 'failed');
  return said.findings.map(({ code }) => code);
};

test('its command is run as it is, in a sandbox of its own, within its bounds', async () => {
  const { commands } = await checked(ran());
  expect(commands).toEqual([
    {
      part: 'check-unit',
      role: 'validator',
      image: 'base',
      argv: ['npx', 'vitest', 'run'],
      env: { CI: '1', PROOFHOUSE_OUT: '/out' },
      files: {},
      memoryBytes: 2 ** 30,
      wallMs: 300_000,
      services: [],
      joins: null,
    },
  ]);
});

test('exit code 0 and a report of passed tests pass', async () => {
  const { said } = await checked(ran({ files: [junit(PASS, PASS, SKIP)] }));
  expect(said).toMatchObject({
    validator: 'unit',
    verdict: 'passed',
    kind: 'command',
    tests: { run: 2, failed: 0, skipped: 1, flaky: 0 },
    findings: [],
    wallMs: 1_500,
  });
});

describe('a check fails', () => {
  test('when a test failed, by its name and message, also with exit code 0', async () => {
    const { said } = await checked(ran({ files: [junit(PASS, FAIL)] }));
    expect(said.verdict).toBe('failed');
    expect(said.findings).toEqual([
      { validator: 'unit', code: 'tests_failed', message: 'rounds: expected 3 to be 2' },
    ]);
  });

  test('when its exit code is not 0 though every test passed, with its last lines', async () => {
    const { said } = await checked(ran({ tail: ['a', 'b hunter2'] }, { exitCode: 1 }));
    expect(said.findings).toEqual([
      { validator: 'unit', code: 'check_failed', message: 'it ended with exit code 1:\na\nb ***' },
    ]);
  });

  test('once, when a failed test explains the exit code', async () => {
    expect(await codes(ran({ files: [junit(FAIL)] }, { exitCode: 1 }))).toEqual(['tests_failed']);
  });

  test.each([
    ['no report', []],
    ['a report without tests', [junit()]],
    ['a report of skipped tests', [junit(SKIP)]],
    ['a report where nobody looks', [{ ...junit(PASS), name: 'junit.txt' }]],
  ])('with %s, for it proves nothing', async (_, files) => {
    const { said } = await checked(ran({ files }));
    expect(said.findings).toMatchObject([{ code: 'no_tests', message: 'no test was executed' }]);
  });

  test('with fewer tests than the policy asks for', async () => {
    const { said } = await checked(ran(), { minTests: 3 });
    const message = '2 tests ran; the policy asks for at least 3';
    expect(said.findings).toEqual([{ validator: 'unit', code: 'no_tests', message }]);
    expect(await codes(ran(), { minTests: 2 })).toEqual([]);
  });

  test('with an exit code and no report, for both reasons', async () => {
    const killed = ran({ files: [] }, { exitCode: 137 });
    expect(await codes(killed)).toEqual(['check_failed', 'no_tests']);
  });

  test('when it did not end in time, whatever its report says', async () => {
    const { said } = await checked(ran({}, { ended: 'timed_out', exitCode: null }));
    const message = 'it did not end within 300 s';
    expect(said.findings).toEqual([{ validator: 'unit', code: 'check_timed_out', message }]);
  });

  test('when it needed more memory than it has, whatever its report says', async () => {
    expect(await codes(ran({}, { ended: 'oom', exitCode: 137 }))).toEqual(['check_out_of_memory']);
  });

  test.each(['<testsuite><testcase', 'not xml', '<!DOCTYPE x><testsuite/>', ''])(
    'with the report %j, which cannot be read, also beside a good one',
    async (xml) => {
      const bad = { name: 'more/junit.xml', bytes: Buffer.from(xml) };
      const { said } = await checked(ran({ files: [junit(PASS), bad] }));
      expect(said.findings).toMatchObject([
        {
          code: 'check_failed',
          message: expect.stringContaining('more/junit.xml could not be read'),
        },
      ]);
    },
  );

  test('with twenty findings at most, each within its bounds and without secrets', async () => {
    const long = `<testcase name="hunter2"><failure message="${'x'.repeat(5_000)}"/></testcase>`;
    const { said } = await checked(
      ran({ files: [junit(...Array.from({ length: 30 }, () => long))] }),
    );
    expect(said.tests).toMatchObject({ failed: 30 });
    expect(said.findings).toHaveLength(20);
    expect(said.findings[0]?.message.length).toBeLessThanOrEqual(2_000);
    expect(JSON.stringify(said.findings)).not.toContain('hunter2');
  });
});

test('several reports count together', async () => {
  const more = { ...junit(PASS, SKIP), name: 'a/b/junit.xml' };
  const { said } = await checked(ran({ files: [junit(PASS, PASS), more] }));
  expect(said.tests).toEqual({ run: 3, failed: 0, skipped: 1, flaky: 0 });
});

test('files that were too many or too large to be read leave a green report unproven', async () => {
  const { said } = await checked(ran({ files: [junit(PASS)], left: 1 }));
  expect(said).toMatchObject({ verdict: 'unknown', findings: [{ code: 'check_unknown' }] });
});

test('a sandbox that vanished is broken machinery and no verdict', async () => {
  const lost = checked(ran({}, { ended: 'lost', exitCode: null }));
  await expect(lost).rejects.toBeInstanceOf(Fault);
  await expect(lost).rejects.toMatchObject({ code: 'engine_failed' });
});

test('its reports and its output are kept as evidence, and nothing else that it left', async () => {
  const files = [junit(PASS), { name: 'core.dump', bytes: Buffer.from('x') }];
  const { said, kept } = await checked(ran({ files, tail: ['hello hunter2'] }));
  expect(said.evidence.map(({ name, mediaType }) => [name, mediaType])).toEqual([
    ['junit.xml', 'application/xml'],
    ['tests.json', 'application/json'],
    ['output.txt', 'text/plain'],
  ]);
  const names = '{"passed":["adds"],"failed":[],"skipped":[],"flaky":[]}';
  expect(kept).toEqual([`<testsuite>${PASS}</testsuite>`, names, 'hello ***']);
});

describe('a report without tests', () => {
  const run = (over: object) => ({
    tool: { driver: { name: 'eslint' } },
    ...{ invocations: [{ executionSuccessful: true }], results: [], ...over },
  });
  const lint = (over: object = {}, exitCode = 0) => {
    const text = JSON.stringify({ version: '2.1.0', runs: [run(over)] });
    return ran({ files: [{ name: 'lint.sarif', bytes: Buffer.from(text) }] }, { exitCode });
  };
  const only = { reports: { sarif: 'lint.sarif' } };
  const error = { level: 'error', message: { text: 'eval is evil' } };

  test('passes when its tool says that it was carried through and found nothing', async () => {
    const { said } = await checked(lint(), only);
    expect(said).toMatchObject({ verdict: 'passed', tests: null, findings: [] });
  });

  test('fails by what it found, also with exit code 0', async () => {
    const { said } = await checked(lint({ results: [error] }), only);
    expect(said).toMatchObject({ verdict: 'failed', findings: [{ message: 'eval is evil' }] });
  });

  test('fails by its exit code when it says nothing of it', async () => {
    const { said } = await checked(lint({}, 2), only);
    expect(said).toMatchObject({ verdict: 'failed', findings: [{ code: 'check_failed' }] });
  });

  test.each([
    ['says nothing of how it ended', lint({ invocations: [] })],
    ['says that it was broken off', lint({ invocations: [{ executionSuccessful: false }] })],
    ['is not there', ran({ files: [] })],
  ])('that %s leaves it unknown, which passes nothing', async (_, result) => {
    const { said } = await checked(result, only);
    expect(said).toMatchObject({ verdict: 'unknown', findings: [{ code: 'check_unknown' }] });
  });

  test('beside one with tests needs no such word, and its findings count all the same', async () => {
    const both = { reports: { junit: 'junit.xml', sarif: 'lint.sarif' } };
    const files = [junit(PASS), ...lint({ invocations: [] }).files];
    expect((await checked(ran({ files }), both)).said).toMatchObject({ verdict: 'passed' });
    const found = [junit(PASS), ...lint({ results: [error] }).files];
    expect((await checked(ran({ files: found }), both)).said).toMatchObject({ verdict: 'failed' });
  });
});

test('TAP is counted as JUnit is', async () => {
  const tap = {
    name: 'out.tap',
    bytes: Buffer.from('TAP version 13\n1..2\nok 1 - a\nnot ok 2 - b\n'),
  };
  const { said } = await checked(ran({ files: [tap] }), { reports: { tap: '*.tap' } });
  expect(said).toMatchObject({ verdict: 'failed', tests: { run: 2, failed: 1 } });
});

describe('the definition of a check', () => {
  const digestOf = async (over: Partial<CommandDefinition>) =>
    (await checked(ran(), over)).said.definition;

  test('has the same digest for the same definition, however it was written', async () => {
    const { kind, ...rest } = DEFINITION;
    expect(await digestOf({})).toBe(await digestOf({ ...rest, kind }));
  });

  test.each<Partial<CommandDefinition>>([
    { run: ['true'] },
    { image: 'browser' },
    { timeoutMs: 1 },
    { memoryBytes: 1 },
    { reports: { junit: '**' } },
    { minTests: 2 },
  ])('has another digest with %j', async (over) => {
    expect(await digestOf(over)).not.toBe(await digestOf({}));
  });
});
