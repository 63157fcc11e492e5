/** A repository of a few files and the command line as a child process: what most scenarios need. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { z } from 'zod';
import { RunId } from '../../orchestrator/domain/ids.ts';
import { CHECKOUT, repositoryOf } from './support.ts';

const CLI = path.join(CHECKOUT, 'orchestrator/cli.ts');
/** Longer than any command of a scenario takes on a busy machine. */
const COMMAND_MS = 280_000;

export const TINY_POLICY = `apiVersion: proofhouse/v1
kind: Policy
metadata: { name: tiny, layer: standalone, owner: platform }
groups:
  platform: { members: ["local:rita"] }
  security: { members: ["local:rita"] }
gates:
  - id: auth
    why: Who is let in as whom.
    class: critical
    paths: ["/src/auth/"]
  - id: policy
    why: An agent never edits the rules it is judged by.
    class: critical
    surface: forbid
    paths: ["/.proofhouse/"]
validators:
  unit:
    run: [node, --test, --test-reporter=junit, --test-reporter-destination=/out/junit.xml]
    reports: { junit: "junit.xml" }
    timeout: 1m
    memory: 512MiB
    required_for: ["**"]
network:
  default: deny
  phases:
    setup: { allow: [] }
    agent: { allow: [{ via: model-gateway }] }
    validate: { allow: [] }
budgets:
  per_task: { tokens: 2M, wall: 5m, turns: 20, retries: 1 }
`;

/** With `fix.sh` in the tree, an agent that is a shell script and asks no model. */
export const SHELL_AGENT = 'agent: { kind: command, run: [sh, fix.sh] }';
export const CODEX_AGENT = 'agent: { kind: codex }';

export function workspaceFile(agent: string): string {
  return `apiVersion: proofhouse/v1\nkind: Workspace\n${agent}\n`;
}

/** Adds two numbers, has one test, and a policy that asks for nothing outside src/auth. */
export const TINY_FILES: Readonly<Record<string, string>> = {
  'src/sum.mjs': 'export const sum = (a, b) => a + b;\n',
  'test/sum.test.mjs': `import assert from 'node:assert/strict';
import test from 'node:test';
import { sum } from '../src/sum.mjs';

test('adds', () => assert.equal(sum(1, 2), 3));
`,
  '.proofhouse/policy.yaml': TINY_POLICY,
  '.proofhouse/workspace.yaml': workspaceFile(CODEX_AGENT),
};

export function tinyRepository(
  folder: string,
  files: Readonly<Record<string, string>> = {},
): string {
  return repositoryOf(folder, { ...TINY_FILES, ...files });
}

/** One scenario file in a folder of its own; `steps` is YAML below `steps:`, as in `- say: hello`. */
export function scenarioIn(folder: string, contains: string, steps: readonly object[]): string {
  const scenario = { scenario: 'tiny', when: { prompt_contains: [contains] }, steps };
  // JSON is YAML.
  writeFileSync(path.join(folder, 'tiny.yaml'), JSON.stringify(scenario));
  return folder;
}

export type Said = {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly err: string;
};

/** What it printed is shown when it did not. */
export function succeeded(said: Said): void {
  ended(said, 0);
}

export function ended({ code, out, err }: Said, expected: number): void {
  expect(code, `${out}\n${err}`).toBe(expected);
}

export type CommandLine = {
  readonly home: string;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
};

/** Runs `proofhouse …` to its end. */
export function proofhouse(at: CommandLine, ...args: string[]): Promise<Said> {
  return startProofhouse(at, ...args).ended;
}

export function startProofhouse(
  { home, cwd = CHECKOUT, env = {} }: CommandLine,
  ...args: string[]
): { readonly process: ChildProcess; readonly ended: Promise<Said> } {
  const child = spawn(process.execPath, [CLI, '--home', home, ...args], {
    cwd,
    env: { ...testersOwn(), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: COMMAND_MS,
    killSignal: 'SIGKILL',
  });
  const said = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said.out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said.err += text;
  });
  const ended = new Promise<Said>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal, ...said }));
  });
  return { process: child, ended };
}

/** The way to the network goes along; a model that the tester has set up for themselves does not. */
function testersOwn(): NodeJS.ProcessEnv {
  const isModel = (name: string): boolean => /^(PROOFHOUSE|OPENAI|ANTHROPIC)_/.test(name);
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !isModel(name)));
}

/** Queues a task through the command line and gives its run. */
export async function queueByHand(
  at: CommandLine,
  repository: string,
  text: string,
): Promise<RunId> {
  const said = await proofhouse(at, '--json', 'task', 'add', text, '--repo', repository);
  if (said.code !== 0) throw new Error(`task add ended with ${said.code}: ${said.err}`);
  return RunId.parse(z.object({ id: z.string() }).parse(JSON.parse(said.out)).id);
}

/** Whatever a data directory has on the engine goes when the test ends. */
export function clearedAway(at: CommandLine): CommandLine {
  onTestFinished(async () => {
    await proofhouse(at, 'down');
  });
  return at;
}

export function gitOut(folder: string, ...args: string[]): string {
  const who = ['-c', 'user.name=Test', '-c', 'user.email=test@localhost.invalid'];
  return execFileSync('git', ['-C', folder, ...who, ...args], { encoding: 'utf8' });
}
