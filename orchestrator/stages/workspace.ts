/**
 * How the base commit wants its workspace prepared: by `.proofhouse/workspace.yaml`, and where that is
 * absent or says so, by the data part of `devcontainer.json`.
 */
import type { Finding } from '../domain/check.ts';
import { DEVCONTAINER_FILES, ignored, parseDevcontainer } from '../intake/devcontainer.ts';
import {
  NO_WORKSPACE_FILE,
  parseWorkspaceFile,
  WORKSPACE_FILE,
  type WorkspaceFile,
} from '../intake/workspace-file.ts';
import type { StageTools } from './tools.ts';

/** Text of a file at the base commit; null when it has none of that name. */
type Read = (path: string) => Promise<string | null>;

export type Workspace = {
  readonly file: WorkspaceFile;
  /** Null: nothing is installed. */
  readonly setUp: SetUp | null;
  readonly ignored: readonly Finding[];
};

export type SetUp = {
  readonly run: readonly (readonly string[])[];
  /** Files that decide what comes of it; null when anything in the base commit may. */
  readonly keyedBy: readonly string[] | null;
  readonly image: string;
};

export async function readWorkspace(
  tools: Pick<StageTools, 'ownImage'>,
  read: Read,
): Promise<Workspace> {
  const source = await read(WORKSPACE_FILE);
  const file = source === null ? NO_WORKSPACE_FILE : parseWorkspaceFile(source, WORKSPACE_FILE);
  if (source !== null && !file.devcontainer) {
    const setUp = file.dependencies && { ...file.dependencies, image: 'base' };
    return { file, setUp, ignored: [] };
  }
  return { file, ...(await fromDevcontainer(tools, read)) };
}

async function fromDevcontainer(
  tools: Pick<StageTools, 'ownImage'>,
  read: Read,
): Promise<Omit<Workspace, 'file'>> {
  const [first, second] = DEVCONTAINER_FILES;
  const [above, beside] = [await read(first), await read(second)];
  const text = above ?? beside;
  if (text === null) return { setUp: null, ignored: [] };
  const name = above === null ? second : first;
  const { image, steps, findings } = parseDevcontainer(text, name);
  const found = image === null ? null : await tools.ownImage(image);
  return {
    // Its commands may read anything, so what they made holds for this base commit only.
    setUp: steps.length === 0 ? null : { run: steps, keyedBy: null, image: found ?? 'base' },
    ignored: [
      ...(image !== null && found === null ? [ignored(name, unknownImage(image))] : []),
      ...(above !== null && beside !== null ? [ignored(second, `${first} is read instead`)] : []),
      ...findings,
    ],
  };
}

function unknownImage(image: string): string {
  const name = image.slice(0, 200);
  return `the image ${name} is not on the engine, was not made from one of ours, or declares volumes; base is used`;
}
