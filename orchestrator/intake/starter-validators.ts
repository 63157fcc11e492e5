/**
 * The validators a repository starts with. Pure.
 *
 * There is always one that every change must pass. When we cannot tell how the tests are run it is
 * one that fails and says what to fill in: a starter that let changes through unproven would stay so.
 */
import { FLOW_MAX_CHARACTERS } from '../../policies/yaml-format.ts';
import type { BrowserTests } from './browser-tests.ts';
import type { Survey } from './survey.ts';
import { testCommand } from './test-command.ts';
import { flowList, oneLine, word } from './yaml-line.ts';

export function starterValidators(survey: Survey): string[] {
  const browser = browserValidator(survey.browserTests);
  const proves = survey.tests.runner === null && browser.isLive ? [] : unitValidator(survey);
  return [
    '# What proves a change: run from its tree in a fresh sandbox without network. Only the JUnit file',
    '# counts, and zero tests are a failure. `run` is a list of words; no shell reads it.',
    'validators:',
    ...proves,
    ...browser.lines,
    ...LOOKING,
    '',
  ];
}

/** They run nothing of a change and cost no time. */
const LOOKING = [
  '  # These look at a change and run nothing of it. An advisory one says what it found and fails nothing.',
  '  secrets: { kind: secrets } # except: [test/fixtures/] for made-up ones',
  '  tests-weakened: { kind: tests-weakened, advisory: true }',
];

const FAILS = [
  'node',
  '--eval',
  "console.error('Proofhouse does not know how to run the tests here: edit validators in .proofhouse/policy.yaml'); process.exit(1)",
];

function unitValidator({ tests, packages }: Survey): string[] {
  const command = testCommand(tests, packages);
  const about =
    command.run === null
      ? [
          `NOT READY: every change fails until you fill this in. Seen: ${tests.because}.`,
          ...nested(tests.below),
          ...command.advice,
        ]
      : [`Taken from ${tests.because}.`, ...command.notes];
  return [
    ...about.map((line) => `  # ${comment(line)}`),
    '  unit:',
    ...argvLines(command.run ?? FAILS),
    '    reports: { junit: "junit.xml" } # below /out',
    '    timeout: 5m',
    '    memory: 1GiB',
    '    min_tests: 1 # raise it to what you have, and lost tests are noticed',
    '    required_for: ["**"] # every change; narrow it only beside a second validator',
  ];
}

/** A long command has a line for each word, as `policy fmt` writes it. */
function argvLines(argv: readonly string[]): string[] {
  if (JSON.stringify(argv).length <= FLOW_MAX_CHARACTERS) return [`    run: ${flowList(argv)}`];
  return ['    run:', ...argv.map((part) => `      - ${word(part)}`)];
}

function nested(below: readonly string[]): string[] {
  return below.length === 0 ? [] : [`Packages below the root depend on ${below.join(', ')}.`];
}

type Block = { readonly isLive: boolean; readonly lines: readonly string[] };

function browserValidator(found: BrowserTests | null): Block {
  if (found === null) return { isLive: false, lines: [] };
  const { folder, app, port } = found;
  const isLive = folder !== null && app !== null && port !== null;
  const block = [
    'e2e:',
    '  kind: playwright',
    `  app: { run: ${flowList(app ?? ['node', 'server.js'])}, port: ${port ?? 3000} }`,
    `  tests: ${word(folder ?? 'e2e/')}`,
    '  timeout: 5m',
    '  required_for: ["**"]',
  ];
  const missing = [
    ...(app === null ? ['how the app is started (app.run)'] : []),
    ...(port === null ? ['its port (app.port)'] : []),
    ...(folder === null ? ['the folder of the specs (tests)'] : []),
  ];
  const about = isLive
    ? 'The app runs in one sandbox and the browser in another.'
    : `To have it run, correct ${missing.join(' and ')} and take the marks off the lines below.`;
  return {
    isLive,
    lines: [
      `  # ${comment(`Playwright: seen by ${found.because}.`)}`,
      `  # ${about}`,
      ...block.map((line) => (isLive ? `  ${line}` : `  # ${line}`)),
    ],
  };
}

/** A command that is quoted must be whole to be of use. */
const COMMENT_MAX = 2_000;

/** Leading blanks set examples apart from prose. */
function comment(line: string): string {
  const indent = /^ */.exec(line)?.[0] ?? '';
  return `${indent}${oneLine(line, COMMENT_MAX)}`;
}
