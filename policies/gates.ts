/** Which entries a gate matches, and which only look as though they were outside it. */
import type { Entry, Operation } from '../orchestrator/domain/change.ts';
import { compileCut } from './glob.ts';
import { fold } from './paths.ts';
import type { GateRule } from './schema.ts';

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

export function keyed(path: string): Keyed {
  const key = fold(path);
  return { path, parts: path.split('/'), key, keyParts: key.split('/'), isPlain: isAscii(path) };
}

export function gateMatcher({
  paths,
  except,
}: Pick<GateRule, 'paths' | 'except'>): (on: Keyed) => PathMatch {
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

type Cut = ReturnType<typeof compileCut>;

/** A plain loop: this runs for every gate on every path. */
function firstOf(globs: readonly Cut[], path: string, parts: readonly string[]): number {
  for (let index = 0; index < globs.length; index++) if (globs[index]?.(path, parts)) return index;
  return -1;
}

function isAscii(text: string): boolean {
  return !/[^ -~]/.test(text);
}

/**
 * Everything an entry does. New content often comes with a new mode, and a file that became a
 * symlink has other content: a gate that asks for one of these must not miss it for the other.
 */
export function operationsOf({ operation, oldMode, newMode }: Entry): Operation[] {
  if (operation === 'type') return ['type', 'modify'];
  if (operation === 'modify' && oldMode !== newMode) return ['modify', 'mode'];
  return [operation];
}

export type Matches = {
  /** Per gate, what it matched. */
  readonly gates: readonly GateMatches[];
  /** Paths that no gate covers whole, whatever is done to them. */
  readonly uncovered: readonly string[];
};

export type GateMatches = {
  readonly paths: readonly string[];
  /** Paths that only look as though they were outside the gate. */
  readonly confusable: readonly string[];
  /** Paths of which the gate judges everything that is done to them. */
  readonly covered: readonly string[];
};

export function matchGates(gates: readonly GateRule[], entries: readonly Entry[]): Matches {
  const subjects = entries.map((entry) => ({ entry, on: keyed(entry.path) }));
  const matches = gates.map((gate) => matchGate(gate, subjects));
  const covered = new Set(matches.flatMap((match) => match.covered));
  const uncovered = entries.map(({ path }) => path).filter((path) => !covered.has(path));
  return { gates: matches, uncovered };
}

function matchGate(gate: GateRule, subjects: readonly { entry: Entry; on: Keyed }[]): GateMatches {
  const match = gateMatcher(gate);
  const found: { [Part in keyof GateMatches]: string[] } = {
    paths: [],
    confusable: [],
    covered: [],
  };
  for (const { entry, on } of subjects) {
    const matched = match(on);
    if (matched === 'confusable') found.confusable.push(entry.path);
    if (!matched || matched === 'confusable') continue;
    const operations = operationsOf(entry);
    const judged = operations.filter((operation) => gate.operations.includes(operation));
    if (judged.length > 0) found.paths.push(entry.path);
    if (judged.length === operations.length) found.covered.push(entry.path);
  }
  return found;
}
