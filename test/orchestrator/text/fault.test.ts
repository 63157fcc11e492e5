import { expect, test } from 'vitest';
import { FAULT_CODES, Fault } from '../../../orchestrator/domain/faults.ts';
import { faultText } from '../../../orchestrator/text/fault.ts';

test('a fault says its code, what happened and where, and what to do', () => {
  const fault = new Fault(
    'base_not_found',
    '/repositories/shop: it has no branch "nope"; it has main',
  );
  expect(faultText(fault)).toMatchInlineSnapshot(`
    "error[base_not_found]: /repositories/shop: it has no branch "nope"; it has main
      what to do: Name one of the branches that exist with --base."
  `);
});

test('a message of several lines keeps its lines, and loses what a terminal would act on', () => {
  expect(
    faultText(new Fault('policy_invalid', 'one\n  two\u001b[2J\u202e')),
  ).toMatchInlineSnapshot(`
    "error[policy_invalid]: one
      two·[2J·
      what to do: See every error with: proofhouse policy lint"
  `);
});

test.each(FAULT_CODES)('the text of %s has no line that is empty', (code) => {
  expect(
    faultText(new Fault(code, 'x'))
      .split('\n')
      .every((line) => line.trim() !== ''),
  ).toBe(true);
});
