/** The checks that prove a change: what is run, over what, and how it tells what it found. */
import { z } from 'zod';
import { Memory, Timeout } from '../units.ts';
import { Dependencies, RequiredFor, Secrets, SizeCheck, TestsWeakened } from './inspectors.ts';
import { FailAbove, Pages } from './pages.ts';
import { Review } from './review.ts';
import { Argv, Glob, Id, key } from './words.ts';

const MINUTE_MS = 60_000;
const GIB = 2 ** 30;

const inspection = {
  timeout: key(Timeout.default(10 * MINUTE_MS), 'How long it may take. By default 10m.'),
  memory: key(Memory.default(GIB), 'What its sandbox has. By default 1GiB.'),
  min_tests: key(
    z.int().min(1, 'a check that runs no test proves nothing; expected 1 or more').default(1),
    'Fewer tests than these are a failure. By default 1.',
    'the larger',
  ),
  required_for: RequiredFor,
  tests_from: key(
    z.enum(['head', 'base']).default('head'),
    'base: the tests of the base commit, and no other, run against the new code, so that nobody weakens their own exam.',
  ),
};

/** The folders of a tree and of `/out` are named from their root, and never left. */
const TreePath = z
  .string()
  .regex(
    /^(?!\/)(?!.*(^|\/)\.{1,2}(\/|$))[^\0\\]+$/,
    'expected a path below the root, without `..`',
  );

const ReportGlob = TreePath.pipe(Glob);

const Image = z
  .string()
  .regex(
    /^(base|browser|([a-z0-9][a-z0-9._/:-]{0,200}@)?sha256:[0-9a-f]{64})$/,
    'expected base, browser, or an image by digest: sha256:… or name@sha256:…',
  );

const Command = z
  .strictObject({
    kind: key(z.literal('command').optional(), 'A command with a report; the default.'),
    run: key(Argv, 'The command as a list. No shell reads it.'),
    image: key(
      Image.default('base'),
      'The sandbox it runs in: base, browser, or an image by digest.',
    ),
    reports: key(
      z
        .strictObject({
          junit: key(ReportGlob.optional(), 'JUnit reports, as a path-glob below /out.'),
          tap: key(ReportGlob.optional(), 'TAP 13 or 14, as a path-glob below /out.'),
          sarif: key(
            ReportGlob.optional(),
            'SARIF 2.1, as a path-glob below /out. Alone it has no tests: then each of its runs must say that it was carried through.',
          ),
        })
        .check((context) => {
          if (Object.values(context.value).some((glob) => glob !== undefined)) return;
          const message = 'expected at least one of junit, tap, sarif';
          context.issues.push({ code: 'custom', input: context.value, message });
        }),
      'What it leaves. What it prints is never believed.',
    ),
    ...inspection,
  })
  .transform(({ kind: _, ...rest }) => ({ kind: 'command' as const, ...limited(rest) }));

const Playwright = z
  .strictObject({
    kind: key(z.literal('playwright'), 'Browser tests against the running app.'),
    app: key(
      z.strictObject({
        run: key(Argv, 'The command that starts it.'),
        port: key(z.int().min(1).max(65_535), 'Where it answers.'),
      }),
      'The app under test; it has a sandbox of its own.',
    ),
    tests: key(TreePath, 'The folder of specs.'),
    pages: key(
      Pages,
      'Pages that are opened at the width of a desktop and of a phone, at the base too: console, requests, accessibility, keyboard, width, and how they look.',
    ),
    visual_fail_above: key(
      FailAbove,
      'How much of the picture of a page may differ from the base, in percent. Left out, a difference is shown and fails nothing.',
    ),
    ...inspection,
  })
  .transform(({ visual_fail_above: failAbove = null, ...rest }) => ({
    ...limited(rest),
    visualFailAbove: failAbove,
  }));

type Inspection = {
  timeout: number;
  memory: number;
  min_tests: number;
  required_for: string[];
  tests_from: 'head' | 'base';
};

function limited<T extends Inspection>(rule: T) {
  const { timeout, memory, min_tests, required_for, tests_from, ...rest } = rule;
  return {
    ...rest,
    timeoutMs: timeout,
    memoryBytes: memory,
    minTests: min_tests,
    requiredFor: required_for,
    testsFrom: tests_from,
  };
}

const ValidatorRule = z.discriminatedUnion('kind', [
  Command,
  Playwright,
  Secrets,
  TestsWeakened,
  Dependencies,
  SizeCheck,
  Review,
]);
export type ValidatorRule = z.output<typeof ValidatorRule>;

/** Those that run something in a sandbox. */
export type RunningRule = Extract<ValidatorRule, { timeoutMs: number }>;

export const Validators = z.record(Id, ValidatorRule).default({});
