/**
 * Reads what a sandbox sends, within limits: nobody in there decides how much memory we use, or for
 * how long we wait.
 */
import type { IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate, zstdDecompress } from 'node:zlib';
import { collect } from './outgoing.ts';
import { TIMERS, type Timers } from './timers.ts';

export type Body =
  | { readonly ended: 'read'; readonly bytes: Uint8Array }
  | {
      readonly ended: 'refused';
      readonly status: 400 | 408 | 413 | 415;
      readonly message: string;
    }
  /** The client left before its body was whole. */
  | { readonly ended: 'gone' };

export type BodyLimits = {
  readonly bodyBytes: number;
  readonly bodyMs: number;
  readonly timers?: Timers;
};

const decoders = {
  gzip: promisify(gunzip),
  'x-gzip': promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
  zstd: promisify(zstdDecompress),
};

/** The body with its content encoding undone. `bodyBytes` holds before and after. */
export async function readBody(request: IncomingMessage, limits: BodyLimits): Promise<Body> {
  const raw = await rawBody(request, limits);
  if (raw.ended !== 'read') return raw;
  const encoding = (request.headers['content-encoding'] ?? 'identity').trim().toLowerCase();
  if (encoding === 'identity' || encoding === '') return raw;
  if (!isKnown(encoding)) {
    const message = `the content encoding ${JSON.stringify(encoding)} is not known here`;
    return { ended: 'refused', status: 415, message };
  }
  try {
    const decoded = await decoders[encoding](raw.bytes, { maxOutputLength: limits.bodyBytes });
    return { ended: 'read', bytes: decoded };
  } catch (error) {
    const isTooLarge = (error as { code?: unknown }).code === 'ERR_BUFFER_TOO_LARGE';
    if (isTooLarge) return tooLarge(limits.bodyBytes);
    return { ended: 'refused', status: 400, message: `the body is not valid ${encoding}` };
  }
}

async function rawBody(request: IncomingMessage, limits: BodyLimits): Promise<Body> {
  const { bodyBytes, bodyMs, timers = TIMERS } = limits;
  const late = Promise.withResolvers<Body>();
  const timer = timers.after(bodyMs, () => {
    const message = `the body did not come within ${bodyMs} ms`;
    late.resolve({ ended: 'refused', status: 408, message });
  });
  try {
    return await Promise.race([late.promise, wholeBody(request, bodyBytes)]);
  } finally {
    timer.stop();
  }
}

async function wholeBody(request: IncomingMessage, bytesMax: number): Promise<Body> {
  try {
    // Leaving early must not take the connection along: the refusal goes out on it.
    const bytes = await collect(request.iterator({ destroyOnReturn: false }), bytesMax);
    return bytes === null ? tooLarge(bytesMax) : { ended: 'read', bytes };
  } catch {
    return { ended: 'gone' };
  }
}

function isKnown(encoding: string): encoding is keyof typeof decoders {
  return Object.hasOwn(decoders, encoding);
}

function tooLarge(bytesMax: number): Body {
  const message = `the body is longer than ${bytesMax} bytes`;
  return { ended: 'refused', status: 413, message };
}
