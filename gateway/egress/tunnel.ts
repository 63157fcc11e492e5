/**
 * A CONNECT of a sandbox, from what it names to the last byte. In this order, and each step only
 * after the one before: read the name strictly, ask the policy, ask the name servers, check every
 * address, dial one of them, read the TLS greeting, and only then let bytes through.
 *
 *   CONNECT ─▶ authority ─▶ slot ─▶ policy ─▶ DNS ─▶ all global? ─▶ dial ─▶ 200 ─▶ hello ─▶ splice
 *                 400        429      403      502       403         502           closed
 *
 * The policy is asked before DNS: a name that is looked up has already carried what it spells
 * outside. What this does not hold back is said in docs/security.md: inside the tunnel nothing is
 * read, so a host that passes requests on, by another name in their head, passes them on.
 */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { DENIED_TARGET } from '../../orchestrator/domain/self-test.ts';
import { type IsGlobal, isGlobal } from './addresses.ts';
import { type Authority, parseAuthority } from './authority.ts';
import { type Connection, type Decision, decisionLine, type RefusalCode } from './decision.ts';
import { dial } from './dial.ts';
import { greeting } from './greeting.ts';
import { type Pin, pinning, type Resolve } from './pin.ts';
import { recordsOnly } from './records.ts';
import { type Slots, slotsOf } from './slots.ts';
import { type SpliceEnd, splice } from './splice.ts';

export type EgressOptions = {
  /** What the policy says of a host; asked before anything else is. */
  reaches(host: string, port: number): boolean;
  readonly resolve: Resolve;
  /** Left out, addresses of the public network. */
  readonly isGlobal?: IsGlobal;
  readonly limits?: Partial<TunnelLimits>;
};

export type TunnelLimits = {
  readonly atOnce: number;
  readonly perSecond: number;
  readonly inAll: number;
  /** Of all tunnels of the door together. */
  readonly bytesUp: number;
  readonly bytesDown: number;
  readonly connectMs: number;
  readonly helloMs: number;
  readonly idleMs: number;
  /** How long an answer of the name servers holds. */
  readonly pinMs: number;
};

export const TUNNEL_LIMITS: TunnelLimits = {
  atOnce: 64,
  perSecond: 20,
  inAll: 5_000,
  bytesUp: 5_000_000,
  bytesDown: 500_000_000,
  connectMs: 10_000,
  helloMs: 3_000,
  idleMs: 60_000,
  pinMs: 60_000,
};

/** A door that leads to no host: every name is refused, and none is looked up. */
export const NO_EGRESS: EgressOptions = {
  reaches: () => false,
  resolve: async () => ({ ended: 'failed', message: 'nothing is looked up' }),
};

const LINGER_MS = 1_000;

type Notes = {
  /** Stores that something was refused; bounded. */
  refused(line: string): Promise<void>;
  /** The one refusal that the sandbox's own test asked for; no try of an agent. */
  tested(line: string): Promise<void>;
  noted(line: string): Promise<void>;
};

export type Asked = {
  readonly request: Pick<IncomingMessage, 'url' | 'headers'>;
  readonly client: Duplex;
  /** What came behind the head already. */
  readonly head: Buffer;
};

export type Tunnels = (asked: Asked, signal: AbortSignal) => Promise<void>;

type Door = {
  readonly egress: EgressOptions;
  readonly limits: TunnelLimits;
  readonly slots: Slots;
  readonly pin: Pin;
  readonly used: { up: number; down: number };
  readonly tests: { seen: number };
  readonly notes: Notes;
};

export function openTunnels(egress: EgressOptions, notes: Notes): Tunnels {
  const limits = { ...TUNNEL_LIMITS, ...egress.limits };
  const now = (): number => performance.now();
  const door: Door = {
    egress,
    limits,
    slots: slotsOf(limits, now),
    pin: pinning({
      resolve: egress.resolve,
      isGlobal: egress.isGlobal ?? isGlobal,
      now,
      keepMs: limits.pinMs,
    }),
    used: { up: 0, down: 0 },
    tests: { seen: 0 },
    notes,
  };
  return async (asked, signal) => {
    const { client } = asked;
    const drop = (): void => void client.destroy();
    client.on('error', drop);
    signal.addEventListener('abort', drop);
    try {
      await answer(door, asked, signal);
    } finally {
      signal.removeEventListener('abort', drop);
      drop();
    }
  };
}

async function answer(door: Door, asked: Asked, signal: AbortSignal): Promise<void> {
  const target = asked.request.url ?? '';
  const { headers } = asked.request;
  // A body would be read as the tunnel's first bytes by one side and not by the other.
  if (headers['transfer-encoding'] !== undefined || headers['content-length'] !== undefined) {
    return refuse(door, asked, { target, reason: 'body_on_connect' });
  }
  const authority = parseAuthority(target);
  if (authority === null) return refuse(door, asked, { target, reason: 'authority_malformed' });
  const full = door.slots.take();
  if (full !== null) return refuse(door, asked, { target, reason: full, ...authority });
  try {
    await reach(door, asked, authority, signal);
  } finally {
    door.slots.giveBack();
  }
}

async function reach(
  door: Door,
  asked: Asked,
  authority: Authority,
  signal: AbortSignal,
): Promise<void> {
  const { host, port } = authority;
  const named = { target: asked.request.url ?? '', host, port };
  if (!door.egress.reaches(host, port)) {
    return refuse(door, asked, { ...named, reason: 'host_not_allowed' });
  }
  const pinned = await door.pin(host);
  if ('refused' in pinned) {
    return refuse(door, asked, { ...named, reason: pinned.refused, detail: pinned.message });
  }
  const dialled = await dial(pinned.addresses, port, door.limits.connectMs, signal);
  if ('refused' in dialled) {
    return refuse(door, asked, { ...named, reason: dialled.refused, detail: dialled.message });
  }
  const { socket: upstream, address } = dialled;
  try {
    asked.client.write('HTTP/1.1 200 Connection established\r\n\r\n');
    const hello = await greeting(asked.client, asked.head, door.limits.helloMs);
    const refused = { verdict: 'refused', ...named, address } as const;
    if ('refused' in hello) {
      const line = decisionLine({ ...refused, reason: hello.refused });
      // Whoever left before saying anything tried nothing.
      const isGone = hello.refused === 'hello_broken_off';
      return await (isGone ? door.notes.noted(line) : door.notes.refused(line));
    }
    const { name: sni, bytes: first } = hello;
    if (sni !== host) {
      const reason = 'name_not_the_host';
      return await door.notes.refused(decisionLine({ ...refused, reason, sni }));
    }
    const connection = { host, port, address, sni };
    await pass(door, { connection, client: asked.client, upstream, first }, signal);
  } finally {
    upstream.destroy();
  }
}

type Pair = {
  readonly connection: Connection;
  readonly client: Duplex;
  readonly upstream: Duplex;
  readonly first: Buffer;
};

async function pass(
  { limits, used, notes }: Door,
  { connection, client, upstream, first }: Pair,
  signal: AbortSignal,
): Promise<void> {
  await notes.noted(decisionLine({ verdict: 'opened', reason: 'allowed', ...connection }));
  const bytes = { up: 0, down: 0 };
  const isTls = recordsOnly();
  const up = (chunk: Buffer): SpliceEnd | null => {
    bytes.up += chunk.length;
    used.up += chunk.length;
    if (used.up > limits.bytesUp) return 'bytes_up_used_up';
    return isTls(chunk) ? null : 'not_tls';
  };
  const down = (chunk: Buffer): SpliceEnd | null => {
    bytes.down += chunk.length;
    used.down += chunk.length;
    return used.down > limits.bytesDown ? 'bytes_down_used_up' : null;
  };
  client.unshift(first);
  const reason = await splice({ client, upstream, idleMs: limits.idleMs, up, down }, signal);
  const counted = { bytesUp: bytes.up, bytesDown: bytes.down };
  await notes.noted(decisionLine({ verdict: 'closed', reason, ...connection, ...counted }));
}

const STATUS: Partial<Record<RefusalCode, string>> = {
  authority_malformed: '400 Bad Request',
  body_on_connect: '400 Bad Request',
  name_unresolved: '502 Bad Gateway',
  unreachable: '502 Bad Gateway',
  too_many_at_once: '429 Too Many Requests',
  too_many_per_second: '429 Too Many Requests',
  too_many_in_all: '429 Too Many Requests',
};

type Refusal = Omit<Extract<Decision, { verdict: 'refused' }>, 'verdict'>;

async function refuse(door: Door, { client }: Asked, refusal: Refusal): Promise<void> {
  const line = decisionLine({ verdict: 'refused', ...refusal });
  const isTest = refusal.target === DENIED_TARGET && door.tests.seen++ === 0;
  await (isTest ? door.notes.tested(line) : door.notes.refused(line));
  const message = `this tunnel is not opened: ${refusal.reason}`;
  const body = JSON.stringify({ error: { message, type: 'permission_error' } });
  const head = [
    `HTTP/1.1 ${STATUS[refusal.reason] ?? '403 Forbidden'}`,
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ];
  client.end(`${head.join('\r\n')}\r\n\r\n${body}`);
  await gone(client);
}

/** Lets the other side read the refusal, and does not wait for one that never leaves. */
function gone(client: Duplex): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, LINGER_MS);
    client.resume().once('close', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
