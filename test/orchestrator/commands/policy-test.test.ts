import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { policyTest, type TestOptions } from '../../../orchestrator/commands/policy-test.ts';
import { temporaryFolder } from '../intake/repositories.ts';
import { desk } from './context.ts';

const POLICY = `apiVersion: proofhouse/v1
kind: Policy
metadata: { name: shop, layer: standalone, owner: platform }
groups: { platform: { members: ["github:ana"] }, security: { members: ["github:bo"] } }
unmatched: { class: low }
gates:
  - { id: auth, why: x, class: high, paths: [auth/] }
  - { id: docs, class: low, paths: [docs/] }
validators: { unit: { run: [x], reports: { junit: j.xml } } }
`;
const CASES = `cases:
  - name: auth & <login> is held
    change: [{ modify: auth/a.ts }]
    expect: { decision: hold, gates: [auth] }
  - name: "docs #1 are free"
    change: [{ modify: docs/a.md }]
    expect: { decision: allow }
`;

async function run(cases: string, over: Partial<TestOptions> = {}, json = false) {
  const cwd = temporaryFolder();
  mkdirSync(path.join(cwd, '.proofhouse'));
  writeFileSync(path.join(cwd, '.proofhouse/policy.yaml'), POLICY);
  writeFileSync(path.join(cwd, '.proofhouse/policy.test.yaml'), cases);
  const { context, said } = desk({ cwd, json });
  const options = {
    file: null,
    policies: [],
    coverage: false,
    packs: false,
    format: 'text',
  } as const;
  const exit = await policyTest(context, { ...options, ...over });
  return { exit, said: said.join('\n') };
}

const WRONG = CASES.replace('decision: allow', 'decision: deny, class: high');

test('cases that pass end with 0', async () => {
  expect(await run(CASES)).toEqual({ exit: 0, said: '2 of 2 cases passed' });
});

test('a case that fails ends with 1 and says what was expected, what was found, and where', async () => {
  const { exit, said } = await run(WRONG);
  expect(exit).toBe(1);
  expect(said).toMatchInlineSnapshot(`
    "FAILED docs #1 are free
      --> .proofhouse/policy.test.yaml:5:5
      decision
        expected deny
        found    allow
      class
        expected high
        found    low

    1 of 2 cases passed"
  `);
});

test('coverage below 100 % ends with 1, although every case passes', async () => {
  const [first] = CASES.split('  - name: "docs');
  const { exit, said } = await run(first ?? '', { coverage: true });
  expect(exit).toBe(1);
  expect(said).toMatchInlineSnapshot(`
    "1 of 2 gates and content rules are fired by some case.
    Fired by no case:
      docs  .proofhouse/policy.yaml:8:5
    Classes that no case takes:
      low

    1 of 1 cases passed; 50 % of gates and content rules covered"
  `);
  expect((await run(CASES, { coverage: true })).exit).toBe(0);
});

test('TAP', async () => {
  const { exit, said } = await run(WRONG, { format: 'tap' });
  expect(exit).toBe(1);
  expect(said).toMatchInlineSnapshot(`
    "TAP version 14
    1..2
    ok 1 - auth & <login> is held
    not ok 2 - docs \\#1 are free
      ---
      at: ".proofhouse/policy.test.yaml:5:5"
      decision: "expected deny, found allow"
      class: "expected high, found low"
      ..."
  `);
});

test('JUnit', async () => {
  expect((await run(WRONG, { format: 'junit' })).said).toMatchInlineSnapshot(`
    "<?xml version="1.0" encoding="UTF-8"?>
    <testsuites><testsuite name="policy" tests="2" failures="1">
      <testcase classname="policy" name="auth &amp; &lt;login&gt; is held" file=".proofhouse/policy.test.yaml:2:5"/>
      <testcase classname="policy" name="docs #1 are free" file=".proofhouse/policy.test.yaml:5:5"><failure message="decision: expected deny, found allow; class: expected high, found low">.proofhouse/policy.test.yaml:5:5</failure></testcase>
    </testsuite></testsuites>"
  `);
});

test('with --json the whole report is one object', async () => {
  const { said } = await run(WRONG, { coverage: true }, true);
  expect(JSON.parse(said)).toMatchObject({
    cases: [
      { misses: [] },
      {
        where: '.proofhouse/policy.test.yaml:5:5',
        misses: [{ key: 'decision' }, { key: 'class' }],
      },
    ],
    coverage: { percent: 100 },
  });
});

test.each([
  ['no case at all', 'cases: []\n', /at least one case/],
  ['a key that there is not', 'cases:\n  - { nam: x }\n', /policy\.test\.yaml:2:/],
  [
    'a path twice',
    `cases:\n  - { name: x, change: [{ add: a }, { delete: a }], expect: { decision: hold } }\n`,
    /policy\.test\.yaml:2:24: "a" is in this change twice/,
  ],
])('%s is refused with its line', async (_, cases, message) => {
  await expect(run(cases)).rejects.toMatchObject({
    exit: 2,
    message: expect.stringMatching(message),
  });
});

test('a file that is not there is refused', async () => {
  await expect(run(CASES, { file: 'none.yaml' })).rejects.toMatchObject({ code: 'usage' });
  await expect(run(CASES, { policies: ['none.yaml'] })).rejects.toMatchObject({ exit: 2 });
});
