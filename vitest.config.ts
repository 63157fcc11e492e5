/**
 * Three suites. `unit` needs no Docker, is quick and is part of `npm run check`. `scenarios` drives
 * real sandboxes, two files at a time. A test that waits on an engine belongs in one of the slow
 * folders; one that takes minutes and tries what others try too is called `*.long.test.ts` and is not
 * part of `npm test`: `npm run test:long` runs them, and `npm run red-team` those of the red team.
 */
import { defineConfig } from 'vitest/config';

/** These start git or Node some hundred times; they need no engine, and too much time for `check`. */
const manyProcesses = [
  'test/orchestrator/commands/{policy-explain-change,policy-lint,policy-simulate,rules,verify}.test.ts',
  'test/orchestrator/forge/**/*.test.ts',
  'test/orchestrator/intake/init.test.ts',
  'test/orchestrator/store/*processes.test.ts',
  'test/policies/hostile-repositories.test.ts',
  'test/sandboxes/source/**/*.test.ts',
  'test/vectors/**/*.test.ts',
  'test/docs-evidence.test.ts',
];
const slow = [
  ...['scenarios', 'red-team', 'chaos'].map((folder) => `test/${folder}/**/*.test.ts`),
  ...manyProcesses,
];
const long = ['test/**/*.long.test.ts'];
/** Quick tests too start processes, on machines that do other things. */
const UNIT_MS = 30_000;
const SCENARIO_MS = 600_000;
const withEngine = {
  allowOnly: false,
  // On a machine of two cores a third would only wait for the others.
  maxWorkers: 2,
  testTimeout: SCENARIO_MS,
  hookTimeout: SCENARIO_MS,
};

const env = {
  // Who works on this machine, and what they set for git, is not part of a test.
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  // Commands that tests start are compiled once, as `proofhouse` has it.
  NODE_COMPILE_CACHE: new URL('node_modules/.cache/node', import.meta.url).pathname,
};

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          env,
          // Modules hold no state (a test of the architecture sees to it), so one worker may keep
          // them from file to file; loading them anew for each took a third of the time.
          isolate: false,
          include: ['test/**/*.test.ts'],
          exclude: [...slow, ...long],
          allowOnly: false,
          testTimeout: UNIT_MS,
          hookTimeout: UNIT_MS,
        },
      },
      {
        test: {
          name: 'scenarios',
          env,
          include: slow,
          exclude: long,
          ...withEngine,
        },
      },
      { test: { name: 'long', env, include: long, ...withEngine } },
    ],
  },
});
