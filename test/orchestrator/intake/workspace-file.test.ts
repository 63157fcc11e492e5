import { expect, test } from 'vitest';
import { Fault } from '../../../orchestrator/domain/faults.ts';
import {
  NO_WORKSPACE_FILE,
  parseWorkspaceFile,
  WORKSPACE_FILE,
} from '../../../orchestrator/intake/workspace-file.ts';

const HEAD = 'apiVersion: proofhouse/v1\nkind: Workspace\n';
const read = (rest: string) => parseWorkspaceFile(`${HEAD}${rest}`, WORKSPACE_FILE);

/** The head of each problem: where it is and what it says. */
function problemsOf(rest: string, head = HEAD): string[] {
  try {
    parseWorkspaceFile(`${head}${rest}`, WORKSPACE_FILE);
  } catch (thrown) {
    if (!(thrown instanceof Fault) || thrown.code !== 'workspace_invalid') throw thrown;
    const found = thrown.message.matchAll(/error\[P\d+\]: (.*)\n.*?:(\d+:\d+)\n/g);
    return [...found].map(([, message, at]) => `${at} ${message}`);
  }
  return [];
}

test('every key is read', () => {
  const file = read(`agent: { kind: command, run: [node, tools/fix.js] }
dependencies:
  run: [[npm, ci], [npm, run, build]]
  keyed_by: [package.json, packages/a/package.json]
rules: [docs/RULES.md]
routes: [{ from_attempt: 2, agent: { kind: claude-code } }]
`);
  expect(file).toEqual({
    routes: [{ from_attempt: 2, agent: { kind: 'claude-code' } }],
    apiVersion: 'proofhouse/v1',
    kind: 'Workspace',
    agent: { kind: 'command', run: ['node', 'tools/fix.js'] },
    devcontainer: false,
    dependencies: {
      run: [
        ['npm', 'ci'],
        ['npm', 'run', 'build'],
      ],
      keyedBy: ['package.json', 'packages/a/package.json'],
    },
    services: [],
    rules: ['docs/RULES.md'],
  });
});

test('what is left out is as in a repository without the file: codex, nothing installed, AGENTS.md', () => {
  expect(read('')).toEqual(NO_WORKSPACE_FILE);
  expect(NO_WORKSPACE_FILE).toEqual({
    apiVersion: 'proofhouse/v1',
    kind: 'Workspace',
    agent: { kind: 'codex' },
    routes: [],
    devcontainer: false,
    dependencies: null,
    services: [],
    rules: ['AGENTS.md'],
  });
  expect(read('rules: []').rules).toEqual([]);
});

const keys = '\n  keyed_by: [package.json]';
test.each([
  [
    'another version',
    ['1:13 expected `proofhouse/v1`, found `proofhouse/v2`'],
    '',
    'apiVersion: proofhouse/v2\nkind: Workspace\n',
  ],
  [
    'another kind',
    ['2:7 expected `Workspace`, found `Policy`'],
    '',
    'apiVersion: proofhouse/v1\nkind: Policy\n',
  ],
  [
    'two sources of what is installed',
    ['4:15 expected either `dependencies` or `devcontainer: true`: both say what is installed'],
    `devcontainer: true\ndependencies: { run: [[x]], keyed_by: [x] }`,
  ],
  ['a misspelt key', ['3:1 unknown key `ruels`'], 'ruels: [AGENTS.md]'],
  [
    'an unknown agent',
    [
      '3:16 expected `claude-code` or `codex` or `copilot` or `gemini-cli` or `opencode` or `qwen-code` or `command`, found `codecs`',
    ],
    'agent: { kind: codecs }',
  ],
  ['an argument for codex', ['3:23 unknown key `run`'], 'agent: { kind: codex, run: [codex] }'],
  [
    'a route for the first attempt',
    ['4:21 expected at least 2'],
    'routes:\n  - { from_attempt: 1, agent: { kind: codex } }',
  ],
  [
    'a route for nothing',
    [
      '4:5 expected from_attempt, class, or both; who works otherwise is named by `agent` at the top',
    ],
    'routes:\n  - { agent: { kind: codex } }',
  ],
  ['an agent without a command', ['3:8 the key `run` is missing'], 'agent: { kind: command }'],
  [
    'an agent with an empty command',
    ['3:30 expected a command and its arguments'],
    'agent: { kind: command, run: [] }',
  ],
  [
    'a shell string',
    ['4:9 expected a command as a list of words, as in [npm, ci]'],
    `dependencies:\n  run: [npm ci]${keys}`,
  ],
  [
    'one command that is not in a list',
    [
      '4:9 expected a command as a list of words, as in [npm, ci]',
      '4:14 expected a command as a list of words, as in [npm, ci]',
    ],
    `dependencies:\n  run: [npm, ci]${keys}`,
  ],
  [
    'a word that is a number',
    ['4:15 expected a word in quotes'],
    `dependencies:\n  run: [[npm, 1]]${keys}`,
  ],
  ['a word with NUL', ['4:15 a word holds no NUL'], `dependencies:\n  run: [[npm, "\\0"]]${keys}`],
  [
    'a program without a name',
    ['4:9 expected the name of a program first'],
    `dependencies:\n  run: [[""]]${keys}`,
  ],
  [
    'no key files',
    ['5:13 expected the files that decide what is installed'],
    'dependencies:\n  run: [[npm, ci]]\n  keyed_by: []',
  ],
  [
    'a misspelt key of dependencies',
    ['4:3 the key `keyed_by` is missing', '5:3 unknown key `keyedBy`'],
    'dependencies:\n  run: [[npm, ci]]\n  keyedBy: [package.json]',
  ],
])('%s is refused at its line and column', (_, expected, rest, head = HEAD) => {
  expect(problemsOf(rest, head)).toEqual(expected);
});

test.each([
  '../AGENTS.md',
  'a/../b',
  '/etc/passwd',
  './AGENTS.md',
  'a//b',
  'docs/',
  '"a\\\\b"',
  '"a\\nb"',
  '""',
])('the path %s is refused, for rules and for keys', (path) => {
  expect(problemsOf(`rules: [${path}]`)).toEqual([
    expect.stringMatching(/^3:9 expected a path below/),
  ]);
  expect(problemsOf(`dependencies:\n  run: [[npm, ci]]\n  keyed_by: [${path}]`)).toEqual([
    expect.stringMatching(/^5:14 expected a path below/),
  ]);
});

test('lists are bounded', () => {
  const many = (count: number, item: string) => `[${Array(count).fill(item).join(', ')}]`;
  expect(problemsOf(`rules: ${many(16, 'a.md')}`)).toEqual([]);
  expect(problemsOf(`rules: ${many(17, 'a.md')}`)).toEqual(['3:8 expected at most 16 items']);
  const run = (count: number) => `dependencies:\n  run: ${many(count, '[npm, ci]')}${keys}`;
  expect(problemsOf(run(16))).toEqual([]);
  expect(problemsOf(run(17))).toEqual(['4:8 at most 16 commands are run']);
  const words = (count: number) => `agent: { kind: command, run: ${many(count, 'a')} }`;
  expect(problemsOf(words(64))).toEqual([]);
  expect(problemsOf(words(65))).toEqual(['3:30 a command has at most 64 words']);
});

test('words and paths are bounded', () => {
  const word = (length: number) => `agent: { kind: command, run: [${'a'.repeat(length)}] }`;
  expect(problemsOf(word(4_096))).toEqual([]);
  expect(problemsOf(word(4_097))).toEqual(['3:31 a word has at most 4,096 characters']);
  const path = (length: number) => `rules: [${'a'.repeat(length)}]`;
  expect(problemsOf(path(512))).toEqual([]);
  expect(problemsOf(path(513))).toEqual(['3:9 a path has at most 512 characters']);
});

test('all problems are told at once, and the file is named', () => {
  const broken = 'agent: { kind: codecs }\nrules: [/etc/passwd]\nextra: 1\n';
  expect(problemsOf(broken)).toHaveLength(3);
  expect(() => read(broken)).toThrow('.proofhouse/workspace.yaml could not be read whole.');
});

test('an empty file is refused, because it says less than no file', () => {
  expect(() => parseWorkspaceFile('', WORKSPACE_FILE)).toThrow(
    expect.objectContaining({ code: 'workspace_invalid' }),
  );
});
