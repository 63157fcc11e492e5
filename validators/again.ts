/**
 * Once more, where nothing but tests failed: what passes then is flaky, and is said to be so. One time
 * only; what failed twice has failed.
 */
import type { Check, EvidenceFile } from '../orchestrator/domain/check.ts';
import type { EvidenceStore, Validator } from '../orchestrator/ports.ts';
import { NAMES_FILE } from './command.ts';
import { type NamesFile, readTestsFile, testsFile } from './test-report.ts';

/** Where the files of the first time are kept. */
const FIRST = 'first-time';

export function onceMore<D>(validator: Validator<D>, evidence: EvidenceStore): Validator<D> {
  return async (request, signal) => {
    const first = await validator(request, signal);
    if (!isOnlyTests(first)) return first;
    const second = await validator(request, signal);
    return together(evidence, first, second);
  };
}

function isOnlyTests({ verdict, tests, findings }: Check): boolean {
  return (
    verdict === 'failed' &&
    (tests?.failed ?? 0) > 0 &&
    findings.every(({ code }) => code === 'tests_failed')
  );
}

async function together(evidence: EvidenceStore, first: Check, second: Check): Promise<Check> {
  const [old, now] = [await namesOf(evidence, first), await namesOf(evidence, second)];
  const both: Check = {
    ...second,
    tries: first.tries + second.tries,
    wallMs: first.wallMs + second.wallMs,
    evidence: [
      ...second.evidence,
      ...first.evidence.map((file) => ({ ...file, name: `${FIRST}/${file.name}` })),
    ],
  };
  const flaky = recovered(first, old, now);
  // Who failed first must be seen to pass, by name: a test that was left out did not recover.
  if (flaky === null) {
    return second.verdict === 'passed'
      ? { ...both, verdict: 'failed', findings: first.findings }
      : both;
  }
  if (both.tests === null || now === null || flaky.length === 0) return both;
  const isFlaky = new Set(flaky);
  const names = {
    ...now,
    passed: now.passed.filter((name) => !isFlaky.has(name)),
    flaky: [...now.flaky, ...flaky],
  };
  return {
    ...both,
    tests: { ...both.tests, flaky: both.tests.flaky + flaky.length },
    evidence: await withNames(evidence, both.evidence, testsFile(names)),
  };
}

/** Names that failed first and pass now; null where that cannot be said of all that do not fail now. */
function recovered(
  first: Check,
  old: NamesFile | null,
  now: NamesFile | null,
): readonly string[] | null {
  if (old === null || now === null || old.cut || now.cut) return null;
  const passes = new Set([...now.passed, ...now.flaky]);
  const fails = new Set(now.failed);
  const isKnown = old.failed.every((name) => passes.has(name) || fails.has(name));
  // Two tests of one name: one of them failed, and nobody can say which of them passes.
  const isDistinct = old.failed.length === (first.tests?.failed ?? 0);
  return isKnown && isDistinct ? old.failed.filter((name) => passes.has(name)) : null;
}

async function namesOf(store: EvidenceStore, { evidence }: Check): Promise<NamesFile | null> {
  const file = evidence.find(({ name }) => name === NAMES_FILE);
  const bytes = file === undefined ? null : await store.get(file.digest);
  return bytes === null ? null : readTestsFile(bytes);
}

async function withNames(
  store: EvidenceStore,
  files: readonly EvidenceFile[],
  text: string,
): Promise<EvidenceFile[]> {
  const bytes = Buffer.from(text);
  const digest = await store.put(bytes);
  return files.map((file) =>
    file.name === NAMES_FILE ? { ...file, digest, bytes: bytes.length } : file,
  );
}
