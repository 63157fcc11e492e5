/** `policy test`: whether a policy says of written cases what they expect, and what none tries. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { changeProblem } from '../../policies/case-facts.ts';
import { runCase } from '../../policies/case-run.ts';
import { coverageOf } from '../../policies/coverage.ts';
import { Fixtures } from '../../policies/fixtures.ts';
import type { LoadedPolicy } from '../../policies/parse.ts';
import { renderProblem } from '../../policies/problems.ts';
import { type Parsed, parseYaml } from '../../policies/yaml-source.ts';
import type { CaseReport, TestFormat } from '../domain/case-report.ts';
import { Fault } from '../domain/faults.ts';
import { POLICY_FILE } from '../stages/base-rules.ts';
import { printable } from '../text/columns.ts';
import { caseReportJunit, caseReportTap, caseReportText } from '../text/policy-test.ts';
import { type Context, type Exit, show } from './context.ts';
import { loadPolicies, whyUnread } from './policy.ts';

export type TestOptions = {
  readonly file: string | null;
  readonly policies: readonly string[];
  readonly coverage: boolean;
  /** Gates of packs are to be covered too. */
  readonly packs: boolean;
  readonly format: TestFormat;
};

const TEST_FILE = POLICY_FILE.replace(/\.yaml$/, '.test.yaml');

export async function policyTest(context: Context, options: TestOptions): Promise<Exit> {
  const file = options.file ?? TEST_FILE;
  const named = options.policies.length > 0 ? options.policies : [POLICY_FILE];
  const layers = await loadPolicies(context.cwd, [...context.orgPolicies, ...named]);
  const report = reportOf(await fixturesIn(context.cwd, file), layers, {
    ...options,
    now: context.clock().toISOString(),
  });
  const texts = { text: caseReportText, tap: caseReportTap, junit: caseReportJunit };
  show(
    context,
    () => texts[options.format](report),
    () => report,
  );
  const isCovered = report.coverage === null || report.coverage.rules.length === 0;
  return isCovered && report.cases.every(({ misses }) => misses.length === 0) ? 0 : 1;
}

type Asked = Pick<TestOptions, 'coverage' | 'packs'> & { readonly now: string };

function reportOf(
  { value, place }: Parsed<Fixtures>,
  layers: readonly LoadedPolicy[],
  { coverage, packs, now }: Asked,
): CaseReport {
  const results = value.cases.map((one) => runCase(layers, one, now));
  return {
    cases: results.map(({ name, misses }, index) => {
      const at = place(['cases', index]);
      return { name, where: `${at.file}:${at.line}:${at.column}`, misses };
    }),
    coverage: coverage ? coverageOf(layers, results, { packs }) : null,
  };
}

async function fixturesIn(cwd: string, file: string): Promise<Parsed<Fixtures>> {
  const text = await readFile(path.resolve(cwd, file), 'utf8').catch(
    (cause: NodeJS.ErrnoException) => {
      throw new Fault(
        'usage',
        `${printable(file)} ${whyUnread(cause.code)}; how cases are written: docs/policy.md`,
        { cause },
      );
    },
  );
  const parsed = parseYaml(text, file, Fixtures);
  if ('problems' in parsed) {
    throw new Fault('usage', parsed.problems.map(renderProblem).join('\n\n'));
  }
  for (const [index, { change }] of parsed.value.cases.entries()) {
    const problem = changeProblem(change);
    if (problem === null) continue;
    const { line, column } = parsed.place(['cases', index, 'change']);
    throw new Fault('usage', printable(`${file}:${line}:${column}: ${problem}`));
  }
  return parsed;
}
