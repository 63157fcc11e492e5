/** The cases of a policy and how they went: for people, as TAP, and as JUnit. Pure. */
import type { CaseOutcome, CaseReport } from '../domain/case-report.ts';
import { printable } from './columns.ts';

export function caseReportText({ cases, coverage }: CaseReport): string {
  const failed = cases.filter(({ misses }) => misses.length > 0);
  const sum = `${cases.length - failed.length} of ${cases.length} cases passed`;
  return [
    ...failed.map(failureText),
    ...(coverage === null ? [] : [coverageText(coverage)]),
    coverage === null ? sum : `${sum}; ${coverage.percent} % of gates and content rules covered`,
  ].join('\n\n');
}

function failureText({ name, where, misses }: CaseOutcome): string {
  return [
    `FAILED ${printable(name)}`,
    `  --> ${printable(where)}`,
    ...misses.flatMap(({ key, expected, found }) => [
      `  ${key}`,
      `    expected ${printable(expected)}`,
      `    found    ${printable(found)}`,
    ]),
  ].join('\n');
}

function coverageText(coverage: NonNullable<CaseReport['coverage']>): string {
  const { fired, of, rules, exemptions, classes, idle } = coverage;
  const places = (all: typeof rules): string[] =>
    all.map(({ id, where }) => `  ${printable(id)}  ${printable(where)}`);
  return [
    `${fired} of ${of} gates and content rules are fired by some case.`,
    ...titled('Fired by no case:', places(rules)),
    ...titled('Exemptions that no case uses:', places(exemptions)),
    ...titled(
      'Classes that no case takes:',
      classes.map((risk) => `  ${risk}`),
    ),
    ...titled(
      'Cases that fire nothing:',
      idle.map((name) => `  ${printable(name)}`),
    ),
  ].join('\n');
}

function titled(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [title, ...lines];
}

export function caseReportTap({ cases, coverage }: CaseReport): string {
  const lines = cases.flatMap((one, index) => {
    const isPassed = one.misses.length === 0;
    // A `#` would begin a directive.
    const name = printable(one.name).replaceAll('#', '\\#');
    const head = `${isPassed ? 'ok' : 'not ok'} ${index + 1} - ${name}`;
    if (isPassed) return [head];
    const detail = one.misses.map(({ key, expected, found }) => {
      return `  ${key}: ${JSON.stringify(printable(`expected ${expected}, found ${found}`))}`;
    });
    return [head, '  ---', `  at: ${JSON.stringify(printable(one.where))}`, ...detail, '  ...'];
  });
  const covered = coverage === null ? [] : [`# ${coverage.percent} % covered`];
  return ['TAP version 14', `1..${cases.length}`, ...lines, ...covered].join('\n');
}

export function caseReportJunit({ cases }: CaseReport): string {
  const failures = cases.filter(({ misses }) => misses.length > 0).length;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites><testsuite name="policy" tests="${cases.length}" failures="${failures}">`,
    ...cases.map(junitCase),
    '</testsuite></testsuites>',
  ].join('\n');
}

function junitCase({ name, where, misses }: CaseOutcome): string {
  const open = `  <testcase classname="policy" name="${escaped(name)}" file="${escaped(where)}"`;
  if (misses.length === 0) return `${open}/>`;
  const lines = misses.map(
    ({ key, expected, found }) => `${key}: expected ${expected}, found ${found}`,
  );
  const message = escaped(lines.join('; '));
  return `${open}><failure message="${message}">${escaped(where)}</failure></testcase>`;
}

/** What XML cannot hold is a dot already. */
function escaped(text: string): string {
  return printable(text)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll(/[\p{Cs}\uFFFE\uFFFF]/gu, '·');
}
