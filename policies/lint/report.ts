/** How the parts of the linter say what they found. */
import type { LoadedPolicy } from '../parse.ts';
import type { Problem, Severity } from '../problems.ts';
import type { YamlPath } from '../yaml-source.ts';

export type Found = {
  readonly code: string;
  readonly severity: Severity;
  readonly path: YamlPath;
  readonly message: string;
  readonly hint?: string;
  readonly part?: 'key' | 'value';
};

/** What a policy is looked at with. */
export type Linting = {
  readonly loaded: LoadedPolicy;
  /** The layers it is judged with, itself among them, the uppermost first. */
  readonly layers: readonly LoadedPolicy[];
  /** Whether no layer comes after it. */
  readonly isLast: boolean;
  /** Paths of the repository; empty when there is none. */
  readonly known: readonly string[];
  /** ISO 8601, UTC. */
  readonly now: string;
  /** Someone who asks for tasks; null asks for everybody whom the policy names. */
  readonly requester: string | null;
};

export function problemOf(loaded: LoadedPolicy, found: Found): Problem {
  const { part = 'value', ...problem } = found;
  return { ...problem, ...loaded.place(found.path, part) };
}
