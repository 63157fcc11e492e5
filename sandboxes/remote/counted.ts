/** The soft quota of an engine elsewhere: a carrier counts what the volumes of a sandbox hold, beside it. */
import { PassThrough } from 'node:stream';
import type { OnLine, Place, SandboxEnd } from '../../orchestrator/ports.ts';
import { WORKSPACE_SIZE } from '../quota.ts';
import type { SandboxSpec } from '../spec.ts';
import { type Shop, volumeMount } from '../tool.ts';
import { sendInto } from './exchange.ts';

/** Two numbers every two seconds, for days. */
const PRINTED_BYTES_MAX = 2 ** 24;
const GRACE_MS = 60_000;

/**
 * Reads counts as they come. The first says what was laid there before anything was written: a clone and
 * its dependencies, which beside us are layers that no workspace is charged for.
 */
export function counter(over: () => Promise<void>): (bytes: Buffer) => Promise<void> {
  let [text, laid]: [string, readonly number[] | null] = ['', null];
  let isOver = false;
  return async (bytes) => {
    const lines = `${text}${bytes.toString()}`.split('\n');
    text = lines.pop() ?? '';
    for (const line of lines) {
      const found = line.split(' ').map(Number);
      laid ??= found;
      const [more = 0, entries = 0] = found.map((count, at) => count - (laid?.[at] ?? 0));
      if (isOver || (more <= WORKSPACE_SIZE.bytes && entries <= WORKSPACE_SIZE.inodes)) continue;
      isOver = true;
      await over();
    }
  };
}

export type Counted = {
  readonly place: Place;
  readonly spec: SandboxSpec;
  /** The workspace, and where reports go when there is such a place. */
  readonly volumes: readonly [string, string?];
};

/** Follows a sandbox to its end. One that wrote more than a workspace may hold is ended. */
export async function followCounted(
  shop: Shop,
  { place, spec, volumes: [workspace, out] }: Counted,
  onLine: OnLine,
  signal: AbortSignal,
): Promise<{ readonly end: SandboxEnd; readonly isOver: boolean }> {
  const listening = new PassThrough();
  let isOver = false;
  const count = counter(async () => {
    isOver = true;
    await shop.engine.kill(spec.name);
  });
  const errand = {
    place,
    part: `${spec.name.split('-').slice(3).join('-')}-count`,
    script: 'count.sh',
    mounts: [
      volumeMount(workspace, '/workspace'),
      ...(out === undefined ? [] : [volumeMount(out, '/out')]),
    ],
    input: listening,
    code: 'engine_failed',
    bytesMax: PRINTED_BYTES_MAX,
    wallMs: spec.limits.wallMs + GRACE_MS,
  } as const;
  const counting = sendInto(shop, errand, count, signal);
  counting.catch(() => {});
  try {
    const end = await Promise.race([
      shop.engine.follow(spec, onLine, signal),
      // One that nobody counts may fill the engine's disk.
      counting.then(() => Promise.reject(new Error('the count ended before its sandbox'))),
    ]);
    return { end, isOver };
  } finally {
    listening.end();
    await counting.catch(() => {});
  }
}
