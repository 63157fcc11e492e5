/**
 * The one door of a sandbox: an HTTP server on a Unix socket, one per attempt of a run.
 *
 * The socket is the identity: who can reach it is this attempt and nobody else. Its token is asked for
 * as well, and is good at this door only, so one that was stolen opens nothing. Behind it are the model, the package registry where a policy allows it, tunnels
 * to the hosts that it names, and nothing else. Whatever else is asked for is refused and noted.
 */
import { chmod, rm } from 'node:fs/promises';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { asFault, type FaultCode } from '../orchestrator/domain/faults.ts';
import type { RunId, RunToken } from '../orchestrator/domain/ids.ts';
import type { HarnessTerms } from '../orchestrator/ports/harness.ts';
import type { Budget, Ledger } from '../orchestrator/ports.ts';
import { noteAnswers } from './answers.ts';
import { type EgressOptions, NO_EGRESS, openTunnels, type Tunnels } from './egress/tunnel.ts';
import { watchHarness } from './harness/watch.ts';
import { askedAt } from './model/address.ts';
import type { Calls } from './model/calls.ts';
import { type ModelDoor, modelDoor } from './model/door.ts';
import { watchOutbound } from './model/outbound.ts';
import { type Refuser, refuser } from './model/refuse.ts';
import { openChains, type Routing, routingTo } from './model/routing.ts';
import { openTripWire, type Wires } from './model/trip-wires.ts';
import type { ModelUpstream } from './model/upstream.ts';
import { openWrapUp } from './model/wrap-up.ts';
import { endRaw } from './raw.ts';
import { type Refusals, refusalsInto, requestLine } from './refusals.ts';
import { type Registry, type RegistryProxy, registryProxy } from './registry/proxy.ts';
import type { SecretSearch } from './secret-search.ts';
import type { Timers } from './timers.ts';

export type GatewayOptions = {
  readonly socketPath: string;
  readonly run: RunId;
  readonly attempt: number;
  readonly role: 'agent' | 'dependencies';
  /** What whoever asks the model has to show. */
  readonly token: RunToken;
  /** The usual one. Null: there is no model behind this door. */
  readonly model: ModelUpstream | null;
  /** Where each role's calls may go. Left out, to the model and nowhere else. */
  readonly routing?: Routing;
  /** What ends a run that goes round in circles. Left out, nothing. */
  readonly wires?: Wires;
  /** When an agent is told to come to an end, in milliseconds since 1970. Left out, never. */
  readonly wrapUpAtMs?: number | null;
  /** What an agent may run with. Left out, nothing is looked at. */
  readonly harness?: HarnessTerms | null;
  /** What no request to a model may hold. */
  readonly secrets: SecretSearch;
  readonly registry: Registry | null;
  /** Hosts outside that may be tunnelled to. Left out, none. */
  readonly egress?: EgressOptions;
  readonly budget: Budget;
  readonly ledger: Ledger;
  note(kind: string, text: string): Promise<void>;
  readonly limits?: Partial<GatewayLimits>;
  readonly timers?: Timers;
};

export type GatewayLimits = {
  readonly bodyBytes: number;
  /** From the connection to the end of the headers. */
  readonly headersMs: number;
  /** From the end of the headers to the end of the body. */
  readonly bodyMs: number;
  readonly connections: number;
  /** Refused requests, and refused model calls, that are noted one by one. */
  readonly refusalNotes: number;
  /** Between two comments to an agent that waits for a model. */
  readonly keepAliveMs: number;
};

export type Gateway = {
  close(): Promise<void>;
  /** Codes of the calls that failed, in order. */
  failures(): readonly FaultCode[];
  /** How many model calls were answered. */
  answered(): number;
};

const LIMITS: GatewayLimits = {
  bodyBytes: 32 * 1024 * 1024,
  headersMs: 10_000,
  bodyMs: 60_000,
  connections: 128,
  refusalNotes: 200,
  keepAliveMs: 10_000,
};
const REGISTRY = '/registry';
const NO_UPGRADE = 'a model is asked by requests, there is no upgrade of the connection here';
const REFUSED = 'this is a gateway to a model, there is no way to the network here';

type Door = {
  readonly limits: GatewayLimits;
  readonly models: ModelDoor | null;
  readonly refuser: Refuser;
  readonly registry: RegistryProxy | null;
  readonly tunnels: Tunnels;
  readonly refusals: Refusals;
  /** Aborted when the gateway closes. */
  readonly closing: AbortSignal;
  failed(code: FaultCode): void;
};

export async function openGateway(options: GatewayOptions): Promise<Gateway> {
  const tally = { failures: [] as FaultCode[], answered: 0 };
  const closing = new AbortController();
  const underWay = new Set<Promise<void>>();
  const door = doorOf(options, tally, closing.signal);
  const server = serverOf(door, underWay);
  // A socket file outlives the process that made it, and nobody else has this path.
  await rm(options.socketPath, { force: true });
  await listening(server, options.socketPath);
  // The sandbox runs as another user; the folder around the socket is what keeps others out.
  await chmod(options.socketPath, 0o666);
  return {
    failures: () => [...tally.failures],
    answered: () => tally.answered,
    close: async () => {
      // Once only: by a second time the path may be another gateway's.
      if (closing.signal.aborted) return;
      closing.abort();
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
      await Promise.all(underWay);
      await rm(options.socketPath, { force: true });
    },
  };
}

function doorOf(
  options: GatewayOptions,
  tally: { failures: FaultCode[]; answered: number },
  closing: AbortSignal,
): Door {
  const { role, model, registry, run, attempt, budget, ledger, timers } = options;
  const limits = { ...LIMITS, ...options.limits };
  const note = (kind: string, text: string) => options.note(kind, text);
  const refusals = refusalsInto(note, limits.refusalNotes);
  const tunnels = openTunnels(options.egress ?? NO_EGRESS, {
    refused: refusals,
    tested: (line) => note('self-test', line),
    noted: (line) => note('tunnel', line),
  });
  const failed = (code: FaultCode) => void tally.failures.push(code);
  const answered = () => {
    tally.answered += 1;
  };
  const who = { run, attempt, budget, ledger, note, failed };
  const refused = refuser({ ...who, refusalsMax: limits.refusalNotes });
  const { keepAliveMs } = limits;
  // Installing dependencies runs foreign code and has nothing to ask a model.
  const calls =
    role === 'agent' && model !== null
      ? callsFor(options, model, { ...who, refuser: refused, keepAliveMs, timers, answered })
      : null;
  const bodies = { ...limits, ...(timers ? { timers } : {}) };
  return {
    limits,
    models: calls && modelDoor(calls, bodies, closing),
    refuser: refused,
    registry:
      registry &&
      registryProxy(registry, { read: (name) => note('registry', name), refused: refusals }),
    tunnels,
    refusals,
    closing,
    failed,
  };
}

function callsFor(
  options: GatewayOptions,
  model: ModelUpstream,
  rest: Omit<Calls, 'chains' | 'free' | 'trip' | 'wrapUp' | 'outbound'>,
): Calls & { readonly model: string; readonly token: RunToken } {
  const { routing, wires, wrapUpAtMs, harness, secrets, run, attempt } = options;
  const note = (kind: string, text: string) => options.note(kind, text);
  const routes = routing ?? routingTo(model);
  return {
    ...rest,
    ...(harness ? { harness: watchHarness({ terms: harness, run, attempt, note }) } : {}),
    outbound: watchOutbound(secrets),
    answers: noteAnswers(note),
    token: options.token,
    model: model.model,
    chains: openChains(routes),
    free: routes.free,
    trip: openTripWire(wires ?? { refusals: null, cacheMisses: null }),
    wrapUp: openWrapUp(wrapUpAtMs ?? null),
  };
}

function serverOf(door: Door, underWay: Set<Promise<void>>): http.Server {
  const { limits } = door;
  const server = http.createServer({
    headersTimeout: limits.headersMs,
    // Behind our own limit, which answers in the caller's protocol.
    requestTimeout: limits.headersMs + 2 * limits.bodyMs,
    connectionsCheckingInterval: Math.min(limits.headersMs, 1_000),
  });
  server.maxConnections = limits.connections;
  const track = (work: Promise<void>): void => {
    const tracked = work.finally(() => underWay.delete(tracked));
    underWay.add(tracked);
  };
  server.on('request', (request, response) => track(handle(door, request, response)));
  server.on('clientError', (error, socket) => track(refuseUnreadable(door, error, socket)));
  server.on('connect', (request, client, head) => track(tunnel(door, request, client, head)));
  // Without a listener Node would answer an upgrade like any request.
  server.on('upgrade', (request, socket) => track(refuseUpgrade(door, request, socket)));
  return server;
}

function listening(server: http.Server, socketPath: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(socketPath, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/** Never rejects: a broken ledger or store is a failure of this request, and told as such. */
async function handle(
  door: Door,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    await route(door, request, response);
  } catch (error) {
    door.failed(asFault(error).code);
    if (!response.headersSent) sendJson(response, 500, { error: { message: 'the gateway broke' } });
    else response.destroy();
  }
}

async function route(
  door: Door,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { method = '', url = '' } = request;
  const asked = door.models && askedAt(method, url);
  if (door.models && asked) return door.models(asked, request, response);
  if (door.registry) {
    const [path = ''] = url.split('?');
    // Tarball addresses come from the registry itself: npm replaces their host and keeps their path.
    const below = path.startsWith(`${REGISTRY}/`) ? url.slice(REGISTRY.length) : url;
    return door.registry(request, response, below);
  }
  if (method === 'HEAD' && url === '/') return void response.writeHead(200).end();
  await door.refusals(requestLine(method, url));
  sendJson(response, 403, errorOf(REFUSED));
}

/** Never rejects, as `handle`. */
async function tunnel(
  door: Door,
  request: IncomingMessage,
  client: Duplex,
  head: Buffer,
): Promise<void> {
  try {
    await door.tunnels({ request, client, head }, door.closing);
  } catch (error) {
    door.failed(asFault(error).code);
  }
}

async function refuseUpgrade(door: Door, request: IncomingMessage, socket: Duplex): Promise<void> {
  const { method = '', url = '', headers } = request;
  const target = `${url} (upgrade to ${headers.upgrade ?? 'nothing'})`;
  // Some clients of Responses try a WebSocket first; what they get they can read.
  const asked = door.models && askedAt('POST', url);
  if (asked) {
    const line = requestLine(method, target);
    await recorded(door, () => door.refuser.record(asked.protocol, line));
  } else await noteRefusal(door, method, target);
  const error = asked?.protocol.writeError(403, NO_UPGRADE);
  endRaw(socket, '403 Forbidden', error ?? errorOf(REFUSED));
}

const DROPPED = ['ECONNRESET', 'HPE_INVALID_EOF_STATE'];

/** What is no HTTP at all, as TLS on this port, or never came whole. */
async function refuseUnreadable(door: Door, error: Error, socket: Duplex): Promise<void> {
  const { code = 'unknown' } = error as NodeJS.ErrnoException;
  const late = code === 'ERR_HTTP_REQUEST_TIMEOUT';
  // A connection that was merely dropped says nothing about what was tried.
  if (DROPPED.includes(code) || !socket.writable) return void socket.destroy();
  await noteRefusal(door, 'unreadable', `request (${code})`);
  const status = late ? '408 Request Timeout' : '400 Bad Request';
  endRaw(socket, status, errorOf('the request is not readable'));
}

function noteRefusal(door: Door, method: string, target: string): Promise<void> {
  return recorded(door, () => door.refusals(requestLine(method, target)));
}

/** Never rejects: that it cannot be recorded is a failure of its own. */
async function recorded(door: Door, record: () => Promise<void>): Promise<void> {
  try {
    await record();
  } catch (error) {
    door.failed(asFault(error).code);
  }
}

function errorOf(message: string): object {
  return { error: { message, type: 'permission_error' } };
}

function sendJson(response: ServerResponse, status: number, value: object): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(value));
}
