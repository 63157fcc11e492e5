/**
 * The one door of a sandbox: an HTTP server on a Unix socket, one per attempt of a run.
 *
 * The socket is the identity: who can reach it is this attempt and nobody else, so there is no
 * token to steal. Behind it are the model, the package registry where a policy allows it, tunnels
 * to the hosts that it names, and nothing else. Whatever else is asked for is refused and noted.
 */
import { chmod, rm } from 'node:fs/promises';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { asFault, type FaultCode } from '../orchestrator/domain/faults.ts';
import type { RunId } from '../orchestrator/domain/ids.ts';
import type { Budget, Ledger } from '../orchestrator/ports.ts';
import { type EgressOptions, NO_EGRESS, openTunnels, type Tunnels } from './egress/tunnel.ts';
import { readBody } from './incoming.ts';
import { answerCall, type Calls } from './model/call.ts';
import { sendError } from './model/caller.ts';
import { countTokens, modelList } from './model/listing.ts';
import { PATHS, protocolAt } from './model/protocols/all.ts';
import { messages } from './model/protocols/messages.ts';
import type { ModelUpstream } from './model/upstream.ts';
import { type Refusals, refusalsInto, requestLine } from './refusals.ts';
import { type Registry, type RegistryProxy, registryProxy } from './registry/proxy.ts';

export type GatewayOptions = {
  readonly socketPath: string;
  readonly run: RunId;
  readonly attempt: number;
  readonly role: 'agent' | 'dependencies';
  readonly model: ModelUpstream | null;
  readonly registry: Registry | null;
  /** Hosts outside that may be tunnelled to. Left out, none. */
  readonly egress?: EgressOptions;
  readonly budget: Budget;
  readonly ledger: Ledger;
  note(kind: string, text: string): Promise<void>;
  readonly limits?: Partial<GatewayLimits>;
};

export type GatewayLimits = {
  readonly bodyBytes: number;
  /** From the connection to the end of the headers. */
  readonly headersMs: number;
  /** From the connection to the end of the body. */
  readonly bodyMs: number;
  readonly connections: number;
  /** Refused requests that are noted one by one. */
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
const REFUSED = 'this is a gateway to a model, there is no way to the network here';

type Door = {
  readonly limits: GatewayLimits;
  readonly calls: Calls | null;
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
  const { role, model, registry, run, attempt, budget, ledger } = options;
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
  const who = { run, attempt, budget, ledger, keepAliveMs: limits.keepAliveMs };
  // Installing dependencies runs foreign code and has nothing to ask a model.
  const calls =
    role === 'agent' && model ? { ...who, upstream: model, note, failed, answered } : null;
  return {
    limits,
    calls,
    registry:
      registry &&
      registryProxy(registry, { read: (name) => note('registry', name), refused: refusals }),
    tunnels,
    refusals,
    closing,
    failed,
  };
}

function serverOf(door: Door, underWay: Set<Promise<void>>): http.Server {
  const { limits } = door;
  const server = http.createServer({
    headersTimeout: limits.headersMs,
    requestTimeout: limits.bodyMs,
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
  const [path = ''] = url.split('?');
  const protocol = method === 'POST' ? protocolAt(path) : null;
  if (door.calls && protocol) return modelCall(door, door.calls, request, response);
  if (door.registry) {
    // Tarball addresses come from the registry itself: npm replaces their host and keeps their path.
    const below = path.startsWith(`${REGISTRY}/`) ? url.slice(REGISTRY.length) : url;
    return door.registry(request, response, below);
  }
  if (method === 'HEAD' && url === '/') return void response.writeHead(200).end();
  if (door.calls && method === 'GET' && path === '/v1/models') {
    return sendJson(response, 200, modelList(door.calls.upstream.model));
  }
  if (door.calls && method === 'POST' && path === `${PATHS.messages}/count_tokens`) {
    return counting(door, request, response);
  }
  await door.refusals(requestLine(method, url));
  sendJson(response, 403, { error: { message: REFUSED, type: 'permission_error' } });
}

async function modelCall(
  door: Door,
  calls: Calls,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const protocol = protocolAt((request.url ?? '').split('?')[0] ?? '') ?? messages;
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  const body = await readBody(request, door.limits.bodyBytes);
  if (body.ended === 'refused') {
    response.setHeader('connection', 'close');
    return sendError(response, protocol, { ...body, again: false });
  }
  const asked = { protocol, bytes: body.bytes, headers: request.headers };
  const signal = AbortSignal.any([gone.signal, door.closing]);
  await answerCall(calls, asked, response, signal);
}

/** An estimate of our own: asking the model would be a call outside the ledger. */
async function counting(
  { limits }: Door,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = await readBody(request, limits.bodyBytes);
  if (body.ended === 'refused') return sendError(response, messages, { ...body, again: false });
  sendJson(response, 200, countTokens(body.bytes));
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
  await noteRefusal(door, method, `${url} (upgrade to ${headers.upgrade ?? 'nothing'})`);
  endRaw(socket, '403 Forbidden', REFUSED);
}

/** What is no HTTP at all, as TLS on this port, or never came whole. */
async function refuseUnreadable(door: Door, error: Error, socket: Duplex): Promise<void> {
  const { code = 'unknown' } = error as NodeJS.ErrnoException;
  const late = code === 'ERR_HTTP_REQUEST_TIMEOUT';
  // A connection that was merely dropped says nothing about what was tried.
  if (code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  await noteRefusal(door, 'unreadable', `request (${code})`);
  endRaw(socket, late ? '408 Request Timeout' : '400 Bad Request', 'the request is not readable');
}

async function noteRefusal(door: Door, method: string, target: string): Promise<void> {
  try {
    await door.refusals(requestLine(method, target));
  } catch (error) {
    door.failed(asFault(error).code);
  }
}

function endRaw(socket: Duplex, status: string, message: string): void {
  // Whoever was at the other end may be gone by now.
  socket.on('error', () => socket.destroy());
  const body = JSON.stringify({ error: { message, type: 'permission_error' } });
  const length = `content-length: ${Buffer.byteLength(body)}`;
  const head = `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\n${length}`;
  socket.end(`${head}\r\nconnection: close\r\n\r\n${body}`);
}

function sendJson(response: ServerResponse, status: number, value: object): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(value));
}
