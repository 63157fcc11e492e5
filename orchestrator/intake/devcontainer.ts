/**
 * The data part of `devcontainer.json`: an image by name, and commands that set up inside.
 *
 * The format also lets a repository run commands on the host, mount the host and widen a container
 * (`initializeCommand`, `runArgs`, `mounts`). None of that is done, whatever
 * key it comes under: what is not in the short list below is ignored, and people are told.
 */
import { z } from 'zod';
import { withoutComments } from '../../policies/json-comments.ts';
import { parseJsonData } from '../../policies/json-data.ts';
import { type Data, isRecord } from '../../policies/plain-data.ts';
import type { Finding } from '../domain/check.ts';
import { Fault } from '../domain/faults.ts';

/** In the order in which they are looked for. */
export const DEVCONTAINER_FILES = [
  '.devcontainer/devcontainer.json',
  '.devcontainer.json',
] as const;

export type Devcontainer = {
  readonly image: string | null;
  /** In the order in which the format runs them. */
  readonly steps: readonly (readonly string[])[];
  readonly findings: readonly Finding[];
};

const CHARACTERS_MAX = 256 * 1024;
const FINDINGS_MAX = 40;
const STEPS_MAX = 16;

const Word = z
  .string()
  .max(4_096)
  .refine((word) => !word.includes('\0'));
/** A text is read by a shell, a list is not; an object holds several of both. */
const Command = z.union([
  Word.min(1),
  z.array(Word).min(1).max(64),
  z.record(z.string(), z.union([Word.min(1), z.array(Word).min(1).max(64)])),
]);

/** Commands that set up, in the order of a container's life. */
const SET_UP = ['onCreateCommand', 'updateContentCommand', 'postCreateCommand'] as const;
/** For editors only. */
const QUIET = ['$schema', 'name', 'customizations', 'image', ...SET_UP];

const WHY: Readonly<Record<string, string>> = {
  initializeCommand: 'it would run on the host',
  runArgs: 'it could take any wall down',
  privileged: 'it would take every wall down',
  capAdd: 'no sandbox has a capability',
  securityOpt: "it could turn a sandbox's walls off",
  mounts: 'nothing of the host is mounted',
  workspaceMount: 'nothing of the host is mounted',
  features: 'they are scripts of strangers that run as root',
  build: 'no image is built for a repository',
  dockerFile: 'no image is built for a repository',
  dockerComposeFile: 'services are named in .proofhouse/workspace.yaml',
  forwardPorts: 'a sandbox has no network',
  appPort: 'a sandbox has no network',
  containerEnv: 'it could name where programs find their code',
  remoteEnv: 'it could name where programs find their code',
  containerUser: 'a sandbox has a user of its own',
  remoteUser: 'a sandbox has a user of its own',
  postStartCommand: 'only what sets up is run',
  postAttachCommand: 'only what sets up is run',
};

/** Throws `workspace_invalid` when it is no JSON, even with comments, or a command is none. */
export function parseDevcontainer(text: string, file: string): Devcontainer {
  const data = parseJsonData(withoutComments(text.slice(0, CHARACTERS_MAX + 1)), CHARACTERS_MAX);
  if (data === null || !isRecord(data.value)) {
    throw invalid(file, 1, 'is not an object of JSON with each key once, or is too long');
  }
  const { value } = data;
  const steps = SET_UP.flatMap((key) =>
    value[key] === undefined ? [] : stepsOf(value[key], file, data.line([key]) ?? 1),
  );
  if (steps.length > STEPS_MAX) throw invalid(file, 1, `has more than ${STEPS_MAX} commands`);
  const image = value['image'];
  return {
    image: typeof image === 'string' ? image : null,
    steps,
    findings: ignoredKeys(data, Object.keys(value), file),
  };
}

/** What is asked of a workspace and not done; shown with the run and its pull request. */
export function ignored(where: string, message: string): Finding {
  return { validator: 'workspace', code: 'devcontainer_ignored', message, where };
}

function stepsOf(value: unknown, file: string, line: number): string[][] {
  const command = Command.safeParse(value);
  if (!command.success) {
    throw invalid(file, line, 'expected a command: text, a list of words, or an object of these');
  }
  const all =
    typeof command.data === 'string' || Array.isArray(command.data)
      ? [command.data]
      : Object.values(command.data);
  return all.map((one) => (typeof one === 'string' ? ['/bin/sh', '-c', one] : one));
}

function ignoredKeys(data: Data, keys: readonly string[], file: string): Finding[] {
  const others = keys.filter((key) => !QUIET.includes(key));
  const shown = others.slice(0, FINDINGS_MAX).map((key) => {
    const why = Object.hasOwn(WHY, key) ? WHY[key] : 'it is not among what a workspace takes';
    return ignored(`${file}:${data.line([key]) ?? 1}`, `${key.slice(0, 100)} is ignored: ${why}`);
  });
  const more = others.length - shown.length;
  return more > 0 ? [...shown, ignored(file, `${more} more keys are ignored`)] : shown;
}

function invalid(file: string, line: number, what: string): Fault {
  const todo = 'Mend it, or say in .proofhouse/workspace.yaml how the workspace is set up.';
  return new Fault('workspace_invalid', `${file}:${line}: ${what}. ${todo}`);
}
