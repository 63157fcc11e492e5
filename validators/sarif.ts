/**
 * Reads SARIF 2.1.
 *
 * Invariant: problems are counted from `results`, and levels looked up where the format puts them. A
 * run counts as carried through only where it says so of each of its invocations; a file that holds no
 * results of a run says that it was not.
 */
import { z } from 'zod';
import {
  cut,
  FAILURES_MAX,
  MESSAGE_CHARACTERS_MAX,
  NAME_CHARACTERS_MAX,
  REPORT_BYTES_MAX,
  unreadable,
} from './bounded-text.ts';

export type Problem = {
  readonly message: string;
  /** `path:line`, or the path alone; null when it names no place. */
  readonly where: string | null;
};

export type SarifReport = {
  /** Those of level error that nobody suppressed; the first few. */
  readonly problems: readonly Problem[];
  readonly count: number;
  /** Why it does not show that its tool was carried through, or null. */
  readonly notRun: string | null;
};

const Level = z.enum(['none', 'note', 'warning', 'error']);
const Message = z.object({ text: z.string().optional(), id: z.string().optional() });
const Rule = z.object({
  id: z.string().optional(),
  defaultConfiguration: z.object({ level: Level.optional() }).optional(),
});
const Location = z.object({
  physicalLocation: z
    .object({
      artifactLocation: z.object({ uri: z.string().optional() }).optional(),
      region: z.object({ startLine: z.int().optional() }).optional(),
    })
    .optional(),
});
const Result = z.object({
  ruleId: z.string().optional(),
  ruleIndex: z.int().optional(),
  rule: z.object({ id: z.string().optional(), index: z.int().optional() }).optional(),
  kind: z.string().optional(),
  level: Level.optional(),
  message: Message,
  locations: z.array(Location).nullish(),
  suppressions: z.array(z.object({ status: z.string().optional() })).nullish(),
});
const Run = z.object({
  tool: z.object({
    driver: z.object({ name: z.string().min(1), rules: z.array(Rule).nullish() }),
  }),
  invocations: z.array(z.object({ executionSuccessful: z.boolean() })).nullish(),
  results: z.array(Result).nullish(),
});
const Log = z.object({
  version: z.string().regex(/^2\.1\.\d+$/),
  runs: z.array(Run).min(1).max(100),
});

export function readSarif(text: string): SarifReport | { readonly unreadable: string } {
  if (Buffer.byteLength(text) > REPORT_BYTES_MAX) return unreadable('it is larger than 16 MiB');
  let json: unknown;
  try {
    json = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch {
    return unreadable('it is no JSON');
  }
  const read = Log.safeParse(json);
  if (!read.success) {
    const [issue] = read.error.issues;
    return unreadable(`it is no SARIF 2.1: ${issue?.path.join('.')}: ${issue?.message}`);
  }
  const { runs } = read.data;
  const found = runs.flatMap(problemsOf);
  return {
    problems: found.slice(0, FAILURES_MAX),
    count: found.length,
    notRun: runs.map(whyNotRun).find((why) => why !== null) ?? null,
  };
}

type Run = z.infer<typeof Run>;
type Result = z.infer<typeof Result>;

function problemsOf(run: Run): Problem[] {
  const levels = levelsOf(run);
  return (run.results ?? [])
    .filter((result) => isError(levels, result))
    .map((result) => ({
      message: cut(messageOf(result), MESSAGE_CHARACTERS_MAX),
      where: placeOf(result),
    }));
}

function isError(levels: Levels, result: Result): boolean {
  if ((result.kind ?? 'fail') !== 'fail' || isSuppressed(result)) return false;
  return (result.level ?? levelOfRule(levels, result) ?? 'warning') === 'error';
}

/** One that is under review, or was turned down, suppresses nothing. */
function isSuppressed({ suppressions }: Result): boolean {
  return (suppressions ?? []).some(({ status }) => (status ?? 'accepted') === 'accepted');
}

type Rule = NonNullable<Run['tool']['driver']['rules']>[number];
type Levels = { readonly rules: readonly Rule[]; readonly byId: ReadonlyMap<string, Rule> };

/** Once for a run: a report may hold a million rules and as many results. */
function levelsOf({ tool }: Run): Levels {
  const rules = tool.driver.rules ?? [];
  const named = rules.flatMap((rule): [string, Rule][] => (rule.id ? [[rule.id, rule]] : []));
  // The first of a name counts.
  return { rules, byId: new Map(named.toReversed()) };
}

function levelOfRule({ rules, byId }: Levels, result: Result): z.infer<typeof Level> | undefined {
  const index = result.ruleIndex ?? result.rule?.index ?? -1;
  return (rules[index] ?? byId.get(idOf(result)))?.defaultConfiguration?.level;
}

const idOf = (result: Result): string => result.ruleId ?? result.rule?.id ?? '';

function messageOf(result: Result): string {
  const said = result.message.text ?? result.message.id ?? 'no message';
  const id = idOf(result);
  return id === '' ? said : `${said} (${id})`;
}

function placeOf({ locations }: Result): string | null {
  const place = locations?.[0]?.physicalLocation;
  const uri = place?.artifactLocation?.uri;
  if (uri === undefined || uri === '') return null;
  const path = decoded(uri).replace(/^(?:file:)?\/*workspace\//, '');
  const line = place?.region?.startLine;
  return cut(line === undefined ? path : `${path}:${line}`, NAME_CHARACTERS_MAX);
}

function decoded(uri: string): string {
  try {
    return decodeURIComponent(uri);
  } catch {
    return uri;
  }
}

function whyNotRun({ tool, invocations, results }: Run): string | null {
  const name = cut(tool.driver.name, 100);
  if (results === null || results === undefined) return `${name} holds no results, not even none`;
  if ((invocations ?? []).length === 0) return `${name} does not say how it ended`;
  const all = (invocations ?? []).every(({ executionSuccessful }) => executionSuccessful);
  return all ? null : `${name} says that it was not carried through`;
}
