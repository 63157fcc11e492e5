/**
 * Runs one of our own scripts in a sandbox and talks to it by its standard streams: what goes into a
 * volume of an engine elsewhere, and what comes out, has no other way. The engine's archive calls are
 * used nowhere: they have led out of containers before.
 */
import { readFile } from 'node:fs/promises';
import type { Readable, Writable } from 'node:stream';
import { Fault, type FaultCode } from '../../orchestrator/domain/faults.ts';
import type { Place } from '../../orchestrator/ports.ts';
import { type EngineError, named } from '../engine-call.ts';
import type { Mount, SandboxSpec } from '../spec.ts';
import type { Shop } from '../tool.ts';
import { sandboxName } from '../workspaces/names.ts';

const MIB = 2 ** 20;
const SAID_CHARACTERS_MAX = 2000;
const WALL_MS = 10 * 60_000;
const LIMITS = { memoryBytes: 1024 * MIB, cpus: 2, pids: 256 } as const;

export type Errand = {
  readonly place: Place;
  readonly part: string;
  /** A file of `inside/`. */
  readonly script: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly mounts: readonly Mount[];
  readonly input?: Readable | Uint8Array;
  /** Code of the fault when the script fails. */
  readonly code: FaultCode;
  /** Most that it may print. */
  readonly bytesMax: number;
  readonly wallMs?: number;
};

/** What it printed. Throws when it failed, or printed more than it may. */
export async function send(shop: Shop, errand: Errand, signal: AbortSignal): Promise<Buffer> {
  const chunks: Buffer[] = [];
  await sendInto(shop, errand, async (bytes) => void chunks.push(bytes), signal);
  return Buffer.concat(chunks);
}

/** The same, with what it prints handed over piece by piece. */
export async function sendInto(
  shop: Shop,
  errand: Errand,
  take: (bytes: Buffer) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const spec = await specFor(shop, errand);
  await shop.engine.remove(spec.name);
  try {
    const stream = await shop.engine.join(spec);
    stream.on('error', () => {});
    feed(stream, errand.input);
    let [printed, said] = [0, ''];
    const read = unframed(async (from, bytes) => {
      if (from === 'err') said = `${said}${bytes.toString()}`.slice(-SAID_CHARACTERS_MAX);
      else {
        printed += bytes.length;
        if (printed > errand.bytesMax)
          throw new Fault(
            errand.code,
            `${errand.script} printed more than ${errand.bytesMax} bytes`,
          );
        await take(bytes);
      }
    });
    await readWithin(
      stream,
      read,
      AbortSignal.any([signal, AbortSignal.timeout(spec.limits.wallMs)]),
    );
    signal.throwIfAborted();
    const end = await shop.engine.follow(spec, async () => {}, signal);
    if (end.ended === 'exited' && end.exitCode === 0) return;
    const how = `${errand.script} ${end.ended} with ${end.exitCode}: ${said.trim()}`;
    if (/no space left on device/i.test(said)) throw new Fault('disk_full', how);
    throw new Fault(end.ended === 'lost' ? 'engine_failed' : errand.code, how);
  } finally {
    await shop.engine.remove(spec.name);
  }
}

/** To the end of the stream. Its end by our own hand is told by how the sandbox ended. */
async function readWithin(
  stream: Readable,
  read: (chunk: Buffer) => Promise<void>,
  until: AbortSignal,
): Promise<void> {
  const stop = (): void => void stream.destroy();
  until.addEventListener('abort', stop, { once: true });
  try {
    for await (const chunk of stream) await read(chunk as Buffer);
  } catch (thrown) {
    if (!until.aborted) throw named('read', thrown as EngineError);
  } finally {
    until.removeEventListener('abort', stop);
  }
}

async function specFor(shop: Shop, errand: Errand): Promise<SandboxSpec> {
  const text = await readFile(new URL(`./inside/${errand.script}`, import.meta.url), 'utf8');
  const args = errand.args ?? [];
  return {
    name: sandboxName(errand.place, errand.part),
    run: errand.place.run,
    uid: await shop.uidOf(errand.place.repository),
    role: 'carrier',
    image: await shop.image('base'),
    mounts: errand.mounts,
    env: { HOME: '/home/agent', ...errand.env },
    argv: errand.script.endsWith('.mjs')
      ? ['/usr/local/bin/node', '--input-type=module', '-e', text, ...args]
      : ['/bin/sh', '-euc', text, errand.script, ...args],
    workingDir: '/',
    joins: null,
    limits: { ...LIMITS, wallMs: errand.wallMs ?? WALL_MS },
  };
}

function feed(stream: Writable, input: Errand['input']): void {
  if (input === undefined) stream.end();
  else if (input instanceof Uint8Array) stream.end(input);
  else input.on('error', () => stream.destroy()).pipe(stream);
}

const HEADER_BYTES = 8;

/** Takes off the engine's frames: one byte of which stream, three of nothing, four of length. */
export function unframed(
  take: (from: 'out' | 'err', bytes: Buffer) => Promise<void> | void,
): (chunk: Buffer) => Promise<void> {
  let header = Buffer.alloc(0);
  let frame: { readonly from: 'out' | 'err'; left: number } = { from: 'out', left: 0 };
  return async (chunk) => {
    for (let at = 0; at < chunk.length; ) {
      if (frame.left === 0) {
        const part = chunk.subarray(at, at + HEADER_BYTES - header.length);
        at += part.length;
        header = Buffer.concat([header, part]);
        if (header.length < HEADER_BYTES) return;
        frame = { from: header[0] === 2 ? 'err' : 'out', left: header.readUInt32BE(4) };
        header = Buffer.alloc(0);
      } else {
        const bytes = chunk.subarray(at, at + frame.left);
        at += bytes.length;
        frame.left -= bytes.length;
        await take(frame.from, bytes);
      }
    }
  };
}
