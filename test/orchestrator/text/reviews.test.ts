import { expect, test } from 'vitest';
import type { Check } from '../../../orchestrator/domain/check.ts';
import { pullRequestText } from '../../../orchestrator/text/pull-request.ts';
import { reviewParts, verdictWords } from '../../../orchestrator/text/reviews.ts';
import { CHECK } from '../fixtures.ts';
import { PULL_REQUEST } from './pull-request-facts.ts';

const remark = (message: string, where = 'src/a.ts:3') => ({
  ...{ validator: 'read', code: 'review_remark', message, where },
});
const REVIEW: Check = {
  ...{ ...CHECK, validator: 'read', kind: 'review', tests: null, advisory: true },
  findings: [remark('high: The total is wrong.')],
};

test('a review is never told to have passed', () => {
  expect(verdictWords(REVIEW)).toBe('reviewed, 1 remark');
  expect(verdictWords({ ...REVIEW, findings: [] })).toBe('reviewed, 0 remarks');
  expect(verdictWords({ ...REVIEW, verdict: 'unknown' })).toBe('not reviewed');
  expect(verdictWords(CHECK)).toBe('passed');
  const { body } = pullRequestText({ ...PULL_REQUEST, checks: [CHECK, REVIEW] });
  expect(body).toContain('1 of 1 check passed');
  expect(body).toContain('| read | **reviewed, 1 remark, advisory** |');
});

test('its remarks are a table with whose words they are', () => {
  expect(reviewParts([CHECK])).toEqual([]);
  expect(reviewParts([CHECK, REVIEW]).join()).toMatchInlineSnapshot(`
    "### What a reviewing model says

    These are a model's words (\`read\`). They passed nothing and failed nothing.

    | Review | Where | Remark |
    | --- | --- | --- |
    | read | \`src/a.ts:3\` | \`high: The total is wrong.\` |"
  `);
  expect(reviewParts([{ ...REVIEW, findings: [] }]).join()).toContain('which proves nothing');
});

test('a remark mentions nobody, closes nothing and shows no picture', () => {
  const message = 'fixes #1 @rita ![x](https://evil.test/p) </table> | a | `b` \u202e';
  const { body } = pullRequestText({
    ...PULL_REQUEST,
    checks: [{ ...REVIEW, findings: [remark(message, '@rita')] }],
  });
  expect(body).toContain(
    '| read | `@rita` | ``fixes #1 @rita ![x](https://evil.test/p) </table> ¦ a ¦ `b` \\u{202e}`` |',
  );
});

test('a gate that a review raised says so', () => {
  const { judgement } = PULL_REQUEST;
  const gate = { id: 'pay', why: 'Money.', riskClass: 'high', approvals: [], paths: [] };
  const { body } = pullRequestText({
    ...PULL_REQUEST,
    judgement: {
      ...judgement,
      gates: [gate] as never,
      advice: {
        ...{ add: ['pay'], by: 'small' },
        raised: [{ gate: 'pay', validator: 'read', by: 'large' }],
      },
    },
  });
  expect(body).toContain('**Raised by a review**, `read` by `large`; no path asks for it.');
});
