/**
 * `.proofhouse/workspace.yaml`: how a workspace is prepared, and which agent works in it.
 *
 * It is read from the base commit, never from a workspace. Commands are lists of words, so that no
 * shell ever reads them. The file is used whole or not at all.
 */
import { z } from 'zod';
import { renderProblem } from '../../policies/problems.ts';
import { key } from '../../policies/schema/words.ts';
import { parseYaml } from '../../policies/yaml-source.ts';
import { AgentName } from '../domain/agent-lock.ts';
import { Fault } from '../domain/faults.ts';
import { RiskClass } from '../domain/judgement.ts';
import { Services } from './services.ts';

export const WORKSPACE_FILE = '.proofhouse/workspace.yaml';

const Word = z
  .string('expected a word in quotes')
  .max(4_096, 'a word has at most 4,096 characters')
  .refine((word) => !word.includes('\0'), { error: 'a word holds no NUL' });

const Argv = z
  .array(Word, 'expected a command as a list of words, as in [npm, ci]')
  .min(1, 'expected a command and its arguments')
  .max(64, 'a command has at most 64 words')
  .refine((words) => words[0] !== '', { error: 'expected the name of a program first' });

const RelativePath = z
  .string('expected the path of a file')
  .max(512, 'a path has at most 512 characters')
  .refine(isInside, {
    error:
      'expected a path below the root, with `/` and without `..`, as in packages/a/package.json',
  });

const AGENT_KINDS =
  'codex, which is in the images of Proofhouse; another that `proofhouse setup --agent` installed; or command: a program of your own.';
const Agent = z.discriminatedUnion('kind', [
  z.strictObject({ kind: key(AgentName, AGENT_KINDS) }),
  z.strictObject({
    kind: key(z.literal('command'), AGENT_KINDS),
    run: key(
      Argv,
      'The command as a list. No shell reads it. PROOFHOUSE_TASK_FILE names the file with its task.',
    ),
  }),
]);

/** Where all that it names holds another agent works, so that one that failed is not asked for ever. */
const Route = z
  .strictObject({
    from_attempt: key(z.int().min(2).max(9).optional(), 'The first attempt of this agent.'),
    class: key(
      z.array(RiskClass).min(1).optional(),
      'Classes that this agent works on: the highest that the policy gave to an earlier attempt of the run. Before one was judged, none holds.',
    ),
    agent: key(Agent, 'Who works then.'),
  })
  .refine(
    ({ from_attempt, class: classes }) => from_attempt !== undefined || classes !== undefined,
    {
      error:
        'expected from_attempt, class, or both; who works otherwise is named by `agent` at the top',
    },
  );

const Dependencies = z
  .strictObject({
    run: key(
      z
        .array(Argv, 'expected a list of commands, as in [[npm, ci]]')
        .min(1, 'expected at least one command')
        .max(16, 'at most 16 commands are run'),
      'Commands that install, one after the other, each a list of words. No shell reads them.',
    ),
    keyed_by: key(
      z.array(RelativePath).min(1, 'expected the files that decide what is installed').max(256),
      'Files that decide what is installed, as lockfiles. While they are the same, what was installed is used again.',
    ),
  })
  .transform(({ run, keyed_by }) => ({ run, keyedBy: keyed_by }));

const DEFAULT_RULES = ['AGENTS.md'];

export const WorkspaceFile = z
  .strictObject({
    apiVersion: key(z.literal('proofhouse/v1'), 'The version of this file.'),
    kind: key(z.literal('Workspace'), 'Always Workspace.'),
    agent: key(Agent.default({ kind: 'codex' }), 'Who works on tasks.'),
    routes: key(
      z.array(Route).max(8).default([]),
      'Other agents for later attempts; the last that holds counts.',
    ),
    devcontainer: key(
      z.boolean().default(false),
      'Whether image and set-up come from the data part of devcontainer.json.',
    ),
    dependencies: key(
      Dependencies.nullable().default(null),
      'How dependencies are installed; null: nothing is.',
    ),
    services: key(Services, 'What the agent and each check find on loopback, at most 8.'),
    rules: key(
      z.array(RelativePath).max(16).default(DEFAULT_RULES),
      'Files whose text the agent is given. One that the base commit lacks is left out.',
    ),
  })
  .refine(({ devcontainer, dependencies }) => !devcontainer || dependencies === null, {
    path: ['dependencies'],
    error: 'expected either `dependencies` or `devcontainer: true`: both say what is installed',
  });
export type WorkspaceFile = z.output<typeof WorkspaceFile>;

/** What holds for a repository that has no such file. */
export const NO_WORKSPACE_FILE: WorkspaceFile = WorkspaceFile.parse({
  apiVersion: 'proofhouse/v1',
  kind: 'Workspace',
});

/** Throws `workspace_invalid` with every problem of the file, each at its line and column. */
export function parseWorkspaceFile(source: string, name: string): WorkspaceFile {
  const parsed = parseYaml(source, name, WorkspaceFile);
  if ('value' in parsed) return parsed.value;
  const problems = parsed.problems.map(renderProblem).join('\n\n');
  throw new Fault('workspace_invalid', `${name} could not be read whole.\n\n${problems}`);
}

function isInside(path: string): boolean {
  if (/[\p{Cc}\\]/u.test(path)) return false;
  return path.split('/').every((part) => !['', '.', '..'].includes(part));
}
