/** What checks of a change come to; part of the table of faults. */

import type { FaultEntry } from './fault-entry.ts';

export const CHECK_FAULTS = {
  tests_failed: {
    exit: 1,
    acts: 'member',
    meaning: 'At least one test failed.',
    todo: 'Read the findings; the agent is given them in its next attempt.',
  },
  no_tests: {
    exit: 1,
    acts: 'platform engineer',
    meaning: 'A validator ran no test at all, which proves nothing.',
    todo: 'Add a test, or mend the report path of the validator in the policy.',
  },
  check_failed: {
    exit: 1,
    acts: 'member',
    meaning: 'The command of a validator ended with a non-zero exit code.',
    todo: 'Read the findings; the agent is given them in its next attempt.',
  },
  check_timed_out: {
    exit: 1,
    acts: 'platform engineer',
    meaning: 'A validator did not end within its time.',
    todo: 'Raise its timeout in the policy, or make the tests faster.',
  },
  check_out_of_memory: {
    exit: 1,
    acts: 'platform engineer',
    meaning: 'A validator needed more memory than its sandbox has.',
    todo: 'Raise its memory in the policy, or make the tests smaller.',
  },
  review_missing: {
    exit: 1,
    acts: 'operator',
    meaning: 'A change was to be read by a model, and no model read it.',
    todo: 'Name a model for the stage review in the policy, and see that it answers: proofhouse run show RUN',
  },
  check_unknown: {
    exit: 1,
    acts: 'platform engineer',
    meaning: 'A validator could not find out what it was asked, which passes nothing.',
    todo: 'See what was missing in the finding: a report that says how its tool ended, a registry that answers, a base whose tests run.',
  },
  secret_found: {
    exit: 1,
    acts: 'member',
    meaning: 'The change adds what looks like a token, a key or a password.',
    todo: 'Read it from the environment instead; a made-up one of a test may lie under a path that the policy excepts.',
  },
  tests_weakened: {
    exit: 1,
    acts: 'member',
    meaning: 'Tests are gone, switched off or say less than at the base commit.',
    todo: 'Keep the tests as they were, or have people agree: a gate may ask them where the validator is advisory.',
  },
  dependency_refused: {
    exit: 1,
    acts: 'member',
    meaning: 'The change brings a package that the policy does not let in, or too early.',
    todo: 'Do without it, wait until it is old enough, or have it named under allow in the policy.',
  },
  too_large: {
    exit: 1,
    acts: 'member',
    meaning: 'The change is larger than a validator of the policy lets through.',
    todo: 'Cut the task into smaller ones.',
  },
  service_not_ready: {
    exit: 1,
    acts: 'platform engineer',
    meaning:
      'A service of .proofhouse/workspace.yaml ended, was not ready in time, or could not be seeded.',
    todo: 'Read its last lines, mend it in .proofhouse/workspace.yaml on the base branch, and queue the task again.',
  },
  app_not_ready: {
    exit: 1,
    acts: 'member',
    meaning: 'The app under test never answered on its port.',
    todo: 'Start it as the policy does and see what it prints; its output is in the evidence.',
  },
} as const satisfies Record<string, FaultEntry>;
