/**
 * Settings by which a test runner looks at less or minds less: thresholds, lists of what to run and
 * what to leave out, switches. Read as text, because most of these files are programs; compared by
 * name over the whole file, so that moving a setting is no news.
 */
import { readSource, type Source } from './code-only.ts';
import { shortDigest } from './firings.ts';
import type { Weakness } from './test-code.ts';
import { type Lists, listsOf } from './test-lists.ts';
import { isTestScript, type Scripts, weakenedScripts } from './test-script.ts';

/** `before` is null for a file that is new. */
export function weakenedConfig(path: string, before: string | null, after: string): Weakness[] {
  const now = readSettings(path, after);
  const old = before === null ? NONE : readSettings(path, before);
  if (!now || !old) {
    return [{ line: null, key: 'unreadable', what: 'cannot be looked at: it is no valid JSON' }];
  }
  return [
    ...weakenedScripts(old.scripts, now.scripts),
    ...thresholds(old.source.live, now.source.live),
    ...switches(old.source.live, now.source.live),
    ...(before === null ? [] : narrowed(old.lists, now.lists)),
    ...leftOut(old.lists, now.lists),
  ];
}

type Settings = { readonly source: Source; readonly scripts: Scripts; readonly lists: Lists };

const NONE = settings('none.json', '', new Map());

/** Null when it is a package.json that nobody can read. */
function readSettings(path: string, text: string): Settings | null {
  if (/(?:^|\/)package\.json$/i.test(path)) return readPackage(text);
  const isSectioned = /\.(?:ini|cfg|toml)$|\.coveragerc$/i.test(path);
  return settings(path, isSectioned ? testSections(path, text) : text, new Map());
}

function settings(path: string, text: string, scripts: Scripts): Settings {
  const source = readSource(path, text);
  return { source, scripts, lists: listsOf(path, source) };
}

const BLOCKS = ['jest', 'vitest', 'mocha', 'ava', 'c8', 'nyc', 'tap', 'playwright'];

function readPackage(text: string): Settings | null {
  const manifest = parseObject(text);
  if (!manifest) return null;
  const blocks = Object.entries(manifest).filter(([name]) => BLOCKS.includes(name));
  const scripts = Object.entries(manifest).find(([name]) => name === 'scripts')?.[1];
  const commands = Object.entries(isObject(scripts) ? scripts : {}).flatMap(([name, command]) =>
    isTestScript(name) && typeof command === 'string' ? [[name, command] as const] : [],
  );
  const shown = JSON.stringify([blocks, commands], null, 2);
  return settings('package.json', shown, new Map(commands));
}

function parseObject(text: string): object | null {
  try {
    const parsed: unknown = JSON.parse(text.replace(/^\uFEFF/, ''));
    return isObject(parsed) ? parsed : null;
  } catch {
    return null;
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The sections of test tools; others have lists of the same names. Lines stay where they were. */
function testSections(path: string, text: string): string {
  const isAllOfTests = /(?:pytest\.ini|\.coveragerc)$/i.test(path);
  let isOfTests = isAllOfTests;
  const lines = text.split('\n').map((line) => {
    const title = /^[ \t]*\[{1,2}([^[\]"'\n]{1,200})\]{1,2}[ \t]*(?:#.*)?\r?$/.exec(line)?.[1];
    if (title !== undefined) {
      isOfTests = isAllOfTests || /pytest|coverage|testenv|\btox\b|nose|unittest/i.test(title);
    }
    return isOfTests ? line : '';
  });
  return lines.join('\n');
}

/** Lower is weaker. */
const FLOOR =
  /(?<![\w])(lines|branches|functions|statements|(?:cov-)?fail[_-]under|target)["'`]?(?:\s{0,20}[:=]\s{0,20}|\s{1,5})["'`]?(-?\d{1,5}(?:\.\d{1,5})?)/g;
/** Higher is weaker: how often a failure may be tried again, how much coverage may drop. */
const CEILING =
  /(?<![\w])(retries|retry|reruns|threshold|maxDiffPixels|maxDiffPixelRatio)["'`]?(?:\s{0,20}[:=]\s{0,20}|\s{1,5})([^,}\n]{0,100})/g;

function thresholds(old: string, now: string): Weakness[] {
  const afterwards = numbers(FLOOR, now);
  const floors = [...numbers(FLOOR, old)].flatMap(([name, before]) => {
    const after = afterwards.get(name) ?? [];
    const place = before.findIndex((number, index) => (after[index] ?? -Infinity) < number);
    return place < 0 ? [] : [lowered(name, before[place], after[place])];
  });
  const beforehand = numbers(CEILING, old);
  const ceilings = [...numbers(CEILING, now)].flatMap(([name, [after = 0]]) => {
    const [before = 0] = beforehand.get(name) ?? [];
    const what = `raises "${name}" from ${before} to ${after}`;
    return after > before ? [{ line: null, key: `raised:${name}:${before}>${after}`, what }] : [];
  });
  return [...floors, ...ceilings];
}

function lowered(name: string, before: number | undefined, after: number | undefined): Weakness {
  const now = after === undefined ? 'nothing' : `${after}`;
  const what = `lowers the threshold "${name}" from ${before} to ${now}`;
  return { line: null, key: `lowered:${name}:${before}>${now}`, what };
}

/** By name, the greatest first. */
function numbers(pattern: RegExp, text: string): Map<string, number[]> {
  const found = new Map<string, number[]>();
  for (const [, name = '', value = ''] of text.matchAll(pattern)) {
    const values = found.get(name) ?? [];
    values.push(...(value.match(/-?\d{1,5}(?:\.\d{1,5})?/g) ?? []).map(Number));
    found.set(name, values);
  }
  for (const values of found.values()) values.sort((a, b) => b - a);
  return found;
}

type Switch = readonly [key: string, what: string, pattern: RegExp];

/** Fire when there are more of them than before. */
const LOOSE: readonly Switch[] = [
  [
    'no-tests',
    'passes when no test is run',
    /pass[-_]?with[-_]?no[-_]?tests(?!["'`]?\s*[:=]\s*(?:false|0))/gi,
  ],
  ['force-exit', 'ends the runner by force', /force-?exit(?!["'`]?\s*[:=]\s*(?:false|0))/gi],
  [
    'ignores-errors',
    'ignores errors outside of tests',
    /dangerouslyIgnoreUnhandledErrors(?!["'`]?\s*[:=]\s*false)/g,
  ],
  [
    'allows-only',
    'lets one test stand for all',
    /allow-?only["'`]?\s*[:=]\s*true|--allow-?only\b(?!=false)|forbid-?only["'`]?\s*[:=]\s*false/gi,
  ],
  ['informational', 'makes coverage informational', /informational["'`]?\s*:\s*true/g],
  [
    'filter',
    'runs only a part of the tests',
    /--(?:testNamePattern|test-name-pattern|test-skip-pattern|test-only|fgrep|grep|grep-invert|invert|deselect|ignore(?:-glob)?|testPathIgnorePatterns|exclude|only-?[cC]hanged|only-?[fF]ailures|last-?[cC]ommit|changed|related|findRelatedTests|last-failed|lf)(?![\w-])|(?<=[\s"'`])-(?:k|t|g)[\s=]+["'\\\w@]|(?<=[\s"'`])-m[\s=]+["'\\]{0,3}not\b/g,
  ],
  [
    'no-coverage',
    'measures no coverage',
    /--no-cov(?:erage)?\b|--coverage[.\w]*=false|(?:check-?coverage|collectCoverage|perFile)["'`]?\s*[:=]\s*false/gi,
  ],
];
/** Fire when there are fewer of them than before. */
const STRICT: readonly Switch[] = [
  [
    'check-coverage',
    'no longer fails on low coverage',
    /check-?coverage["'`]?\s*[:=]\s*true|--check-coverage\b/gi,
  ],
  ['full-coverage', 'no longer asks for full coverage', /\b100["'`]?\s*:\s*true|--100\b/g],
  [
    'forbid-only',
    'no longer refuses tests that run alone',
    /forbid-?only["'`]?\s*[:=](?!\s*false)|--forbid-only\b|allow-?only["'`]?\s*[:=]\s*false/gi,
  ],
  [
    'strict-xfail',
    'no longer fails on tests that pass unexpectedly',
    /xfail_strict\s*=\s*(?:true|1)/gi,
  ],
];

function switches(old: string, now: string): Weakness[] {
  const count = (text: string, pattern: RegExp) => text.match(pattern)?.length ?? 0;
  const found = (key: string, what: string, before: number, after: number): Weakness[] =>
    before === after ? [] : [{ line: null, key: `switch:${key}:${before}>${after}`, what }];
  return [
    ...LOOSE.flatMap(([key, what, pattern]) => {
      const [before, after] = [count(old, pattern), count(now, pattern)];
      return after > before ? found(key, what, before, after) : [];
    }),
    ...STRICT.flatMap(([key, what, pattern]) => {
      const [before, after] = [count(old, pattern), count(now, pattern)];
      return after < before ? found(key, what, before, after) : [];
    }),
  ];
}

function narrowed(old: Lists, now: Lists): Weakness[] {
  const names = new Set([...old.kept.keys(), ...now.kept.keys()]);
  return [...names].flatMap((name) => {
    const before = old.kept.get(name);
    const after = now.kept.get(name);
    // Without a list the runner takes its own, which is no narrower.
    if (!after) return [];
    const lost = before ? missing(before.items, after.items) : [];
    const isOther = before !== undefined && before.rest !== after.rest;
    if (before && lost.length === 0 && !isOther) return [];
    const what = before
      ? `narrows "${name}"${shown(lost)}`
      : `sets "${name}" where the default was in force${shown(after.items)}`;
    return [{ line: null, key: `narrowed:${name}:${digest(lost, after)}`, what }];
  });
}

/** Folders that hold no tests of one's own. */
const NO_TESTS =
  /^[*./!^]*(?:node_modules|dist|build|out|coverage|vendor|\.?venv|target|__pycache__|\.\w[\w-]*)(?:[/*$].*)?$/;

function leftOut(old: Lists, now: Lists): Weakness[] {
  return [...now.leftOut].flatMap(([name, after]) => {
    const before = old.leftOut.get(name);
    const gained = missing(after.items, before?.items ?? []).filter((item) => !NO_TESTS.test(item));
    const isOther = before !== undefined && before.rest !== after.rest;
    if (gained.length === 0 && !isOther) return [];
    const what = `leaves out more with "${name}"${shown(gained)}`;
    return [{ line: null, key: `left-out:${name}:${digest(gained, after)}`, what }];
  });
}

function digest(items: readonly string[], list: { readonly rest: string }): string {
  return shortDigest(JSON.stringify([[...items].sort(), list.rest]));
}

/** What the first list has more of than the second. */
function missing(items: readonly string[], from: readonly string[]): string[] {
  const there = new Map<string, number>();
  for (const item of from) there.set(item, (there.get(item) ?? 0) + 1);
  return items.filter((item) => {
    const left = there.get(item) ?? 0;
    there.set(item, left - 1);
    return left <= 0;
  });
}

function shown(items: readonly string[]): string {
  const text = items.slice(0, 5).map((item) => JSON.stringify(item.slice(0, 60)));
  return text.length > 0 ? `: ${text.join(', ')}${items.length > 5 ? ', …' : ''}` : '';
}
