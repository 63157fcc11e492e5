/**
 * One HTTP call from the gateway to the world outside. The only place that opens a connection.
 * Never throws for what the other side does: not reached, silent and answered are values.
 */
import http, { type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import https from 'node:https';
import tls from 'node:tls';
import { TIMERS, type Timers } from './timers.ts';

export type Outgoing = {
  readonly url: URL;
  readonly method: 'GET' | 'HEAD' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | null;
  readonly connectMs: number;
  readonly firstByteMs: number;
  readonly idleMs: number;
  readonly timers?: Timers | undefined;
  /** Certificates to trust besides those that Node knows, in PEM. */
  readonly ca?: readonly string[] | undefined;
};

export type Incoming = {
  readonly ended: 'answered';
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Throws `Silence` when nothing came for too long. Reading to the end or leaving early both close it. */
  readonly chunks: AsyncIterable<Uint8Array>;
};

export type Sent =
  | Incoming
  | { readonly ended: 'unreachable'; readonly message: string }
  | { readonly ended: 'silent'; readonly message: string };

/** The other side stopped sending in the middle of an answer. */
export class Silence extends Error {
  override readonly name = 'Silence';
}

export function send(call: Outgoing, signal: AbortSignal): Promise<Sent> {
  return new Promise((resolve) => {
    const request = open(call, signal);
    const timers = call.timers ?? TIMERS;
    const firstByte = timers.after(call.firstByteMs, () => {
      resolve({ ended: 'silent', message: `no answer within ${call.firstByteMs} ms` });
      request.destroy();
    });
    limitConnecting(request, call, resolve);
    request.on('error', (error) => {
      firstByte.stop();
      resolve({ ended: 'unreachable', message: reason(error) });
    });
    request.on('response', (response) => {
      firstByte.stop();
      const { statusCode: status = 0, headers } = response;
      const chunks = chunksOf(response, call.idleMs, timers);
      resolve({ ended: 'answered', status, headers, chunks });
    });
    request.end(call.body ?? undefined);
  });
}

function open({ url, method, headers, ca }: Outgoing, signal: AbortSignal): http.ClientRequest {
  if (url.protocol !== 'https:') return http.request(url, { method, headers, signal });
  const trusted = ca ? { ca: [...tls.rootCertificates, ...ca] } : {};
  return https.request(url, { method, headers, signal, ...trusted });
}

/** A host that drops packets would otherwise hold the call for as long as a slow model may think. */
function limitConnecting(
  request: http.ClientRequest,
  { connectMs, url, timers = TIMERS }: Outgoing,
  resolve: (sent: Sent) => void,
): void {
  request.on('socket', (socket) => {
    if (!socket.connecting) return;
    const timer = timers.after(connectMs, () => {
      resolve({ ended: 'unreachable', message: `no connection within ${connectMs} ms` });
      request.destroy();
    });
    const ready = url.protocol === 'https:' ? 'secureConnect' : 'connect';
    for (const event of [ready, 'close']) socket.once(event, () => timer.stop());
  });
}

async function* chunksOf(
  response: IncomingMessage,
  idleMs: number,
  timers: Timers,
): AsyncIterable<Uint8Array> {
  const late = () => response.destroy(new Silence(`nothing came for ${idleMs} ms`));
  let timer = timers.after(idleMs, late);
  try {
    for await (const chunk of response) {
      // The clock stands while the reader is busy: a slow reader is not a silent sender.
      timer.stop();
      yield chunk as Uint8Array;
      timer = timers.after(idleMs, late);
    }
  } finally {
    timer.stop();
    response.destroy();
  }
}

/** All of a body, or null when it is longer than `bytesMax`. */
export async function collect(
  chunks: AsyncIterable<Uint8Array>,
  bytesMax: number,
): Promise<Buffer | null> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.byteLength;
    if (bytes > bytesMax) return null;
    parts.push(chunk);
  }
  return Buffer.concat(parts);
}

function reason(error: Error): string {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? code : error.message;
}
