/**
 * Phrases of rule files that tell an agent to do what it never does by itself. A short list, and plain
 * words: it is there to spare people a puzzled agent, and stops nobody who wants to get past it.
 */
import type { Severity } from '../problems.ts';

export type Contradiction = {
  readonly severity: Severity;
  readonly message: string;
  /** From 0, in UTF-16 units. */
  readonly at: number;
  readonly width: number;
};

type Phrase = { readonly words: RegExp; readonly severity: Severity; readonly but: string };

const MAY = '(?:you (?:may|can|should|must)|feel free to|go ahead and|always|then|and)';
const ANY = '(?:the |a |your |this |own |all |any |failing |flaky |slow )';
const PUSHES = 'an agent pushes nothing; a change leaves by the publish stage only';
const CHECKS = 'checks run on every change, and none can be skipped';
const MERGES = 'an agent merges nothing';
const APPROVES = 'no approval of an agent counts';

/** No repetition is without a bound. */
const PHRASES: readonly Phrase[] = [
  phrase(`${MAY} (?:force[- ])?push\\b`, 'warning', PUSHES),
  phrase(
    '\\bpush (?:directly |straight )?to (?:main|master|trunk|origin|production)\\b',
    'warning',
    PUSHES,
  ),
  phrase('\\bgit push\\b', 'info', PUSHES),
  phrase(
    `\\b(?:skip|disable|ignore|bypass) ${ANY}{0,3}(?:tests?|checks?|ci|lint(?:er|ing)?|validators?|hooks?)\\b`,
    'warning',
    CHECKS,
  ),
  phrase('--no-verify\\b', 'warning', CHECKS),
  phrase(`${MAY} (?:auto-?)?merge\\b`, 'warning', MERGES),
  phrase(`\\bmerge ${ANY}{0,3}(?:pull requests?|prs?|yourself)\\b`, 'warning', MERGES),
  phrase(
    `\\bapprove ${ANY}{0,3}(?:pull requests?|prs?|changes?|runs?|gates?|work)\\b`,
    'warning',
    APPROVES,
  ),
  phrase(
    `${MAY} (?:edit|change|update|loosen) ${ANY}{0,3}policy\\b`,
    'warning',
    'the policy is edited by people',
  ),
  phrase(
    '\\b(?:npm publish|deploy to production|publish a release)\\b',
    'info',
    'an agent releases nothing',
  ),
];

function phrase(words: string, severity: Severity, but: string): Phrase {
  return { words: new RegExp(words, 'gi'), severity, but };
}

/** What says the opposite stands close before: "do not push", "never merge a PR". */
const NEGATED = /\b(?:not|never|no|nobody|cannot|without|avoid|instead of|rather than)\b|n['’]t\b/i;
const BEFORE = 40;
/** More on one line say nothing new. */
const TOLD_MAX = 5;

export function contradictionsIn(line: string): Contradiction[] {
  const found: Contradiction[] = [];
  for (const { words, severity, but } of PHRASES) {
    for (const { 0: said, index: at } of line.matchAll(words)) {
      const before = line.slice(Math.max(0, at - BEFORE), at);
      const isTold = found.some((one) => at < one.at + one.width && one.at < at + said.length);
      if (isTold || NEGATED.test(before)) continue;
      found.push({ severity, message: `"${said}": ${but}`, at, width: said.length });
      if (found.length === TOLD_MAX) return found;
    }
  }
  return found;
}
