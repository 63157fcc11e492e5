/**
 * Workspaces as the engine allows: beside us where it sees our folders, else inside volumes of its own.
 * It is asked once, when the first sandbox is wanted; commands that need none do not wait for it.
 */
import type { Workspaces } from '../orchestrator/ports.ts';
import { openRemoteWorkspaces } from './remote/workspaces.ts';
import { sharesFiles } from './shares-files.ts';
import type { WorkspacesOptions } from './workspaces/house.ts';
import { openWorkspaces } from './workspaces/workspaces.ts';

export type EitherWorkspaces = Workspaces & {
  /** Whether the engine sees our folders; throws when none answers. */
  isBeside(): Promise<boolean>;
};

export function openEitherWorkspaces(options: WorkspacesOptions): EitherWorkspaces {
  const beside = openWorkspaces(options);
  const far: { workspaces?: Workspaces } = {};
  const chosen = onceGood(async () => {
    const shared = { ...options, home: options.folders.home };
    const shares = await sharesFiles(shared, new AbortController().signal);
    if (shares) return beside;
    far.workspaces ??= openRemoteWorkspaces(options);
    return far.workspaces;
  });
  return {
    isBeside: async () => (await chosen()) === beside,
    // The gateway listens on this machine either way, and what is left of a run is found by its label.
    socketPath: beside.socketPath,
    discard: (run) => (far.workspaces ?? beside).discard(run),
    hasDependencies: async (...args) => (await chosen()).hasDependencies(...args),
    buildDependencies: async (...args) => (await chosen()).buildDependencies(...args),
    open: async (...args) => (await chosen()).open(...args),
    runAgent: async (...args) => (await chosen()).runAgent(...args),
    seal: async (...args) => (await chosen()).seal(...args),
    check: async (...args) => (await chosen()).check(...args),
    serve: async (...args) => (await chosen()).serve(...args),
  };
}

/** An engine that did not answer is asked again. */
function onceGood<T>(make: () => Promise<T>): () => Promise<T> {
  const known: { made?: Promise<T> | undefined } = {};
  return () => {
    known.made ??= make();
    known.made.catch(() => {
      known.made = undefined;
    });
    return known.made;
  };
}
