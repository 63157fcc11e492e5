/**
 * Workspaces of attempts and the sandboxes over them.
 *
 * A workspace is an overlay: the attempt's own folder on top, then the previous tree, the dependency
 * layer and the base's snapshot, all read-only below. Opening one costs the same for a small and a
 * large repository. An empty tree layer is impossible to mount twice, so a place has one volume at a time.
 */

import path from 'node:path';
import type { SandboxEnd, Workspaces } from '../../orchestrator/ports.ts';
import { onceEach } from '../once-each.ts';
import { openLayers } from '../source/layers.ts';
import { folderMount } from '../tool.ts';
import { runAgent } from './agent.ts';
import { checksBy } from './check.ts';
import { overlayRoom } from './check-room.ts';
import { buildDependencies } from './dependencies.ts';
import { discard } from './discard.ts';
import type { House, WorkspacesOptions } from './house.ts';
import { folderLaunch, launchFolder } from './launch.ts';
import { openLeaving } from './leaving.ts';
import { openWorkspace } from './open.ts';
import { seal } from './seal.ts';

export function openWorkspaces(options: WorkspacesOptions): Workspaces {
  const layers = openLayers(options, options.folders);
  const house: House = {
    ...options,
    layers,
    leaving: openLeaving(),
    launch: folderLaunch(options.runtime),
    base: async (place, signal) => folderMount(await layers.snapshot(place, signal), '/workspace'),
  };
  const once = onceEach<SandboxEnd>();
  return {
    socketPath: async (place, part) =>
      path.join(await launchFolder(options.runtime, place, part), 'gateway.sock'),
    hasDependencies: layers.hasDependencies,
    buildDependencies: (place, plan, onLine, signal) =>
      once(`${place.repository} ${plan.key}`, async () =>
        (await layers.hasDependencies(place, plan))
          ? { ended: 'exited', exitCode: 0, wallMs: 0 }
          : buildDependencies(house, place, plan, onLine, signal),
      ),
    open: (place, previous, plan, signal) => openWorkspace(house, place, previous, plan, signal),
    runAgent: (place, command, onLine, signal) =>
      runAgent(house, { place, command }, onLine, signal),
    seal: (place, plan, signal) => seal(house, place, plan, signal),
    ...checksBy(house, (checked, until) => overlayRoom(house, checked, until)),
    discard: async (run) => {
      await house.leaving.over(run);
      await discard(house, run);
    },
  };
}
