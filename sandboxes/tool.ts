/**
 * Runs one of our own scripts in a sandbox: making a snapshot, a layer, an export. The scripts are
 * baked into the base image, so nothing in a workspace can change what they do.
 */
import { chown, mkdir } from 'node:fs/promises';
import { Fault, type FaultCode } from '../orchestrator/domain/faults.ts';
import type { RunId } from '../orchestrator/domain/ids.ts';
import type { OnLine } from '../orchestrator/ports.ts';
import type { Engine } from './docker.ts';
import { removeTree } from './remove-tree.ts';
import type { Mount, Role, SandboxSpec } from './spec.ts';

const MIB = 2 ** 20;
const LIMITS = { memoryBytes: 1024 * MIB, cpus: 2, pids: 256, wallMs: 10 * 60_000 } as const;

export type Shop = {
  readonly engine: Engine;
  /** Engine id of an image of ours, or the id itself. */
  image(name: string): Promise<string>;
  /** The user that sandboxes of a repository are. */
  uidOf(repository: string): Promise<number>;
};

export type ToolRun = {
  readonly name: string;
  readonly run: RunId;
  readonly uid: number;
  readonly role: Role;
  readonly script: string;
  readonly env: Readonly<Record<string, string>>;
  readonly mounts: readonly Mount[];
  readonly workingDir: string;
  /** Code of the fault when the script fails. */
  readonly code: FaultCode;
};

export async function runTool(shop: Shop, tool: ToolRun, signal: AbortSignal): Promise<void> {
  const [tail, after] = [keepTail(12), Promise.resolve()];
  await toItsEnd(shop, { tool, after, tail: tail.lines, onLine: tail.onLine }, signal);
}

/** Printed by a script whose files are whole, while its sandbox has yet to end. */
const WHOLE = 'whole';

export type Around = {
  /** The sandbox is made meanwhile, and started when this is over. */
  readonly after: Promise<unknown>;
  /** Is given what is over when the sandbox is gone. */
  readonly leave: (rest: Promise<void>) => void;
};

type Taking<T> = Around & {
  readonly tool: ToolRun;
  /** Begins when the files are whole. */
  readonly take: () => Promise<T>;
};

/** What is taken is given back as soon as it is there; of a script that ends badly nothing is. */
export function runAndTake<T>(
  shop: Shop,
  { tool, after, take, leave }: Taking<T>,
  signal: AbortSignal,
): Promise<T> {
  const tail = keepTail(12);
  const taken = Promise.withResolvers<T>();
  let isWhole = false;
  const onLine: OnLine = async (line) => {
    if (line.stream !== 'out' || line.text !== WHOLE) return tail.onLine(line);
    isWhole = true;
    take().then(taken.resolve, taken.reject);
  };
  const rest = toItsEnd(shop, { tool, after, tail: tail.lines, onLine }, signal);
  rest.then(() => {
    if (!isWhole) take().then(taken.resolve, taken.reject);
  }, taken.reject);
  leave(rest);
  return taken.promise;
}

type Running = Pick<Taking<never>, 'tool' | 'after'> & {
  readonly tail: readonly string[];
  readonly onLine: OnLine;
};

async function toItsEnd(
  shop: Shop,
  { tool, after, tail, onLine }: Running,
  signal: AbortSignal,
): Promise<void> {
  const spec: SandboxSpec = {
    name: tool.name,
    run: tool.run,
    uid: tool.uid,
    role: tool.role,
    image: await shop.image('base'),
    mounts: tool.mounts,
    env: { HOME: '/home/agent', ...tool.env },
    argv: [`/opt/proofhouse/${tool.script}`],
    workingDir: tool.workingDir,
    joins: null,
    limits: LIMITS,
  };
  // One that an earlier controller left half-way is not trusted to be whole.
  await shop.engine.remove(tool.name);
  try {
    await shop.engine.ensure(spec, after);
    const end = await shop.engine.follow(spec, onLine, signal);
    if (end.ended === 'exited' && end.exitCode === 0) return;
    const said = tail.join('\n');
    if (/no space left on device/i.test(said))
      throw new Fault('disk_full', `${tool.script}: ${said}`);
    const code = end.ended === 'lost' ? 'engine_failed' : tool.code;
    throw new Fault(code, `${tool.script} ${end.ended} with ${end.exitCode}: ${said}`);
  } finally {
    await shop.engine.remove(tool.name);
  }
}

/** The last lines of an output; what came before is dropped. */
export function keepTail(most: number): { readonly lines: string[]; readonly onLine: OnLine } {
  const lines: string[] = [];
  return {
    lines,
    onLine: async ({ text }) => {
      lines.push(text);
      if (lines.length > most) lines.shift();
    },
  };
}

/** An empty folder that a sandbox may write to. */
export async function emptyFolder(folder: string, uid: number): Promise<string> {
  await removeTree(folder);
  await mkdir(folder, { recursive: true });
  if (process.getuid?.() === 0) await chown(folder, uid, uid);
  return folder;
}

export const folderMount = (source: string, target: string, writable = false): Mount => ({
  kind: 'folder',
  source,
  target,
  writable,
});

export const volumeMount = (source: string, target: string, writable = false): Mount => ({
  kind: 'volume',
  source,
  target,
  writable,
});
