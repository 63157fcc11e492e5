/** A check that cannot come to an end of its own, and what the agent is told of it. */
import path from 'node:path';
import { expect, test } from 'vitest';
import { factoryWith, outcomeOf, shellAgent } from '../steps.ts';
import { leftOver, queue, settle } from '../support.ts';
import { TINY_POLICY, tinyRepository } from '../tiny.ts';

const CHANGES = shellAgent("echo 'export const more = 1;' > src/more.mjs\n");
const NO_RETRY = TINY_POLICY.replace('retries: 1', 'retries: 0');
/** The app answers nothing; its specs are never started. */
const WITH_APP = NO_RETRY.replace(
  'network:',
  `  e2e:
    kind: playwright
    app: { run: [node, app.mjs], port: 3000 }
    tests: e2e/
    timeout: 2m
    required_for: ["src/"]
network:`,
);

test.each([
  {
    check: 'does not end in its time',
    code: 'check_timed_out',
    says: 'it did not end within 5 s',
    files: {
      'test/sum.test.mjs':
        "import test from 'node:test';\ntest('waits', () => new Promise(() => setTimeout(() => {}, 6e5)));\n",
      '.proofhouse/policy.yaml': NO_RETRY.replace('timeout: 1m', 'timeout: 5s'),
    },
  },
  {
    check: 'needs more memory than it has',
    code: 'check_out_of_memory',
    says: 'it needed more than 134217728 bytes',
    files: {
      'test/sum.test.mjs':
        "import test from 'node:test';\ntest('eats', () => { const held = []; for (;;) held.push(Buffer.alloc(2 ** 24, 1)); });\n",
      '.proofhouse/policy.yaml': NO_RETRY.replace('memory: 512MiB', 'memory: 128MiB'),
    },
  },
  {
    check: 'has an app that never listens',
    code: 'app_not_ready',
    says: 'the app did not answer on port 3000 within 30 s; it printed: warming up',
    files: {
      'app.mjs': "console.log('warming up');\nsetInterval(() => {}, 1000);\n",
      'e2e/page.spec.mjs':
        "import { test } from '@playwright/test';\ntest('opens', async () => {});\n",
      '.proofhouse/policy.yaml': WITH_APP,
    },
  },
])('a check that $check fails with a code of its own', async ({ code, says, files }) => {
  const factory = await factoryWith('checks');
  const folder = path.join(factory.home, 'tiny');
  const { id } = await queue(factory, tinyRepository(folder, { ...CHANGES, ...files }), 'More');
  const outcome = outcomeOf(await settle(factory, id));
  expect(outcome).toMatchObject({
    kind: 'gave_up',
    code: 'attempts_used_up',
    findings: expect.arrayContaining([
      expect.objectContaining({ code, message: expect.stringContaining(says) }),
    ]),
  });
  expect(leftOver(id)).toEqual([]);
});
