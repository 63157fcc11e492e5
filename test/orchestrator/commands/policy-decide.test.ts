import { expect, test } from 'vitest';
import { type DecideOptions, policyDecide } from '../../../orchestrator/commands/policy-decide.ts';
import { asFault } from '../../../orchestrator/domain/faults.ts';
import { Judgement } from '../../../orchestrator/domain/judgement.ts';
import { faultText } from '../../../orchestrator/text/fault.ts';
import { FULL } from '../../policies/sample.ts';
import { writeAll } from '../intake/repositories.ts';
import { desk } from './context.ts';

const FACTS = {
  change: { base: 'a'.repeat(40), tree: 'b'.repeat(40) },
  entries: [
    {
      path: 'README.md',
      oldMode: '100644',
      newMode: '100644',
      oldOid: '1'.repeat(40),
      newOid: '2'.repeat(40),
    },
  ],
  blobBytes: { ['2'.repeat(40)]: 10 },
};
const at = (path: string) => ({
  ...FACTS,
  entries: FACTS.entries.map((one) => ({ ...one, path })),
});

type Over = Partial<DecideOptions> & { json?: boolean; stdin?: string; org?: string };

async function decided(facts: unknown, { json = false, stdin = '', org, ...over }: Over = {}) {
  const { context, said } = desk({ json, orgPolicies: org === undefined ? [] : ['org.yaml'] });
  writeAll(context.cwd, {
    '.proofhouse/policy.yaml': FULL,
    'facts.json': typeof facts === 'string' ? facts : JSON.stringify(facts),
    ...(org === undefined ? {} : { 'org.yaml': org }),
  });
  async function* input(): AsyncGenerator<string> {
    yield stdin;
  }
  const options = { facts: 'facts.json', policies: [], now: null, input: input(), ...over };
  return { exit: await policyDecide(context, options), said: said.join('\n') };
}

async function refused(facts: unknown, over: Over = {}): Promise<string> {
  const fault = await decided(facts, over).then(() => null, asFault);
  return fault === null ? 'not refused' : `${fault.exit} ${faultText(fault)}`;
}

test.each([
  ['README.md', 0, 'allow'],
  ['src/auth/a.ts', 3, 'hold'],
  ['.proofhouse/a', 1, 'deny'],
])('a change of %s ends with %d', async (path, exit, verdict) => {
  const answer = await decided(at(path));
  expect(answer.exit).toBe(exit);
  expect(answer.said).toMatch(new RegExp(`^${verdict} `));
});

test('JSON is the judgement as it is, and the facts may come on stdin', async () => {
  const { said, exit } = await decided('', {
    json: true,
    facts: '-',
    stdin: JSON.stringify(at('src/auth/a.ts')),
  });
  expect(exit).toBe(3);
  const judgement: unknown = JSON.parse(said);
  expect(Judgement.parse(judgement)).toEqual(judgement);
  expect(judgement).toMatchObject({ verdict: 'hold', gates: [{ id: 'auth' }] });
});

test('policies above judge too', async () => {
  const org = `apiVersion: proofhouse/v1
kind: Policy
metadata: { name: acme, layer: org, owner: platform }
gates: [{ id: all, why: x, class: critical, surface: forbid, paths: ["**"] }]
`;
  expect((await decided(FACTS, { org })).exit).toBe(1);
});

test('an exemption holds or not at the moment that is named', async () => {
  const policy = `${FULL}exemptions:
  - { id: old, gate: auth, paths: ["src/auth/"], why: x, granted_by: "local:sam", expires: 2026-06-01 }
`;
  const when = async (now: string): Promise<number> => {
    const { context } = desk();
    writeAll(context.cwd, { 'p.yaml': policy, 'f.json': JSON.stringify(at('src/auth/a.ts')) });
    async function* input(): AsyncGenerator<string> {}
    return policyDecide(context, { facts: 'f.json', policies: ['p.yaml'], now, input: input() });
  };
  expect(await when('2026-06-01T23:59:59Z')).toBe(0);
  expect(await when('2026-06-01T23:59:59-01:00')).toBe(3);
});

test('everything wrong with facts is told at once, each with its place', async () => {
  const facts = {
    ...FACTS,
    extra: 1,
    entries: [{ ...FACTS.entries[0], oldMode: '9', newOid: 'x' }],
  };
  expect(await refused(facts)).toMatchInlineSnapshot(`
    "2 error[facts_invalid]: facts.json holds no facts of a change:
      entries[0].oldMode: a mode is six octal digits, as in 100644; 000000 is a file that is not there
      entries[0].newOid: an object id is 40 hex digits in lower case
      extra: unknown key \`extra\`; known: change, entries, blobBytes, binary, target, texts, roots, history, groups, madeBy
      what to do: Mend what the message names; the format is printed by: proofhouse policy schema --kind facts"
  `);
});

test.each([
  ['a file that is not there', FACTS, { facts: 'no.json' }, 'no.json does not exist'],
  ['a folder', FACTS, { facts: '.proofhouse' }, '.proofhouse is a folder'],
  ['no JSON', '{ nope', {}, 'facts.json is not JSON'],
  ['nothing on stdin', FACTS, { facts: '-' }, 'stdin is not JSON'],
  ['no policy', FACTS, { policies: ['no.yaml'] }, 'error[file_unreadable]: no.yaml does not exist'],
  ['a folder as policy', FACTS, { policies: ['.'] }, 'error[file_unreadable]: . is a folder'],
  ['a broken policy', FACTS, { policies: ['facts.json'] }, 'error[policy_invalid]'],
  ['a day', FACTS, { now: '2026-01-01' }, 'is no moment with a zone'],
  ['a month of 13', FACTS, { now: '2026-13-01T00:00:00Z' }, 'is no moment with a zone'],
])('%s is bad input, and says what it is', async (_, facts, over, said) => {
  const text = await refused(facts, over);
  expect(text).toContain(said);
  expect(text).toMatch(/^2 error/);
});
