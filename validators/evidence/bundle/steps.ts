/** What a check of a bundle consists of, and what each part found. Pure. */

/** In the order in which they are made. */
export const STEPS = {
  files: 'Every file is the one that is listed, and there are no others',
  signature: 'The list is signed by a key that was good at the time',
  contents: 'Every file says what its place asks for',
  envelopes: 'Statements, decisions and checkpoints are signed by keys of their roles',
  subjects: 'Everything is about this tree, and the repository has it',
  facts: 'The facts are those of the repository',
  policy: 'The policy is the one that is named',
  decision: 'Deciding again comes to the same, byte for byte',
  approvals: 'The people who had to agree did, and were who may',
  tests: 'Checks passed, and the statements say what they came to',
  audit: 'The audit log has all of this',
} as const;
export type StepId = keyof typeof STEPS;

export type Step = {
  readonly id: StepId;
  readonly title: string;
  /** `skipped` was not asked for; `unknown` was, and could not be found out. */
  readonly verdict: 'passed' | 'failed' | 'unknown' | 'skipped';
  /** What is wrong, or why nobody can tell; one sentence each. */
  readonly problems: readonly string[];
  /** What was looked at. */
  readonly note: string;
};

const PROBLEMS_MAX = 50;

export function passed(id: StepId, note: string): Step {
  return { id, title: STEPS[id], verdict: 'passed', problems: [], note };
}

export function skipped(id: StepId, note: string): Step {
  return { id, title: STEPS[id], verdict: 'skipped', problems: [], note };
}

export function unknown(id: StepId, ...problems: string[]): Step {
  return { id, title: STEPS[id], verdict: 'unknown', problems, note: '' };
}

/** Passed when there is no problem. */
export function stepOf(id: StepId, problems: readonly string[], note: string): Step {
  if (problems.length === 0) return passed(id, note);
  const more = problems.length - PROBLEMS_MAX;
  const told = [...problems.slice(0, PROBLEMS_MAX), ...(more > 0 ? [`and ${more} more`] : [])];
  return { id, title: STEPS[id], verdict: 'failed', problems: told, note };
}

/** What a file says, as far as it can be read in a sentence. */
export function shown(text: string): string {
  const line = text.replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, '·');
  return line.length > 200 ? `${line.slice(0, 200)}…` : line;
}
