/** Problems in files as other programs read them: annotations of GitHub's workflows, and SARIF 2.1.0. */

export type LintProblem = {
  readonly code: string;
  readonly severity: 'error' | 'warning' | 'info';
  readonly message: string;
  readonly hint?: string;
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly column: number;
  readonly width: number;
};

const ANNOTATIONS = { error: 'error', warning: 'warning', info: 'notice' } as const;

/** One workflow command a line. */
export function annotationsText(problems: readonly LintProblem[]): string {
  return problems
    .map((problem) => {
      const { severity, code, file, line, column } = problem;
      const place = `file=${property(file)},line=${line},col=${column},title=${property(code)}`;
      return `::${ANNOTATIONS[severity]} ${place}::${data(sentence(problem))}`;
    })
    .join('\n');
}

function sentence({ message, hint }: LintProblem): string {
  return hint === undefined ? message : `${message} (${hint})`;
}

/** A line break would begin another command. */
function data(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}

const LEVELS = { error: 'error', warning: 'warning', info: 'note' } as const;

/** A log of one run. Rules are the codes that occur, in order. */
export function sarifOf(problems: readonly LintProblem[]) {
  const codes = [...new Set(problems.map(({ code }) => code))].sort();
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'proofhouse policy lint', rules: codes.map((id) => ({ id })) } },
        columnKind: 'utf16CodeUnits',
        results: problems.map((problem) => resultOf(problem, codes.indexOf(problem.code))),
      },
    ],
  };
}

function resultOf(problem: LintProblem, ruleIndex: number) {
  const { code, severity, file, line, column, width } = problem;
  const region = { startLine: line, startColumn: column, endColumn: column + width };
  return {
    ruleId: code,
    ruleIndex,
    level: LEVELS[severity],
    message: { text: sentence(problem) },
    locations: [{ physicalLocation: { artifactLocation: { uri: uriOf(file) }, region } }],
  };
}

/** A relative reference; a colon in its first part would be read as a scheme. */
function uriOf(file: string): string {
  return file.split('/').map(encodeURIComponent).join('/');
}
