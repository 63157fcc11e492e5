/** What reports say of tests, whatever their format: counts, the first failures, and every name. Pure. */
import { z } from 'zod';
import type { TestCounts } from '../orchestrator/domain/check.ts';

export type Failure = { readonly name: string; readonly message: string };

export type TestNames = {
  readonly passed: readonly string[];
  readonly failed: readonly string[];
  readonly skipped: readonly string[];
  /** Failed, and passed when they were run once more. */
  readonly flaky: readonly string[];
  /** Tests that have the name of another one and are not listed for that; left out for none. */
  readonly shared?: number | undefined;
};

export type TestReport = {
  readonly tests: TestCounts;
  /** The first few; `tests.failed` counts them all. */
  readonly failures: readonly Failure[];
  readonly names: TestNames;
};

const NO_NAMES: TestNames = { passed: [], failed: [], skipped: [], flaky: [] };
export const NO_TESTS: TestReport = {
  tests: { run: 0, failed: 0, skipped: 0, flaky: 0 },
  failures: [],
  names: NO_NAMES,
};

export function together(reports: readonly TestReport[]): TestReport {
  const sum = (of: keyof TestCounts): number => reports.reduce((n, { tests }) => n + tests[of], 0);
  const all = (of: (keyof TestCounts & keyof TestNames) | 'passed'): string[] =>
    reports.flatMap(({ names }) => names[of]);
  return {
    tests: {
      run: sum('run'),
      ...{ failed: sum('failed'), skipped: sum('skipped'), flaky: sum('flaky') },
    },
    failures: reports.flatMap(({ failures }) => failures),
    names: {
      passed: all('passed'),
      ...{ failed: all('failed'), skipped: all('skipped'), flaky: all('flaky') },
    },
  };
}

/** Names in all; further ones are left out and the file says so. */
const NAMES_MAX = 10_000;
/** The worst comes first: where two tests have one name, it stands where it must not be missed. */
const WORST_FIRST = ['failed', 'flaky', 'passed', 'skipped'] as const;

/** Each name once and in order, as the evidence file `tests.json` has them. */
export function testsFile(names: TestNames): string {
  const seen = new Set<string>();
  let isCut = false;
  const kept: Partial<Record<(typeof WORST_FIRST)[number], readonly string[]>> = {};
  for (const outcome of WORST_FIRST) {
    const fresh = [...new Set(names[outcome])].filter((name) => !seen.has(name)).sort();
    const room = NAMES_MAX - seen.size;
    if (fresh.length > room) isCut = true;
    const held = fresh.slice(0, room);
    for (const name of held) seen.add(name);
    kept[outcome] = held;
  }
  const { passed, failed, skipped, flaky } = { ...NO_NAMES, ...kept };
  const all = WORST_FIRST.reduce((sum, outcome) => sum + names[outcome].length, names.shared ?? 0);
  const shared = all - seen.size;
  const rest = isCut ? { cut: true } : shared > 0 ? { shared } : {};
  return JSON.stringify({ passed, failed, skipped, flaky, ...rest });
}

const Names = z.array(z.string()).max(NAMES_MAX);
const NamesFile = z
  .strictObject({
    ...{ passed: Names, failed: Names, skipped: Names, flaky: Names },
    cut: z.literal(true).optional(),
    shared: z.int().min(1).optional(),
  })
  .transform(({ cut, ...names }) => ({ ...names, cut: cut === true }));
export type NamesFile = z.infer<typeof NamesFile>;

/** Null for what is no such file. */
export function readTestsFile(bytes: Uint8Array): NamesFile | null {
  try {
    return NamesFile.safeParse(JSON.parse(Buffer.from(bytes).toString('utf8'))).data ?? null;
  } catch {
    return null;
  }
}
