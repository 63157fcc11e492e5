/**
 * Canonical JSON (RFC 8785, JCS) and the digests made from it.
 * Two values that mean the same have the same bytes, so a digest can bind an approval to them.
 */
import { createHash } from 'node:crypto';
import { Digest } from './ids.ts';

export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [key: string]: Json | undefined };

/**
 * JSON with keys in UTF-16 order and no white space. Throws a TypeError on what RFC 8785 has no form
 * for: a number that is not finite, and half of a surrogate pair, which no UTF-8 can say.
 */
export function canonical(value: Json): string {
  if (typeof value === 'number' && !Number.isFinite(value)) {
    throw new TypeError(`${value} has no JSON form`);
  }
  if (typeof value === 'string') return quoted(value);
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((item: Json) => canonical(item)).join(',')}]`;
  const object = value as { readonly [key: string]: Json | undefined };
  const members: string[] = [];
  // The default order of `sort` is that of UTF-16 code units, which is what RFC 8785 §3.2.3 asks.
  for (const key of Object.keys(object).sort()) {
    const item = object[key];
    if (item !== undefined) members.push(`${quoted(key)}:${canonical(item)}`);
  }
  return `{${members.join(',')}}`;
}

function quoted(text: string): string {
  if (text.isWellFormed()) return JSON.stringify(text);
  throw new TypeError(`${JSON.stringify(text)} holds half a surrogate pair and has no JSON form`);
}

export function sha256(...parts: readonly (string | Uint8Array)[]): Digest {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return Digest.parse(`sha256:${hash.digest('hex')}`);
}

/** The digest of a value under a domain tag, so that a digest of one kind never passes as another. */
export function digestOf(tag: string, value: Json): Digest {
  return sha256(`proofhouse.${tag}.v1\0`, canonical(value));
}
