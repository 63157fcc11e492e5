/** The soft quota of an engine elsewhere: a carrier counts what the volumes of a sandbox hold, beside it. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { Fault } from '../../orchestrator/domain/faults.ts';
import type { OnLine, Place, SandboxEnd } from '../../orchestrator/ports.ts';
import { nameParts } from '../engine-names.ts';
import type { Size } from '../mounts.ts';
import type { SandboxSpec } from '../spec.ts';
import { type Shop, volumeMount } from '../tool.ts';
import { sendInto } from './exchange.ts';

/** Two numbers every two seconds, for days. */
const PRINTED_BYTES_MAX = 2 ** 24;
const FREE_BYTES_MIN = 256 * 2 ** 20;
const GRACE_MS = 60_000;

export type Held = { readonly bytes: number; readonly inodes: number };

/** What a script of ours counted. */
export function heldIn(printed: Buffer): Held {
  const [bytes, inodes] = numbersIn(printed.toString(), 2);
  return { bytes: bytes ?? 0, inodes: inodes ?? 0 };
}

function numbersIn(line: string, count: number): readonly number[] {
  const numbers = line.trim().split(' ').map(Number);
  if (numbers.length !== count || !numbers.every(Number.isSafeInteger))
    throw new Fault('engine_failed', `a count of a volume is no ${count} numbers`);
  return numbers;
}

export async function keepHeld(file: string, { bytes, inodes }: Held): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, `${bytes} ${inodes}\n`);
}

export const keptHeld = async (file: string): Promise<Held> => heldIn(await readFile(file));

/**
 * Reads counts as they come. What was laid there before anything was written, a clone and its dependencies,
 * counts for nothing: beside us those are layers that no workspace is charged for.
 */
export function counter(
  { laid, size }: Pick<Counted, 'laid' | 'size'>,
  over: () => Promise<void>,
): (printed: Buffer) => Promise<void> {
  let text = '';
  let isOver = false;
  return async (printed) => {
    const lines = `${text}${printed.toString()}`.split('\n');
    text = lines.pop() ?? '';
    for (const line of lines) {
      const [bytes = 0, inodes = 0, free = 0] = numbersIn(line, 3);
      const isTooMuch =
        // As beside us: what hides from a count fills no disk.
        free < FREE_BYTES_MIN ||
        bytes - laid.bytes > size.bytes ||
        inodes - laid.inodes > size.inodes;
      if (isOver || !isTooMuch) continue;
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
  readonly laid: Held;
  readonly size: Size;
};

/** Follows a sandbox to its end. One that wrote more than a workspace may hold is ended. */
export async function followCounted(
  shop: Shop,
  { place, spec, volumes: [workspace, out], ...bounds }: Counted,
  onLine: OnLine,
  signal: AbortSignal,
): Promise<{ readonly end: SandboxEnd; readonly isOver: boolean }> {
  const listening = new PassThrough();
  let isOver = false;
  const count = counter(bounds, async () => {
    isOver = true;
    await shop.engine.kill(spec.name);
  });
  const errand = {
    place,
    part: `${nameParts(spec.name)?.part}-count`,
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
      counting.then((): never => {
        throw new Fault('engine_failed', 'the count ended before its sandbox');
      }),
    ]);
    return { end, isOver };
  } finally {
    listening.end();
    await counting.catch(() => {});
  }
}
