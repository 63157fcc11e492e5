import { expect, test } from 'vitest';
import { policyExplainCode } from '../../../orchestrator/commands/policy-code.ts';
import { policySchema } from '../../../orchestrator/commands/policy-schema.ts';
import { asFault } from '../../../orchestrator/domain/faults.ts';
import { desk } from './context.ts';

test('a code is explained, in any letter case', async () => {
  const { context, said } = desk();
  expect(await policyExplainCode(context, 'p0105')).toBe(0);
  expect(said.join('\n')).toMatchInlineSnapshot(`
    "P0105: an anchor or an alias

    A policy says where it stands what it means, so that one line can be reviewed without another. Anchors and aliases also make small files large.

    What to do: Write the value out in each place."
  `);
});

test('and as JSON', async () => {
  const { context, said } = desk({ json: true });
  await policyExplainCode(context, 'P0105');
  expect(JSON.parse(said.join(''))).toMatchObject({ code: 'P0105', title: expect.any(String) });
});

test.each([
  ['P0193', 'did you mean P0103?'],
  ['', 'codes are written as in P0103'],
  ['constructor', 'codes are written as in P0103'],
])('there is no code %j', async (code, hint) => {
  const fault = await policyExplainCode(desk().context, code).then(() => null, asFault);
  expect(fault?.message).toContain(hint);
  expect(fault?.exit).toBe(2);
});

test.each([
  [false, /^\{\n {2}"\$schema"/],
  [true, /^\{"\$schema":[^\n]*$/],
])('a schema is one JSON value (for machines: %s)', async (json, form) => {
  const { context, said } = desk({ json });
  expect(await policySchema(context, 'policy')).toBe(0);
  expect(said).toEqual([expect.stringMatching(form)]);
  expect(() => JSON.parse(said.join(''))).not.toThrow();
});
