/**
 * Reads packages from the registry that this machine's npm is set to, on behalf of a sandbox that
 * has no network. Only reads, only packages, streamed; the credential stays on this side.
 */
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type Incoming, type Sent, send } from '../outgoing.ts';
import { type RegistryPath, registryPath } from './path.ts';

export type RegistryUpstream = {
  readonly url: string;
  /** Certificates to trust besides those that Node knows, in PEM. */
  readonly ca?: readonly string[];
  /** Whole value of the header, as in `Bearer …`. */
  readonly authorization?: string;
};

export type RegistryNote = (kind: 'registry' | 'refused', text: string) => Promise<void>;

export type RegistryProxy = (
  request: IncomingMessage,
  response: ServerResponse,
  /** The path below the gateway's prefix, beginning with a slash. */
  target: string,
) => Promise<void>;

const CONNECT_MS = 10_000;
const FIRST_BYTE_MS = 60_000;
const IDLE_MS = 60_000;
const REDIRECTS_MAX = 3;
/** Packages noted by name in one run; a tree of dependencies is smaller. */
const NOTED_MAX = 5_000;
const PASSED = ['content-type', 'content-length', 'content-encoding', 'etag', 'last-modified'];

export function registryProxy(upstream: RegistryUpstream, note: RegistryNote): RegistryProxy {
  const base = new URL(upstream.url);
  const noted = new Set<string>();
  return async (request, response, target) => {
    const { method = '' } = request;
    const wanted = registryPath(target, base.pathname);
    if (wanted === null || (method !== 'GET' && method !== 'HEAD')) {
      await note('refused', `${method} ${JSON.stringify(target.slice(0, 300))} of the registry`);
      return refuse(response, 403, 'only documents and tarballs of packages can be read here');
    }
    if (!noted.has(wanted.package) && noted.size < NOTED_MAX) {
      noted.add(wanted.package);
      await note('registry', wanted.package);
    }
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    const sent = await follow(upstream, { method, wanted, headers: request.headers }, gone.signal);
    await pass(sent, response);
  };
}

type Asked = {
  readonly method: 'GET' | 'HEAD';
  readonly wanted: RegistryPath;
  readonly headers: IncomingHttpHeaders;
};

type Followed = Sent | { readonly ended: 'astray'; readonly message: string };

/** Redirects stay on the registry's own origin: elsewhere the credential has no business. */
async function follow(
  upstream: RegistryUpstream,
  { method, wanted, headers }: Asked,
  signal: AbortSignal,
): Promise<Followed> {
  let url = new URL(upstream.url.replace(/\/+$/, '') + wanted.path);
  const { origin } = url;
  for (let redirects = 0; redirects <= REDIRECTS_MAX; redirects += 1) {
    const sent = await send({ ...call(upstream, headers), method, url }, signal);
    const to = sent.ended === 'answered' ? redirectOf(sent, url) : null;
    if (to === null || sent.ended !== 'answered') return sent;
    await sent.chunks[Symbol.asyncIterator]().return?.();
    if (to.origin !== origin) return { ended: 'astray', message: 'a redirect to another origin' };
    url = to;
  }
  return { ended: 'astray', message: `more than ${REDIRECTS_MAX} redirects` };
}

function call({ ca, authorization }: RegistryUpstream, headers: IncomingHttpHeaders) {
  const { accept } = headers;
  const gzip = headers['accept-encoding']?.includes('gzip') === true;
  return {
    headers: {
      ...(accept === undefined ? {} : { accept }),
      'accept-encoding': gzip ? 'gzip' : 'identity',
      'user-agent': 'proofhouse',
      ...(authorization === undefined ? {} : { authorization }),
    },
    body: null,
    connectMs: CONNECT_MS,
    firstByteMs: FIRST_BYTE_MS,
    idleMs: IDLE_MS,
    ca,
  };
}

function redirectOf({ status, headers }: Incoming, from: URL): URL | null {
  const isRedirect = [301, 302, 303, 307, 308].includes(status);
  const { location } = headers;
  if (!isRedirect || location === undefined || !URL.canParse(location, from.href)) return null;
  return new URL(location, from.href);
}

async function pass(sent: Followed, response: ServerResponse): Promise<void> {
  if (sent.ended !== 'answered') return refuse(response, 502, `the registry: ${sent.message}`);
  const kept = PASSED.flatMap((name) => {
    const value = sent.headers[name];
    return typeof value === 'string' ? [[name, value]] : [];
  });
  response.writeHead(sent.status, Object.fromEntries(kept));
  // A broken transfer breaks the answer off; npm sees that and asks again.
  await pipeline(Readable.from(sent.chunks), response).catch(() => response.destroy());
}

function refuse(response: ServerResponse, status: number, message: string): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ error: message }));
}
