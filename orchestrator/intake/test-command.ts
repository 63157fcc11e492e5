/**
 * The argv that runs a repository's tests and leaves a JUnit file in `/out`. Pure.
 *
 * The arguments of the repository's own script are kept (without them mocha finds no test), its
 * reporters and watch modes are not. Where no argv can be trusted to do it, we say what to add.
 */
import type { Packages } from './packages.ts';
import { wordsOf } from './script-words.ts';
import type { Runner, Tests } from './tests.ts';
import { flowList } from './yaml-line.ts';

/** `advice`: how to go on, line by line, when there is no command. */
export type TestCommand =
  | { readonly run: readonly string[]; readonly notes: readonly string[] }
  | { readonly run: null; readonly advice: readonly string[] };

const REPORT = '/out/junit.xml';
const NODE_REPORT = ['--test', '--test-reporter=junit', `--test-reporter-destination=${REPORT}`];

/** What the repository's script says around its runner. */
type Call = {
  /** `NAME=value` words in front. */
  readonly assignments: readonly string[];
  readonly program: readonly string[];
  readonly args: readonly string[];
};

export function testCommand(tests: Tests, packages: Packages): TestCommand {
  const { runner } = tests;
  if (runner === null) return { run: null, advice: ADVICE_UNKNOWN };
  if (runner === 'ava') return { run: null, advice: ADVICE_AVA };
  if (runner === 'jest' && !packages.dependencies.includes('jest-junit')) {
    return { run: null, advice: adviceForJest(tests) };
  }
  return { run: argvFor(runner, tests), notes: notesFor(runner, tests, packages) };
}

const ADVICE_UNKNOWN = [
  'Replace `run` by the command that runs your tests and writes JUnit XML to /out/junit.xml:',
  'a list of words, no shell. Ready-made ones:',
  '  [npx, vitest, run, --reporter=junit, --outputFile=/out/junit.xml]',
  '  [npx, mocha, --reporter, xunit, --reporter-options, output=/out/junit.xml]',
  '  [node, --test, --test-reporter=junit, --test-reporter-destination=/out/junit.xml]',
];

const ADVICE_AVA = [
  'ava has no JUnit reporter. Add a script to package.json that turns its TAP into JUnit, such as',
  '  "test:junit": "ava --tap | tap-xunit > /out/junit.xml"   (after: npm install --save-dev tap-xunit)',
  'and replace `run` by: [npm, run, "test:junit"]',
];

function adviceForJest(tests: Tests): string[] {
  const argv = flowList(argvFor('jest', tests));
  return [
    'jest writes JUnit through a reporter that is not among your dependencies:',
    '  npm install --save-dev jest-junit',
    `Then replace \`run\` by: ${argv}`,
  ];
}

function argvFor(runner: Exclude<Runner, 'ava'>, tests: Tests): string[] {
  const { assignments, program, args } = callOf(runner, tests.command);
  switch (runner) {
    case 'vitest':
      return withEnv(assignments, [
        ...program,
        'run',
        ...without(args, ['--reporter', '--outputFile'], ['run', 'watch', 'dev', '--watch', '-w']),
        '--reporter=junit',
        `--outputFile=${REPORT}`,
      ]);
    case 'jest':
      return withEnv(
        [...assignments, `JEST_JUNIT_OUTPUT_FILE=${REPORT}`],
        [
          ...program,
          ...without(args, ['--reporters', '--outputFile'], ['--watch', '--watchAll', '--json']),
          '--reporters=default',
          '--reporters=jest-junit',
        ],
      );
    case 'mocha':
      return withEnv(assignments, [
        ...program,
        ...without(args, MOCHA_REPORTING, ['--watch', '-w']),
        // The plural is known to every mocha; the singular came with version 6.
        ...['--reporter', 'xunit', '--reporter-options', `output=${REPORT}`],
      ]);
    default:
      return withEnv(assignments, [...program, ...NODE_REPORT, ...nodeArgs(runner, args, tests)]);
  }
}

const MOCHA_REPORTING = ['--reporter', '-R', '--reporter-option', '--reporter-options', '-O'];

function nodeArgs(runner: Runner, args: readonly string[], tests: Tests): string[] {
  const kept =
    runner === 'node-test'
      ? without(args, ['--test-reporter', '--test-reporter-destination'], ['--test', '--watch'])
      : tapArgs(args);
  return kept.map((arg) => globFor(arg, tests.files));
}

/**
 * tap and tape need no runner of their own: each file is a program that ends badly when it fails.
 * Of their options, Node knows those that load something first.
 */
function tapArgs(args: readonly string[]): string[] {
  return args.flatMap((arg, at) => {
    const [name = ''] = arg.split('=', 1);
    if (['-r', '--require', '--import'].includes(name)) return [arg];
    return arg.startsWith('-') || (at === 0 && arg === 'run') ? [] : [arg];
  });
}

/** Node takes files and globs but no folders: `node --test test/` finds nothing and fails. */
function globFor(arg: string, files: readonly string[]): string {
  const folder = `${arg.replace(/^\.\//, '').replace(/\/$/, '')}/`;
  const inside = files.filter((path) => path.startsWith(folder));
  if (arg.startsWith('-') || inside.length === 0) return arg;
  const endings = inside.map(
    (path) => /(?:[._-](?:test|spec))?\.[cm]?[jt]sx?$/.exec(path)?.[0] ?? '',
  );
  // Where some files are named as tests, the others are what the tests import.
  const named = endings.filter((ending) => /test|spec/.test(ending));
  const wanted = [...new Set(named.length > 0 ? named : endings)].sort();
  return `${folder}**/*${wanted.length === 1 ? wanted[0] : `{${wanted.join(',')}}`}`;
}

function callOf(runner: Runner, command: string | null): Call {
  const program =
    runner === 'node-test' || runner === 'tap' || runner === 'tape' ? ['node'] : ['npx', runner];
  const words = command === null ? null : wordsOf(command);
  if (words === null) return { assignments: [], program, args: [] };
  const at = words.findIndex((word) =>
    runner === 'node-test' ? word === '--test' : word === runner || word.endsWith(`/${runner}`),
  );
  const before = words.slice(0, Math.max(0, at));
  const assignments = before.filter(isAssignment);
  const args = words.slice(at + 1);
  const node = before.findIndex((word) => word === 'node' || word === 'tsx');
  if (node < 0) return { assignments, program, args };
  const own = runner === 'node-test' ? before.slice(node) : words.slice(node, at + 1);
  const started = own[0] === 'tsx' ? ['npx', ...own] : own;
  return { assignments, program: runner === 'tap' || runner === 'tape' ? program : started, args };
}

function isAssignment(word: string): boolean {
  return /^[A-Za-z_]\w*=/.test(word);
}

/** A validator has no shell to set variables; `env` does it as a program of its own. */
function withEnv(assignments: readonly string[], argv: readonly string[]): string[] {
  return assignments.length === 0 ? [...argv] : ['env', ...assignments, ...argv];
}

/** The arguments without some options: `valued` with the value behind them, `flags` alone. */
function without(
  args: readonly string[],
  valued: readonly string[],
  flags: readonly string[],
): string[] {
  const kept: string[] = [];
  for (let at = 0; at < args.length; at++) {
    const arg = args[at] ?? '';
    const [name = ''] = arg.split('=', 1);
    if (flags.includes(name)) continue;
    if (!valued.includes(name)) kept.push(arg);
    else if (!arg.includes('=') && !(args[at + 1] ?? '-').startsWith('-')) at++;
  }
  return kept;
}

function notesFor(runner: Runner, tests: Tests, { manager }: Packages): string[] {
  const notes: string[] = [];
  if (tests.files.length === 0) {
    notes.push('No file looks like a test yet; every change fails until there is one.');
  }
  if (manager !== null && manager !== 'npm') {
    notes.push(`It needs the packages that ${manager} installs; see workspace.yaml.`);
  }
  if (tests.leftOut.length > 0) {
    notes.push(
      `\`npm ${tests.script === 'test' ? 'test' : `run ${tests.script}`}\` also runs ${tests.leftOut.map((other) => `\`${other}\``).join(', ')}.`,
      'That is left out here. If the tests need it, put all of it into one script and run that.',
    );
  }
  if (tests.command !== null && wordsOf(tests.command) === null) {
    notes.push(
      `Your script needs a shell (\`${tests.command}\`); a validator has none, so this is the plain command.`,
    );
  }
  if (runner === 'tap' || runner === 'tape') {
    notes.push(
      `Your ${runner} files are run by Node's own runner, which counts each file as one test.`,
    );
  }
  return notes;
}
