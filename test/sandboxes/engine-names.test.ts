import { expect, test } from 'vitest';
import { labels, nameParts } from '../../sandboxes/engine-names.ts';
import { containerBody } from '../../sandboxes/spec.ts';
import { OWNER, SPEC } from './sample.ts';

test.each([
  ['proofhouse-r0000001-2-agent', { run: 'r0000001', attempt: 2, part: 'agent' }],
  ['proofhouse-r0000001-1-check-unit', { run: 'r0000001', attempt: 1, part: 'check-unit' }],
])('%s says whose it is', (name, parts) => {
  expect(nameParts(name)).toEqual(parts);
});

test.each(['proofhouse-r0000001', 'other-r0000001-1-agent', 'proofhouse-R0000001-1-agent', ''])(
  '"%s" is none of ours',
  (name) => {
    expect(nameParts(name)).toBeNull();
  },
);

test('whatever is made bears instance, run, attempt, role and what was asked for', () => {
  const { Labels } = containerBody(SPEC, OWNER);
  expect(Labels).toEqual({
    ...{ proofhouse: OWNER.instance, 'proofhouse.run': 'r0000001', 'proofhouse.attempt': '1' },
    ...{ 'proofhouse.role': 'agent', 'proofhouse.wall-ms': '60000' },
    'proofhouse.spec': expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
  });
  const wanted = { ...OWNER, name: SPEC.name, run: SPEC.run, role: 'workspace', spec: 'sha256:1' };
  expect(labels(wanted)).toMatchObject({
    'proofhouse.attempt': '1',
    'proofhouse.spec': 'sha256:1',
  });
});

test('the label of what was asked for changes with it', () => {
  const digest = (spec: typeof SPEC): string | undefined => {
    const all: Record<string, string> = containerBody(spec, OWNER).Labels;
    return all['proofhouse.spec'];
  };
  expect(digest({ ...SPEC })).toBe(digest(SPEC));
  expect(digest({ ...SPEC, workingDir: '/' })).not.toBe(digest(SPEC));
  expect(digest({ ...SPEC, limits: { ...SPEC.limits, pids: 1 } })).not.toBe(digest(SPEC));
});
