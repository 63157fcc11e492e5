/** A change that a model reviews, from the task to the people whom a remark asked for. */
import path from 'node:path';
import { expect, it } from 'vitest';
import { Review } from '../../../orchestrator/domain/review.ts';
import { openEvidenceStore } from '../../../validators/evidence/store.ts';
import { leftOver, queue, scratch, settle, testFactory } from '../support.ts';
import { SHELL_AGENT, scenarioIn, TINY_POLICY, tinyRepository, workspaceFile } from '../tiny.ts';

const REMARK = {
  ...{ path: 'src/sum.mjs', line: 1, severity: 'high' },
  message: 'It adds nothing up.',
};
const POLICY = `${TINY_POLICY.replace(
  'validators:',
  'validators:\n  read: { kind: review, required: true, raises: [auth] }',
)}models: { routes: [{ stage: review, use: [scripted] }] }\n`;

it('holds for the people of a gate that its remark raises, with what was said as evidence', async () => {
  const says = [{ say: JSON.stringify({ remarks: [REMARK] }) }];
  const factory = await testFactory(
    'review',
    scenarioIn(scratch('models'), 'You review a change', says),
  );
  const repository = tinyRepository(path.join(factory.home, 'tiny'), {
    '.proofhouse/policy.yaml': POLICY,
    '.proofhouse/workspace.yaml': workspaceFile(SHELL_AGENT),
    'fix.sh': "echo 'export const sum = (a, b) => b + a;' > src/sum.mjs\n",
  });
  const task = await queue(factory, repository, 'Add the other way round.');
  const run = await settle(factory, task.id);
  expect(run).toMatchObject({
    phase: 'awaiting_approval',
    judgement: {
      ...{ verdict: 'hold', gates: [{ id: 'auth' }], validators: ['read', 'unit'] },
      advice: { raised: [{ gate: 'auth', validator: 'read', by: 'scripted' }] },
    },
  });
  if (run.phase !== 'awaiting_approval') return;
  const check = run.checks.find(({ kind }) => kind === 'review');
  expect(check).toMatchObject({
    ...{ verdict: 'passed', advisory: false },
    findings: [{ code: 'review_remark', where: 'src/sum.mjs:1' }],
  });
  const kept = check?.evidence.find(({ name }) => name === 'review.json');
  const bytes =
    kept && (await openEvidenceStore(path.join(factory.home, 'evidence')).get(kept.digest));
  expect(Review.parse(JSON.parse(Buffer.from(bytes ?? '').toString('utf8')))).toMatchObject({
    ...{ by: 'scripted', remarks: [REMARK], reviewed: [{ vendor: 'scripted' }], edited: [] },
  });
  // The second time, under the new judgement, the answer is kept.
  expect(await factory.store.calls(task.id)).toMatchObject([{ role: 'review', state: 'settled' }]);
  expect(leftOver(task.id)).toEqual([]);
});
