/**
 * The `tests-weakened` validator: what the text of a change does to tests, and which tests of the base
 * commit are there no more when both are run. A name that is nowhere in the head's reports is missing,
 * whatever happened to it.
 */
import type { Check } from '../orchestrator/domain/check.ts';
import type { Inspector } from '../orchestrator/ports/inspection.ts';
import type { EvidenceStore } from '../orchestrator/ports.ts';
import { detected } from '../policies/content.ts';
import { NAMES_FILE } from './command.ts';
import { type Found, firingsAs, type InspectionTools, inspectedCheck } from './inspected.ts';
import { type NamesFile, readTestsFile } from './test-report.ts';

export type TestsWeakenedDefinition = {
  readonly kind: 'tests-weakened';
  readonly compare: readonly string[];
  readonly advisory: boolean;
};

export function testsWeakenedValidator(tools: InspectionTools): Inspector<TestsWeakenedDefinition> {
  return async (inspection) => {
    const start = performance.now();
    const found = firingsAs('tests_weakened', detected('tests.weakened', inspection.facts));
    for (const { validator, base, head } of inspection.compared) {
      const names = [await namesOf(tools.evidence, base), await namesOf(tools.evidence, head)];
      found.push(...missingTests(validator, names[0] ?? null, names[1] ?? null));
    }
    const wallMs = Math.round(performance.now() - start);
    return inspectedCheck(tools, inspection, { found, wallMs });
  };
}

async function namesOf(evidence: EvidenceStore, check: Check): Promise<NamesFile | null> {
  const file = check.evidence.find(({ name }) => name === NAMES_FILE);
  const bytes = file === undefined ? null : await evidence.get(file.digest);
  return bytes === null ? null : readTestsFile(bytes);
}

export function missingTests(
  validator: string,
  base: NamesFile | null,
  head: NamesFile | null,
): Found[] {
  const ranAtBase = base === null ? 0 : base.passed.length + base.failed.length + base.flaky.length;
  // Of a base that ran nothing, as one that did not come to its end, nothing could be gone.
  if (base === null || head === null || base.cut || head.cut || ranAtBase === 0) {
    const message = `nobody knows which tests of ${validator} are gone: ${whyUnknown(base, head)}`;
    return [{ code: 'check_unknown', message }];
  }
  const ran = new Set([...head.passed, ...head.failed, ...head.flaky]);
  const skipped = new Set(head.skipped);
  const ranBefore = [...base.passed, ...base.failed, ...base.flaky];
  const gone = [...ranBefore, ...base.skipped].filter(
    (name) => !ran.has(name) && !skipped.has(name),
  );
  const off = ranBefore.filter((name) => skipped.has(name) && !ran.has(name));
  const told =
    (what: string) =>
    (name: string): Found => ({
      code: 'tests_weakened',
      message: `${validator}: the test "${name}" of the base commit ${what}`,
    });
  return [...gone.map(told('is not there any more')), ...off.map(told('is skipped now'))];
}

function whyUnknown(base: NamesFile | null, head: NamesFile | null): string {
  if (base === null || base.passed.length + base.failed.length + base.flaky.length === 0)
    return 'the base commit gave no names of tests';
  return head === null ? 'the change gave no names of tests' : 'there are more than are kept';
}
