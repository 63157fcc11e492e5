/** What is found on pages of an app under test and in what checks leave; part of the table of faults. */

import type { FaultEntry } from './fault-entry.ts';

export const PAGE_FAULTS = {
  page_console_error: {
    exit: 1,
    acts: 'member',
    meaning: 'A page wrote an error to the console that it does not write at the base.',
    todo: 'Open the page named and read its console; the report is in the evidence.',
  },
  page_exception: {
    exit: 1,
    acts: 'member',
    meaning: 'A page threw an error that nothing caught, or crashed, and does not at the base.',
    todo: 'Open the page named and read its console; the report is in the evidence.',
  },
  page_request_failed: {
    exit: 1,
    acts: 'member',
    meaning:
      'A page did not open, or asked for something that was refused or answered with 400 or above.',
    todo: 'Mend the address, or the app; a page in a check reaches the app and nothing else.',
  },
  page_not_accessible: {
    exit: 1,
    acts: 'member',
    meaning: 'A page breaks a rule of WCAG 2.2, level A or AA, in more places than at the base.',
    todo: 'Mend the places named; the rule is explained where axe-core documents its rules.',
  },
  page_keyboard: {
    exit: 1,
    acts: 'member',
    meaning: 'Something on a page cannot be reached by Tab, does not show the focus, or keeps it.',
    todo: 'Use elements that take the focus, leave their outline, and let Tab pass.',
  },
  page_overflow: {
    exit: 1,
    acts: 'member',
    meaning: 'A page is wider than a phone and moves sideways on it.',
    todo: 'Let what sticks out shrink or wrap; the picture is in the evidence.',
  },
  page_changed: {
    exit: 1,
    acts: 'member',
    meaning:
      'A page looks different from the base, by more than the policy allows or beside the verdict.',
    todo: 'Compare the pictures before and after; if it is meant, say so in the task or widen `visual_fail_above`.',
  },
  page_not_seen: {
    exit: 1,
    acts: 'member',
    meaning: 'A page, or a part of how it behaves, could not be looked at.',
    todo: 'Read the message; a page that keeps the browser busy cannot be looked at.',
  },
  page_not_compared: {
    exit: 1,
    acts: 'member',
    meaning:
      'The pages could not be looked at as they are at the base, so every problem counts as new.',
    todo: 'Mend the app at the base first, or make it start quicker.',
  },
  evidence_cut: {
    exit: 1,
    acts: 'member',
    meaning: 'A check left more than is kept or looked at; what counts most was kept.',
    todo: 'Nothing, unless what was left out matters: then let the check leave less.',
  },
  evidence_full: {
    exit: 4,
    acts: 'operator',
    meaning: 'Evidence was larger than a file of it may be, or there is no room for more of it.',
    todo: 'See what takes the room below the data directory, and run: proofhouse gc',
  },
  evidence_refused: {
    exit: 1,
    acts: 'member',
    meaning: 'An archive that a check left is built to harm whoever opens it, and was not kept.',
    todo: 'See which test writes it; a trace of Playwright is never like that.',
  },
  evidence_secret: {
    exit: 1,
    acts: 'operator',
    meaning:
      "A file that a check left holds a value of the controller's environment, and was not kept.",
    todo: 'Find out how it came into the app or its tests, and replace the secret.',
  },
} as const satisfies Record<string, FaultEntry>;
