/** Reads what a sandbox sends, within limits: nobody in there decides how much memory we use. */
import type { IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate, zstdDecompress } from 'node:zlib';
import { collect } from './outgoing.ts';

export type Body =
  | { readonly ended: 'read'; readonly bytes: Uint8Array }
  | { readonly ended: 'refused'; readonly status: 400 | 413 | 415; readonly message: string };

const decoders = {
  gzip: promisify(gunzip),
  'x-gzip': promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
  zstd: promisify(zstdDecompress),
};

/** The body with its content encoding undone. `bytesMax` holds before and after. */
export async function readBody(request: IncomingMessage, bytesMax: number): Promise<Body> {
  const encoding = (request.headers['content-encoding'] ?? 'identity').trim().toLowerCase();
  // Leaving early must not take the connection along: the refusal goes out on it.
  const raw = await collect(request.iterator({ destroyOnReturn: false }), bytesMax);
  if (raw === null) return tooLarge(bytesMax);
  if (encoding === 'identity' || encoding === '') return { ended: 'read', bytes: raw };
  if (!isKnown(encoding)) {
    const message = `the content encoding ${JSON.stringify(encoding)} is not known here`;
    return { ended: 'refused', status: 415, message };
  }
  try {
    const decoded = await decoders[encoding](raw, { maxOutputLength: bytesMax });
    return { ended: 'read', bytes: decoded };
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ERR_BUFFER_TOO_LARGE') return tooLarge(bytesMax);
    return { ended: 'refused', status: 400, message: `the body is not valid ${encoding}` };
  }
}

function isKnown(encoding: string): encoding is keyof typeof decoders {
  return Object.hasOwn(decoders, encoding);
}

function tooLarge(bytesMax: number): Body {
  const message = `the body is longer than ${bytesMax} bytes`;
  return { ended: 'refused', status: 413, message };
}
