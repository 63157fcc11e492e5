/**
 * The gateway's socket for a sandbox on an engine that cannot connect to ours: a relay beside it serves
 * a socket in a volume that both see, and carries what comes over its own standard streams to here.
 */
import { readFile } from 'node:fs/promises';
import net from 'node:net';
import type { Duplex } from 'node:stream';
import { Fault } from '../../orchestrator/domain/faults.ts';
import type { Place } from '../../orchestrator/ports.ts';
import { type EngineError, named } from '../engine-call.ts';
import type { SandboxSpec } from '../spec.ts';
import { type Shop, volumeMount } from '../tool.ts';
import { sandboxName } from '../workspaces/names.ts';
import { unframed } from './exchange.ts';
import { multiplex } from './mux.ts';
import { splices } from './splice.ts';

const READY_MS = 30_000;
const SAID_CHARACTERS_MAX = 2000;
const LIMITS = { memoryBytes: 256 * 2 ** 20, cpus: 1, pids: 64 } as const;

export type Relay = {
  /** Rejects when the relay ends before it is closed; never resolves. */
  readonly broken: Promise<never>;
  close(): Promise<void>;
};

export type Opening = {
  readonly place: Place;
  /** Part whose launch volume has the socket. */
  readonly part: string;
  /** Where the gateway listens on this machine. */
  readonly to: string;
  readonly wallMs: number;
};

export const launchName = (place: Place, part: string): string =>
  `${sandboxName(place, part)}-launch`;

/** Resolves when the socket is there. One that a controller before us left is replaced. */
export async function openRelay(shop: Shop, opening: Opening): Promise<Relay> {
  const spec = await relaySpec(shop, opening);
  await shop.engine.remove(spec.name);
  const stream = await shop.engine.join(spec);
  const carrying = carry(stream, opening.to);
  const broken = carrying.ended.then((why): never => {
    if (why instanceof Fault) throw why;
    throw new Fault('engine_failed', `the relay to the gateway ended: ${why}`);
  });
  broken.catch(() => {});
  const close = async (): Promise<void> => {
    stream.destroy();
    carrying.clear();
    await shop.engine.remove(spec.name);
  };
  const late = AbortSignal.timeout(READY_MS);
  const silent = new Promise<never>((_, reject) => {
    const fault = new Fault('engine_failed', `the relay did not listen within ${READY_MS} ms`);
    late.addEventListener('abort', () => reject(fault), { once: true });
  });
  silent.catch(() => {});
  try {
    await Promise.race([carrying.listening, broken, silent]);
  } catch (thrown) {
    await close();
    throw thrown;
  }
  return { broken, close };
}

/** Joins every channel that the relay opens to a connection of its own. */
function carry(stream: Duplex, to: string) {
  const listening = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<string | Fault>();
  const joins = splices(() => mux);
  const mux = multiplex('accepts', (frame) => void stream.write(frame), {
    ...joins,
    opened: (channel) => joins.add(channel, net.connect({ path: to, allowHalfOpen: true })),
  });
  let said = '';
  let away: Fault | null = null;
  const read = unframed((from, bytes) => {
    if (from === 'out') return mux.push(bytes);
    said = `${said}${bytes.toString()}`.slice(-SAID_CHARACTERS_MAX);
    if (said.includes('listening\n')) listening.resolve();
  });
  const pump = async (): Promise<void> => {
    for await (const chunk of stream) await read(chunk as Buffer);
  };
  pump()
    .catch((error: EngineError) => {
      const fault = named('read', error);
      if (fault.code === 'docker_missing') away = fault;
      said = `${said}${error.message}`;
      stream.destroy();
    })
    .finally(() => {
      joins.clear();
      ended.resolve(away ?? said.trim());
    });
  return { listening: listening.promise, ended: ended.promise, clear: joins.clear };
}

async function relaySpec(shop: Shop, { place, part, wallMs }: Opening): Promise<SandboxSpec> {
  return {
    name: `${sandboxName(place, part)}-relay`,
    run: place.run,
    uid: await shop.uidOf(place.repository),
    role: 'relay',
    image: await shop.image('base'),
    mounts: [volumeMount(launchName(place, part), '/run/proofhouse', true)],
    env: { HOME: '/home/agent' },
    argv: [
      '/usr/local/bin/node',
      '--input-type=module-typescript',
      '-e',
      await relayText(),
      '/run/proofhouse/gateway.sock',
    ],
    workingDir: '/',
    joins: null,
    limits: { ...LIMITS, wallMs: wallMs + READY_MS },
  };
}

/** Its three files as one, because no folder of ours is there to import from. */
async function relayText(): Promise<string> {
  const files = ['mux.ts', 'splice.ts', 'relay.ts'];
  const texts = await Promise.all(
    files.map((file) => readFile(new URL(`./${file}`, import.meta.url), 'utf8')),
  );
  return texts.map((text) => text.replaceAll(/^import [^;]* from '\.\/[^']*';$/gm, '')).join('\n');
}
