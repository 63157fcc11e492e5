/**
 * What makes the code of a test weaker: cases or assertions that are gone, and words that switch
 * cases off. Counted in the code without comments and titles, in the words of many runners at once;
 * a word of another runner counts the same on both sides and so does no harm.
 */
import { readSource, type Source } from './code-only.ts';
import { type Mark, newMarks } from './marks.ts';

/** One way in which a file became weaker. */
export type Weakness = {
  readonly line: number | null;
  readonly key: string;
  /** To follow the path: "has fewer …". */
  readonly what: string;
};

export function weakenedCode(path: string, before: string, after: string): Weakness[] {
  const old = readSource(path, before);
  const now = readSource(path, after);
  return [...fewer(path, old, now), ...switchedOff(old, now)];
}

const CASES: readonly RegExp[] = [
  /(?<![\w$.])(?:it|test|specify)(?:\.(?:each|concurrent|sequential|for|fails|only|skip)){0,3}\s*[(`]/g,
  /^[ \t]*(?:async[ \t]+)?def[ \t]+test/gm,
  /^func[ \t]+(?:\([^)\n]{0,100}\)[ \t]*)?(?:Test|Fuzz|Example)/gm,
  /\b[tb]\.Run\(/g,
  /^[ \t]*(?:it|specify|scenario|example|test|should)[ \t]+["']/gm,
  /@(?:Test|ParameterizedTest|RepeatedTest|TestFactory|Property)\b/g,
  /\[(?:Fact|Theory|Test|TestMethod|TestCase|DataRow|InlineData)\b/g,
  /#\[(?:\w+::){0,3}(?:test|rstest|test_case)\b/g,
];

/** In Go a function with such a name is no test: making its first letter small switches it off. */
const CASES_BUT_GO = /\bfun(?:c|ction)[ \t]+test\w/g;

const ASSERTIONS: readonly RegExp[] = [
  /(?<![\w$])expect(?:\.(?:soft|poll)|TypeOf|Type|Error)?\s*[(<]/g,
  /\b[aA]ssert\w*\s*[.!(]/g,
  /^[ \t]*assert[ \t]/gm,
  /\bt\.(?:Error|Fatal|Fail)\w*\(/g,
  /\brequire\.[A-Z]\w*\(/g,
  /\.should\b|\bshould[A-Z]\w*/g,
  /\b[tq]\.(?:is|not|true|false|truthy|falsy|deepEqual|notDeepEqual|like|throws\w*|regex|snapshot|assert|equal|notEqual|same|match|ok|notOk|pass|strictEqual|rejects)\(/g,
  /\b(?:EXPECT|ASSERT|CHECK|REQUIRE)(?:_\w+)?\s*\(/g,
  /\bXCTAssert\w*\(/g,
  /\bpytest\.raises\(/g,
];

function fewer(path: string, old: Source, now: Source): Weakness[] {
  const cases = path.endsWith('.go') ? CASES : [...CASES, CASES_BUT_GO];
  return [
    ...fewerOf('cases', 'test cases', count(cases, old), count(cases, now)),
    ...fewerOf('assertions', 'assertions', count(ASSERTIONS, old), count(ASSERTIONS, now)),
  ];
}

function count(patterns: readonly RegExp[], { code }: Source): number {
  // What is imported is not yet used.
  const used = code.replace(/^[ \t]*(?:import|from|use|using|#include)\b.*$/gm, '');
  return patterns.reduce((sum, pattern) => sum + (used.match(pattern)?.length ?? 0), 0);
}

function fewerOf(key: string, name: string, before: number, after: number): Weakness[] {
  if (after >= before) return [];
  const what = `has fewer ${name} than before: ${after} instead of ${before}`;
  return [{ line: null, key: `fewer-${key}:${before}>${after}`, what }];
}

const SKIPPED: readonly Mark[] = [
  // Up to four steps, as in `test.describe.parallel.only`; blanks and line ends between them.
  {
    kind: 'skip',
    pattern:
      /(?<![\w$.])(?:it|test|describe|suite|context|specify|bench|before|after)\s*(?:\??\.\s*\w{1,40}\s*){0,4}\??\.\s*(?:skip|todo|fixme|fails?|skipIf|runIf|failing)\b/gm,
  },
  {
    kind: 'only',
    pattern:
      /(?<![\w$.])(?:it|test|describe|suite|context|specify|bench|before|after)\s*(?:\??\.\s*\w{1,40}\s*){0,4}\??\.\s*only\b/gm,
  },
  {
    kind: 'skip',
    pattern:
      /(?<![\w$.])(?:it|test|describe|suite|context|specify|bench|before|after)\s*(?:\?\.\s*)?\[\s*['"`]/gm,
  },
  {
    kind: 'skip',
    pattern: /(?<![\w$.])(?:xit|xtest|xdescribe|xcontext|xspecify)\s*(?:\.\s*each\s*)?[(`]/gm,
  },
  {
    kind: 'only',
    pattern: /(?<![\w$.])(?:fit|fdescribe|fcontext|ftest)\s*(?:\.\s*each\s*)?[(`]/gm,
  },
  {
    kind: 'skip',
    pattern: /\b(?:this|t|ctx|context|testInfo|self)\s*\.\s*(?:skip|skipTest|todo|fixme)\s*\(/gm,
  },
  { kind: 'skip', pattern: /(?<![\w$.])(?:skip\s*:\s*(?:true\b|["'`])|todo\s*:\s*true\b)/gm },
  { kind: 'only', pattern: /(?<![\w$.])(?:only|focus)\s*:\s*true\b/gm },
  { kind: 'escaped-name', pattern: /\\u(?:[0-9a-fA-F]{4}|\{[0-9a-fA-F]{1,6}\})/gm },
  // Python
  {
    kind: 'skip',
    pattern: /@(?:\w{1,40}\.){0,3}(?:skip|skipif|skipIf|skipUnless|xfail|expectedFailure)\b/gm,
  },
  {
    kind: 'skip',
    pattern: /\bmark\.(?:skip|skipif|xfail)\b|\bpytest\.(?:skip|xfail|importorskip)\s*\(/gm,
  },
  { kind: 'skip', pattern: /\bSkipTest\b|\b__test__\s*=\s*False|\bcollect_ignore(?:_glob)?\b/gm },
  // Go
  { kind: 'skip', pattern: /\b[tbf]\.Skip(?:f|Now)?\(|\btesting\.Short\(\)/gm },
  // Java, Kotlin, C#, Rust, PHP, Swift
  {
    kind: 'skip',
    pattern: /@(?:\w{1,40}\.){0,5}(?:Disabled|Ignore|EnabledIf|DisabledIf|DisabledOn)\w*/gm,
  },
  {
    kind: 'skip',
    pattern: /\bassum(?:e|ing)(?:True|False|That|NoException|NotNull)?\s*\(|\bAssume\./gm,
  },
  { kind: 'skip', pattern: /\[(?:Ignore|Explicit)\b|\bSkip\s*=\s*"|#\[\s*ignore\b/gm },
  { kind: 'skip', pattern: /\bmarkTest(?:Skipped|Incomplete)\b|\bXCTSkip\w*/gm },
  // Ruby, Elixir
  {
    kind: 'skip',
    pattern:
      /^[ \t]*(?:skip|pending|xit|xdescribe|xcontext|xscenario|xexample)(?:[ \t]+["'d]|[ \t]*$)/gm,
  },
  { kind: 'skip', pattern: /,\s*:(?:skip|pending)\b|@(?:module)?tag\s+:?skip\b/gm },
  { kind: 'only', pattern: /^[ \t]*(?:fit|fdescribe|fcontext|fscenario)[ \t]+["']|,\s*:focus\b/gm },
  // Assertions of what is always so
  {
    kind: 'hollow',
    pattern:
      /\bexpect\s*\(\s*(?:true|1|!0)\s*\)\s*\.\s*(?:toBe|toEqual|toBeTruthy|toStrictEqual|to)\b/gm,
  },
  {
    kind: 'hollow',
    pattern:
      /^[ \t]*assert[ \t]+(?:True|1)[ \t]*$|\b[aA]ssert(?:\.?\w{1,20})?!?\s*\(\s*(?:true|True|1)\s*\)/gm,
  },
];

/** Looked for with comments and strings left in: what keeps a Go file from being built, and quoted keys. */
const SKIPPED_IN_TEXT: readonly Mark[] = [
  { kind: 'skip', pattern: /^\/\/\s?(?:go:build|\+build)\b/gm },
  { kind: 'skip', pattern: /["'](?:skip|todo)["']\s*:\s*true\b/g },
  { kind: 'only', pattern: /["']only["']\s*:\s*true\b/g },
];

const SAYS: Readonly<Record<string, string>> = {
  skip: 'switches a test off',
  only: 'runs one test and leaves out the others',
  'escaped-name': 'spells a name with escapes, so that it reads like another',
  hollow: 'asserts what is always so',
};

function switchedOff(old: Source, now: Source): Weakness[] {
  const inCode = newMarks(
    { searched: old.code, shown: old.text },
    { searched: now.code, shown: now.text },
    SKIPPED,
  );
  const inText = newMarks(whole(old), whole(now), SKIPPED_IN_TEXT);
  return [...inCode, ...inText].map(({ kind, line, key }) => ({
    ...{ line, key },
    what: SAYS[kind] ?? 'is weaker than before',
  }));
}

function whole({ text }: Source): { searched: string; shown: string } {
  return { searched: text, shown: text };
}
