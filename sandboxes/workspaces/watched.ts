/** Follows a sandbox to its end; where nothing harder holds it, what it writes is counted meanwhile. */
import type { OnLine, SandboxEnd } from '../../orchestrator/ports.ts';
import { untilOver, type Watched } from '../folder-watch.ts';
import type { SandboxSpec } from '../spec.ts';
import type { House } from './house.ts';

export type Followed = { readonly end: SandboxEnd; readonly isOver: boolean };

export async function followWatched(
  { engine, quotas }: House,
  following: {
    readonly spec: SandboxSpec;
    readonly onLine: OnLine;
    readonly room: string;
    readonly size: Watched['size'];
  },
  signal: AbortSignal,
): Promise<Followed> {
  const { spec, onLine, room, size } = following;
  if (await quotas.isHeld(room)) {
    return { end: await engine.follow(spec, onLine, signal), isOver: false };
  }
  const ended = new AbortController();
  const watching = untilOver({ folder: room, size }, AbortSignal.any([signal, ended.signal]));
  const killing = watching.then(async (isOver) => {
    if (isOver) await engine.kill(spec.name);
    return isOver;
  });
  // Awaited below whatever happens; a failure in between must not go unheard.
  killing.catch(() => {});
  try {
    const end = await engine.follow(spec, onLine, signal);
    ended.abort();
    return { end, isOver: await killing };
  } finally {
    ended.abort();
  }
}
