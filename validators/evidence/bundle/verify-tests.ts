/** Holds what checks say against their own evidence, and the statements against all of it. Pure. */

import { canonical } from '../../../orchestrator/domain/canonical.ts';
import type { Check } from '../../../orchestrator/domain/check.ts';
import { TEST_NAMES_FILE } from '../../../orchestrator/domain/check.ts';
import { validatorOf } from '../../../policies/declared.ts';
import { compileGlob } from '../../../policies/glob.ts';
import type { LoadedPolicy } from '../../../policies/parse.ts';
import type { Claims } from './claims.ts';
import { jsonIn } from './found.ts';
import { type Given, linesIn } from './given.ts';
import * as at from './paths.ts';
import { type Outcome, statementsOf, summaryOf } from './statements.ts';
import { type Step, stepOf } from './steps.ts';

type Told = {
  readonly claims: Claims;
  readonly layers: readonly LoadedPolicy[];
  readonly outcome: Outcome;
};

export function testStep(given: Given, told: Told): Step {
  const { claims } = told;
  const passed = claims.checks.filter(({ verdict }) => verdict === 'passed');
  const missing = claims.decision.judgement.validators
    .filter((id) => !claims.checks.some((check) => check.validator === id && isEnough(told, check)))
    .map((id) => `Validator ${id} is required, and has not passed`);
  const counts = claims.checks.flatMap((check) => [
    ...nameProblems(claims, check),
    ...reportProblems(given, told.layers, check),
  ]);
  const tests = claims.checks.reduce((sum, check) => sum + (check.tests?.run ?? 0), 0);
  return stepOf(
    'tests',
    [...missing, ...counts, ...statementProblems(given, told)],
    `${passed.length} of ${claims.checks.length} checks passed, ${tests} tests`,
  );
}

/** What is advisory decides nothing, where the policy says so too and not only the bundle. */
function isEnough({ layers }: Told, { validator, verdict, advisory }: Check): boolean {
  if (verdict === 'passed') return true;
  const rule = validatorOf(layers, validator);
  const isAdvised =
    rule?.kind === 'review' ? !rule.required : rule !== null && 'advisory' in rule && rule.advisory;
  return advisory && isAdvised;
}

/** A name that several tests have is listed once, under its worst outcome, and the others are counted. */
function nameProblems({ names }: Claims, { validator, tests }: Check): string[] {
  const listed = names.get(validator);
  if (listed === undefined || tests === null || listed.cut === true) return [];
  const { passed, failed, skipped, flaky, shared = 0 } = listed;
  const counted = {
    run: passed.length + failed.length + flaky.length,
    ...{ failed: failed.length, skipped: skipped.length, flaky: flaky.length },
  };
  const all = counted.run + counted.skipped + shared;
  const isWhole = all === tests.run + tests.skipped;
  return (Object.keys(counted) as (keyof typeof counted)[]).flatMap((key) =>
    (shared === 0 ? counted[key] === tests[key] : counted[key] <= tests[key] && isWhole)
      ? []
      : [
          `${validator} says ${tests[key]} tests ${key}, and its ${TEST_NAMES_FILE} names ${counted[key]}`,
        ],
  );
}

/** Reports that were read are counted again. Those of a second go do not add up to what is told. */
function reportProblems(
  { kept, readReport }: Given,
  layers: readonly LoadedPolicy[],
  check: Check,
): string[] {
  const { validator, tests } = check;
  const rule = validatorOf(layers, validator);
  if (tests === null || tests.flaky > 0 || rule?.kind !== 'command') return [];
  const { junit } = rule.reports as { junit?: string };
  if (junit === undefined) return [];
  const isReport = compileGlob(junit, { self: true });
  const sum = { run: 0, failed: 0, skipped: 0 };
  const reports = at.evidencePaths(check).filter(([, { name }]) => isReport(name));
  if (reports.length === 0) return [];
  for (const [path] of reports) {
    const read = readReport(Buffer.from(kept.get(path) ?? Buffer.alloc(0)).toString('utf8'));
    if ('unreadable' in read) return [`${path} is no report: ${read.unreadable}`];
    sum.run += read.tests.run;
    sum.failed += read.tests.failed;
    sum.skipped += read.tests.skipped;
  }
  return (Object.keys(sum) as (keyof typeof sum)[]).flatMap((key) =>
    sum[key] === tests[key]
      ? []
      : [`${validator} says ${tests[key]} tests ${key}, and its reports count ${sum[key]}`],
  );
}

/** Every statement that there must be, byte for byte, in its place, and no other. */
function statementProblems({ kept }: Given, { claims, outcome }: Told): string[] {
  const lines = linesIn(kept, at.ATTESTATIONS);
  const listed = statementsOf(claims);
  const all = [...listed, summaryOf(claims, outcome, lines.slice(0, listed.length))];
  const expected = all.map(({ label, value }) => ({ label, text: canonical(value) }));
  const payloads = lines.map(payloadOf);
  const told = new Set(payloads);
  const missing = expected.filter(({ text }) => !told.has(text));
  const wanted = new Set(expected.map(({ text }) => text));
  const foreign = payloads.flatMap((payload, index) => (wanted.has(payload) ? [] : [index + 1]));
  const isOrdered = expected.every(({ text }, index) => payloads[index] === text);
  const known = missing.length + foreign.length;
  return [
    ...missing.map(({ label }) => `${at.ATTESTATIONS} lacks ${label}, as the inputs have it`),
    ...foreign.map(
      (line) => `${at.ATTESTATIONS}, line ${line} says what does not follow from the inputs`,
    ),
    ...(known > 0 || (isOrdered && lines.length === expected.length)
      ? []
      : [`${at.ATTESTATIONS} has its statements in another order, or twice`]),
  ];
}

function payloadOf(line: string): string {
  const envelope = jsonIn(Buffer.from(line)) as { payload?: unknown } | undefined;
  const { payload } = envelope ?? {};
  return Buffer.from(typeof payload === 'string' ? payload : '', 'base64').toString('utf8');
}
