/**
 * Reads packages from the registry that this machine's npm is set to, on behalf of a sandbox that
 * has no network. Only reads, only packages that the base commit's lockfile names, and of a tarball
 * only the bytes that it has the hash of; the credential stays on this side. Of what a sandbox sends
 * nothing goes on but the name: no query, no header.
 */
import { createReadStream } from 'node:fs';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { PackageList } from '../../orchestrator/ports.ts';
import { type Incoming, type Sent, send } from '../outgoing.ts';
import { requestLine } from '../refusals.ts';
import { type RegistryPath, registryPath } from './path.ts';
import type { Fetched, Tarballs } from './tarballs.ts';

export type RegistryUpstream = {
  readonly url: string;
  /** Certificates to trust besides those that Node knows, in PEM. */
  readonly ca?: readonly string[];
  /** Whole value of the header, as in `Bearer …`. */
  readonly authorization?: string;
};

export type Registry = {
  readonly upstream: RegistryUpstream;
  /** What may be read; everything else is refused before it is asked for. */
  readonly packages: PackageList;
  readonly tarballs: Tarballs;
};

export type RegistryNotes = {
  read(name: string): Promise<void>;
  /** Bounded: whatever installs may ask as often as it likes. */
  refused(line: string): Promise<void>;
};

export type RegistryProxy = (
  request: IncomingMessage,
  response: ServerResponse,
  /** The path below the gateway's prefix, beginning with a slash. */
  target: string,
) => Promise<void>;

const CONNECT_MS = 10_000;
const FIRST_BYTE_MS = 60_000;
const IDLE_MS = 60_000;
const TARBALL_MS = 10 * 60_000;
const REDIRECTS_MAX = 3;
/** Packages noted by name in one run; a tree of dependencies is smaller. */
const NOTED_MAX = 5_000;
const PASSED = ['content-type', 'content-length', 'content-encoding', 'etag', 'last-modified'];

export function registryProxy(registry: Registry, notes: RegistryNotes): RegistryProxy {
  const judge = judgeWith(registry);
  const noted = new Set<string>();
  return async (request, response, target) => {
    const { method = '', headers } = request;
    const judged = judge(method, target);
    if ('status' in judged) {
      await notes.refused(`${requestLine(method, target)} of the registry`);
      return answerRefused(response, judged.status, judged.message);
    }
    const { wanted, integrity } = judged;
    if (!noted.has(wanted.package) && noted.size < NOTED_MAX) {
      noted.add(wanted.package);
      await notes.read(wanted.package);
    }
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    const asked = { method: judged.method, wanted, headers };
    if (integrity !== null) await passTarball(registry, asked, integrity, response);
    else await pass(await follow(registry.upstream, asked, gone.signal), response);
  };
}

type Judged =
  | { readonly status: number; readonly message: string }
  | {
      readonly method: 'GET' | 'HEAD';
      readonly wanted: RegistryPath;
      /** Of a tarball; null for a document. */
      readonly integrity: string | null;
    };

function judgeWith({ upstream, packages }: Registry): (method: string, target: string) => Judged {
  const base = new URL(upstream.url);
  const names = new Set(packages.names);
  const hashes = new Map(
    packages.tarballs.map(({ package: name, file, integrity }) => [`${name}/${file}`, integrity]),
  );
  return (method, target) => {
    if (method !== 'GET' && method !== 'HEAD') {
      return { status: 405, message: 'packages can be read here, and nothing else' };
    }
    const wanted = registryPath(target, base.pathname);
    if (wanted === null) {
      return { status: 403, message: 'only documents and tarballs of packages can be read here' };
    }
    const { file } = wanted;
    const integrity = file === null ? null : hashes.get(`${wanted.package}/${file}`);
    if (integrity === undefined || !names.has(wanted.package)) {
      return { status: 403, message: 'the lockfile of the base commit does not name it' };
    }
    return { method, wanted, integrity };
  };
}

/** The transfer goes on when this client leaves: another may wait for the same. */
async function passTarball(
  { upstream, tarballs }: Registry,
  { method, wanted }: Asked,
  integrity: string,
  response: ServerResponse,
): Promise<void> {
  const fetch = async (): Promise<Fetched> => {
    const limit = AbortSignal.timeout(TARBALL_MS);
    const sent = await follow(upstream, { method: 'GET', wanted, headers: {} }, limit);
    if (sent.ended !== 'answered') return { ended: 'failed', status: 502, message: sent.message };
    if (sent.status === 200) return { ended: 'fetched', chunks: sent.chunks };
    await sent.chunks[Symbol.asyncIterator]().return?.();
    return { ended: 'failed', status: sent.status, message: `it answered ${sent.status}` };
  };
  const tarball = await tarballs(integrity, fetch).catch((error: Error) => error);
  if (tarball instanceof Error)
    return answerRefused(response, 502, `the registry: ${tarball.message}`);
  if (tarball.ended === 'failed') {
    return answerRefused(response, tarball.status, `the registry: ${tarball.message}`);
  }
  response.writeHead(200, {
    'content-type': 'application/octet-stream',
    'content-length': tarball.bytes,
  });
  if (method === 'HEAD') return void response.end();
  await pipeline(createReadStream(tarball.file), response).catch(() => response.destroy());
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

/** The whole document of a package, for the controller itself; null where none of that size is answered. */
export async function readDocument(
  upstream: RegistryUpstream,
  name: string,
  { bytesMax }: { readonly bytesMax: number },
  signal: AbortSignal,
): Promise<Uint8Array | null> {
  const wanted = registryPath(`/${name.replace('/', '%2f')}`, '');
  if (wanted === null || wanted.file !== null) return null;
  const sent = await follow(upstream, { method: 'GET', wanted, headers: {} }, signal);
  if (sent.ended !== 'answered') return null;
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of sent.chunks) {
    bytes += chunk.length;
    if (sent.status !== 200 || bytes > bytesMax) return null;
    chunks.push(chunk);
  }
  return sent.status === 200 ? Buffer.concat(chunks) : null;
}

/** The short form of a document, which npm asks for when it only installs. */
const SHORT = 'application/vnd.npm.install-v1+json';

function call({ ca, authorization }: RegistryUpstream, headers: IncomingHttpHeaders) {
  // One of two values of ours: what a client writes there is free text.
  const accept = headers.accept?.includes(SHORT) === true ? SHORT : 'application/json';
  const gzip = headers['accept-encoding']?.includes('gzip') === true;
  return {
    headers: {
      accept,
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
  if (sent.ended !== 'answered')
    return answerRefused(response, 502, `the registry: ${sent.message}`);
  const kept = PASSED.flatMap((name) => {
    const value = sent.headers[name];
    return typeof value === 'string' ? [[name, value]] : [];
  });
  response.writeHead(sent.status, Object.fromEntries(kept));
  // A broken transfer breaks the answer off; npm sees that and asks again.
  await pipeline(Readable.from(sent.chunks), response).catch(() => response.destroy());
}

function answerRefused(response: ServerResponse, status: number, message: string): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ error: message }));
}
