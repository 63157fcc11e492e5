/**
 * What is wrong with a YAML file and where, and how a person is shown it.
 * Codes are stable: P01xx syntax, P02xx patterns, P03xx people, P04xx structure,
 * P05xx exemptions, P06xx rule files.
 */

/** A spot in a file. Lines and columns count from 1. */
export type Place = {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** How many characters to underline; at least 1. */
  readonly width: number;
  /** The text of that line. */
  readonly source: string;
  /** For each step of the way there, the `id` of the list item it leads to, where that has one. */
  readonly ids?: readonly (string | null)[];
};

/** `info` is worth knowing and counts for nothing. */
export type Severity = 'error' | 'warning' | 'info';

export type Problem = Place & {
  readonly code: string;
  readonly severity: Severity;
  readonly message: string;
  readonly path: readonly (string | number)[];
  readonly hint?: string;
};

/** The problem as a compiler would print it, without a final newline. */
export function renderProblem(problem: Problem): string {
  const { code, severity, message, file, line, column, width, hint } = problem;
  const bar = `${' '.repeat(String(line).length + 2)}|`;
  const caret = `${' '.repeat(column - 1)}${'^'.repeat(width)}${hint ? ` ${hint}` : ''}`;
  const within = pathText(problem.path, problem.ids ?? []);
  return [
    `${severity}[${code}]: ${message}`,
    `${' '.repeat(String(line).length + 1)}--> ${file}:${line}:${column}`,
    bar,
    ` ${line} | ${visible(problem.source)}`,
    `${bar} ${caret}`,
    ...(within ? [`${bar.replace('|', '=')} in: ${within}`] : []),
    `${bar.replace('|', '=')} see: proofhouse policy explain-code ${code}`,
  ].join('\n');
}

export function inOrder(problems: readonly Problem[]): Problem[] {
  return [...problems].sort((a, b) => a.line - b.line || a.column - b.column);
}

/** As in `gates[0] (auth) › approvals[0]`. */
function pathText(path: Problem['path'], ids: NonNullable<Place['ids']>): string {
  let text = '';
  for (const [depth, step] of path.entries()) {
    const id = ids[depth] ?? null;
    if (typeof step === 'number') text += `[${step}]${id === null ? '' : ` (${visible(id)})`}`;
    else text += text === '' ? step : ` › ${step}`;
  }
  return text;
}

/** One column per character, so that the caret stays under what it means. */
function visible(source: string): string {
  return source.replace(/[\p{Cc}\p{Cf}]/gu, (hidden) => (hidden === '\t' ? ' ' : '\ufffd'));
}
