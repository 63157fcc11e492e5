/**
 * Runs that have something on this machine besides the engine: sockets and launch files, workspaces,
 * and layers that were being made. Quarantines are not counted; they outlive their run.
 */
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { RunId } from '../orchestrator/domain/ids.ts';
import { removeLooks } from './looks.ts';
import { removeTree } from './remove-tree.ts';

export type HostLeft = {
  runs(): Promise<readonly RunId[]>;
  /** Removes what the run was making of layers. */
  remove(run: RunId): Promise<void>;
  /** Removes what is left of looks at the engine that nobody takes any more. */
  removeLooks(): Promise<void>;
};

export type HostLeftOptions = {
  readonly home: string;
  readonly runtime: string;
  /** Runs that have a file system of their own mounted. */
  readonly mounted: () => Promise<readonly RunId[]>;
};

const LAYERS = ['snapshots', 'histories', 'dependencies', 'trees'] as const;

/**
 * Whole workspaces are looked for once, because there are as many folders as there ever were runs. A
 * run that dies later leaves its sockets too, which are removed last.
 */
export function openHostLeft({ home, runtime, mounted }: HostLeftOptions): HostLeft {
  let hasLooked = false;
  return {
    runs: async () => {
      const sockets = (await names(runtime)).flatMap((name) => RunId.safeParse(name).data ?? []);
      const found = [...sockets, ...(await mounted())];
      if (hasLooked) return [...new Set(found)];
      const all = [...found, ...(await withWorkspace(home)), ...(await making(home)).keys()];
      hasLooked = true;
      return [...new Set(all)];
    },
    removeLooks: () => removeLooks({ home, runtime }),
    remove: async (run) => {
      for (const folder of (await making(home)).get(run) ?? []) await removeTree(folder);
    },
  };
}

async function withWorkspace(home: string): Promise<RunId[]> {
  const runs: RunId[] = [];
  for (const name of await names(path.join(home, 'runs'))) {
    const run = RunId.safeParse(name);
    if (run.success && (await hasWorkspace(path.join(home, 'runs', name)))) runs.push(run.data);
  }
  return runs;
}

async function hasWorkspace(run: string): Promise<boolean> {
  for (const attempt of await names(run)) {
    const parts = await names(path.join(run, attempt));
    if (parts.some((part) => part !== 'change.git')) return true;
  }
  return false;
}

/** Layers under way, named `<layer>.<run>`, by their run. */
async function making(home: string): Promise<Map<RunId, string[]>> {
  const found = new Map<RunId, string[]>();
  for (const repository of await names(path.join(home, 'repositories'))) {
    for (const kind of LAYERS) {
      const folder = path.join(home, 'repositories', repository, kind);
      for (const name of await names(folder)) {
        const run = RunId.safeParse(name.split('.')[1]).data;
        if (run !== undefined) found.set(run, [...(found.get(run) ?? []), path.join(folder, name)]);
      }
    }
  }
  return found;
}

/** What is not there holds nothing; what cannot be read is no answer. */
async function names(folder: string): Promise<readonly string[]> {
  return readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return [];
    throw error;
  });
}
