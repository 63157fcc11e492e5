/** Which entries a gate matches, and which only look as though they were outside it. */
import type { Entry } from '../orchestrator/domain/change.ts';
import { type GateIndex, indexOfGates } from './gate-index.ts';
import { compileCut, compileGlob } from './glob.ts';
import { fold, isAscii } from './paths.ts';
import type { GateRule, JudgedOperation } from './schema.ts';

/** Index of the pattern that covers a path; or it is told from a covered one by case or form only. */
export type PathMatch = { readonly pattern: number } | 'confusable' | null;

/** A path with what every gate asks about it, worked out once. */
export type Keyed = {
  readonly path: string;
  readonly parts: readonly string[];
  /** The same in folded form: letter case and Unicode form do not tell two of these apart. */
  readonly key: string;
  readonly keyParts: readonly string[];
  readonly isPlain: boolean;
};

/** An entry with everything it does to its path. */
export type Subject = {
  readonly entry: Entry;
  readonly on: Keyed;
  readonly operations: readonly JudgedOperation[];
};

export function subjectsOf(entries: readonly Entry[]): Subject[] {
  return entries.map((entry) => ({
    entry,
    on: keyed(entry.path),
    operations: operationsOf(entry),
  }));
}

export function keyed(path: string): Keyed {
  const parts = path.split('/');
  const key = fold(path);
  const keyParts = key === path ? parts : key.split('/');
  return { path, parts, key, keyParts, isPlain: isAscii(path) };
}

export type Covering = Readonly<Record<'paths' | 'except', readonly string[]>>;

type Matcher = (on: Keyed) => PathMatch;

const MATCHERS = new WeakMap<Covering, Matcher>();

/** Made once for each gate: its patterns never change while it is there. */
export function gateMatcher(gate: Covering): Matcher {
  const known = MATCHERS.get(gate);
  if (known !== undefined) return known;
  const matcher = compiled(gate);
  MATCHERS.set(gate, matcher);
  return matcher;
}

function compiled({ paths, except }: Covering): Matcher {
  const exact = paths.map((pattern) => compileCut(pattern, { self: true }));
  const folded = paths.map((pattern) => compileCut(fold(pattern), { self: true }));
  // A folder that is excepted is not excepted any more once it is a symlink.
  const excepted = except.map((pattern) => compileCut(pattern, { self: false }));
  const isPlain = paths.every(isAscii);
  return ({ path, parts, key, keyParts, isPlain: isPlainPath }) => {
    const looksCovered = firstOf(folded, key, keyParts) >= 0;
    // Among plain letters what is covered also looks covered, so most paths are done here.
    if (!looksCovered && isPlain && isPlainPath) return null;
    const pattern = firstOf(exact, path, parts);
    if (pattern < 0) return looksCovered ? 'confusable' : null;
    return firstOf(excepted, path, parts) < 0 ? { pattern } : null;
  };
}

/** Index of the first of these patterns that covers a path, or null. */
export function patternOf(patterns: readonly string[], on: Keyed): number | null {
  const match = gateMatcher({ paths: patterns, except: [] })(on);
  return match === null || match === 'confusable' ? null : match.pattern;
}

type Cut = ReturnType<typeof compileCut>;

/** A plain loop: this runs for every gate on every path. */
function firstOf(globs: readonly Cut[], path: string, parts: readonly string[]): number {
  for (let index = 0; index < globs.length; index++) if (globs[index]?.(path, parts)) return index;
  return -1;
}

const SYMLINK = '120000';
const GITLINK = '160000';

/**
 * Everything an entry does. New content often comes with a new mode, and a file that became a
 * symlink has other content: a gate that asks for one of these must not miss it for the other.
 */
export function operationsOf(entry: Entry): JudgedOperation[] {
  const { oldMode, newMode } = entry;
  const kinds: JudgedOperation[] = [
    ...(newMode === SYMLINK || oldMode === SYMLINK ? (['link'] as const) : []),
    ...(newMode === GITLINK || oldMode === GITLINK ? (['gitlink'] as const) : []),
  ];
  return [...plainOperations(entry), ...kinds];
}

function plainOperations({ operation, oldMode, newMode }: Entry): JudgedOperation[] {
  if (operation === 'type') return ['type', 'modify'];
  if (operation === 'modify' && oldMode !== newMode) return ['modify', 'mode'];
  return [operation];
}

export type GateMatches = {
  readonly paths: readonly string[];
  /** Paths that only look as though they were outside the gate. */
  readonly confusable: readonly string[];
  /** Paths of which the gate judges everything that is done to them. */
  readonly covered: readonly string[];
};

type Judging = Covering & Pick<GateRule, 'operations'>;

export function matchGate(gate: Judging, subjects: readonly Subject[]): GateMatches {
  const match = gateMatcher(gate);
  const found = nothingFound();
  for (const subject of subjects) note(found, gate, subject, match(subject.on));
  return found;
}

const INDEXES = new WeakMap<readonly Judging[], GateIndex>();

/** As `matchGate` for each gate, in their order, without asking every gate about every path. */
export function matchGates(
  gates: readonly Judging[],
  subjects: readonly Subject[],
): readonly GateMatches[] {
  const index = INDEXES.get(gates) ?? indexOfGates(gates);
  INDEXES.set(gates, index);
  const all = gates.map((gate) => ({ gate, match: gateMatcher(gate), found: nothingFound() }));
  for (const subject of subjects) {
    for (const at of new Set(index(subject.on))) {
      const asked = all[at];
      if (asked) note(asked.found, asked.gate, subject, asked.match(subject.on));
    }
  }
  return all.map(({ found }) => found);
}

type Found = { [Part in keyof GateMatches]: string[] };

function nothingFound(): Found {
  return { paths: [], confusable: [], covered: [] };
}

function note(found: Found, gate: Judging, { entry, operations }: Subject, matched: PathMatch) {
  if (matched === 'confusable') found.confusable.push(entry.path);
  if (matched === null || matched === 'confusable') return;
  const judged = operations.filter((operation) => gate.operations.includes(operation));
  if (judged.length > 0) found.paths.push(entry.path);
  if (judged.length === operations.length) found.covered.push(entry.path);
}

/** Whether the patterns cover a path or one that is told from it by case or form only. */
export function nearlyCoveredBy(paths: string[]): (on: Keyed) => boolean {
  const match = gateMatcher({ paths, except: [] });
  return (on) => match(on) !== null;
}

/** Whether any of the patterns covers a path; for questions that no gate asks. */
export function coveredBy(patterns: readonly string[]): (path: string) => boolean {
  const globs = patterns.map((pattern) => compileGlob(pattern, { self: true }));
  return (path) => globs.some((matches) => matches(path));
}

/** Whether a gate is for changes that go to this ref. */
export function isForTarget(branches: readonly string[] | undefined, target: string): boolean {
  if (branches === undefined) return true;
  return branches.some((pattern) => compileGlob(pattern, { self: false })(target));
}

/** Whether a path is among the rules that agents are judged by, or only looks as though it were not. */
export const isRules = nearlyCoveredBy(['/.proofhouse/']);
