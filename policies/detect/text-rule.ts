/**
 * Text rules of a policy: RE2 patterns over the lines that a change adds or removes.
 *
 * RE2 because the patterns come from policies and the lines from agents: whoever writes one of them
 * must not be able to hang the machine that judges. This file is the home of `re2js`. Lines are
 * searched one by one, without their ends, so `^` and `$` stand for a line.
 */
import { RE2JS } from 're2js';
import { type FileChange, type Firing, type Side, unreadable } from './detector.ts';
import { capped, plainLine, shortDigest } from './firings.ts';
import { changedLines, type Line } from './lines.ts';
import { foldForSearch, requiredLiteral } from './required-literal.ts';

export type TextRule = {
  readonly added: readonly Pattern[];
  readonly removed: readonly Pattern[];
};

export type TextRuleProblem = {
  /** What is wrong with it, to follow "the pattern". */
  readonly problem: string;
  readonly which: 'added_re2' | 'removed_re2';
  readonly index: number;
};

type Pattern = {
  readonly source: string;
  /** What a text needs, folded, for the pattern to match at all. */
  readonly literal: string | null;
  readonly test: (line: string) => boolean;
};

type Written = {
  readonly added_re2?: readonly string[] | undefined;
  readonly removed_re2?: readonly string[] | undefined;
};

const PATTERN_MAX = 1_000;
const SEARCHED_MAX_BYTES = 512 * 1_024;

export function compileTextRule(rule: Written): TextRule | TextRuleProblem {
  const rules: { added: Pattern[]; removed: Pattern[] } = { added: [], removed: [] };
  for (const side of ['added', 'removed'] as const) {
    const which = `${side}_re2` as const;
    for (const [index, source] of (rule[which] ?? []).entries()) {
      const pattern = compile(source);
      if (typeof pattern === 'string') return { problem: pattern, which, index };
      rules[side].push(pattern);
    }
  }
  return rules;
}

/** What the rule says of the files. What cannot be searched fires: nobody knows what it holds. */
export function textFirings(rule: TextRule, files: readonly FileChange[]): Firing[] {
  return capped(files.flatMap((file) => fileFirings(rule, file)));
}

/** The compiled pattern, or why it is none. */
function compile(source: string): Pattern | string {
  if (source === '') return 'is empty, which matches every line';
  if (source.length > PATTERN_MAX) return `is longer than ${PATTERN_MAX} characters`;
  try {
    const compiled = RE2JS.compile(source);
    return { source, literal: requiredLiteral(source), test: (line) => compiled.test(line) };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return `is not RE2: ${hint(source) ?? reason.replace('error parsing regexp: ', '')}`;
  }
}

/** The three things people try, in words that say what to do. */
function hint(source: string): string | null {
  if (/\(\?<[=!]/.test(source)) {
    return 'lookbehind cannot be matched in linear time; match what comes before as well';
  }
  if (/\(\?[=!]/.test(source)) {
    return 'lookahead cannot be matched in linear time; use two patterns or a class such as [^x]';
  }
  if (/\\[1-9]|\\k[<{]/.test(source)) {
    return 'a back-reference cannot be matched in linear time; write what it stands for';
  }
  return null;
}

type Searched = {
  readonly verb: 'added' | 'removed';
  readonly side: Side | null;
  readonly patterns: readonly Pattern[];
};

function fileFirings(rule: TextRule, file: FileChange): Firing[] {
  const { path, before, after } = file;
  if (before?.oid === after?.oid && before?.mode.slice(0, 3) === after?.mode.slice(0, 3)) return [];
  const searched: Searched[] = [
    { verb: 'added', side: after, patterns: rule.added },
    { verb: 'removed', side: before, patterns: rule.removed },
  ];
  const wanted = searched.filter(({ side, patterns }) => side !== null && patterns.length > 0);
  const reason = wanted.map(({ side }) => unsearchable(side)).find((why) => why !== null);
  if (reason) return [unreadable(path, reason)];
  const hopeful = wanted.map(narrowed).filter(({ patterns }) => patterns.length > 0);
  if (hopeful.length === 0) return [];
  const lines = changedLines(searchedText(before), searchedText(after));
  return hopeful.flatMap(({ verb, patterns }) => matches(path, verb, patterns, lines[verb]));
}

function unsearchable(side: Side | null): string | null {
  if (!side) return null;
  if (side.text === null) return 'it is binary or was too large to read';
  const isLarge = Buffer.byteLength(side.text) > SEARCHED_MAX_BYTES;
  return isLarge ? `it is too large to search, the limit is ${SEARCHED_MAX_BYTES} bytes` : null;
}

/** The other side of a search need not be searchable itself; without it every line counts. */
function searchedText(side: Side | null): string | null {
  return side && unsearchable(side) === null ? side.text : null;
}

/** Only the patterns that have a chance, told by a plain search of the whole text. */
function narrowed(searched: Searched): Searched {
  const folded = foldForSearch(searched.side?.text ?? '');
  const patterns = searched.patterns.filter(
    ({ literal }) => literal === null || folded.includes(literal),
  );
  return { ...searched, patterns };
}

function matches(
  path: string,
  verb: Searched['verb'],
  patterns: readonly Pattern[],
  lines: readonly Line[],
): Firing[] {
  const found = lines.flatMap((line) => {
    const pattern = matching(patterns, line.text);
    return pattern
      ? [{ ...line, pattern, key: `${verb}:${shortDigest(plainLine(line.text))}` }]
      : [];
  });
  return [...Map.groupBy(found, ({ key }) => key).values()].flatMap((same) => {
    const [first] = same;
    if (!first) return [];
    const times = same.length > 1 ? `×${same.length}` : '';
    const shown = first.pattern.source.slice(0, 100);
    const message = `${path} ${SAYS[verb]} a line that matches ${shown}`;
    return { path, line: first.number, key: `${first.key}${times}`, message };
  });
}

const SAYS = { added: 'adds', removed: 'removes' };

function matching(patterns: readonly Pattern[], text: string): Pattern | undefined {
  const folded = foldForSearch(text);
  return patterns.find(
    ({ literal, test }) => (literal === null || folded.includes(literal)) && test(text),
  );
}
