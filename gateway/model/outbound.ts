/**
 * Keeps secrets from the models: a request that holds one is not passed on. Of a session that goes on, only
 * what is new since its last request is looked at; whatever of it was changed is new.
 *
 * Invariant: a request is remembered as clean only after all of it was looked at.
 */
import { viewOf } from '../bytes.ts';
import type { SecretSearch } from '../secret-search.ts';
import { asObject, type JsonObject } from './conversation.ts';

export type Outbound = (sent: Sent) => string | null;
export type Sent = {
  readonly session: string;
  readonly bytes: Uint8Array;
  readonly body: JsonObject;
};

const SESSIONS_MAX = 8;
/** A longer request is looked at whole each time. */
const KEPT_BYTES_MAX = 4 * 2 ** 20;
const BLOCK_BYTES = 16_384;
const DEPTH_MAX = 40;
const KEY_CHARS_MAX = 40;

/** Why a request is not passed on, with kind and place and never the value; null when it is clean. */
export function watchOutbound(search: SecretSearch): Outbound {
  const clean = new Map<string, Buffer>();
  return ({ session, bytes, body }) => {
    const now = viewOf(bytes);
    const before = clean.get(session);
    const same = before === undefined ? 0 : commonBytes(before, now);
    // What was cut off by the end of the last request may be whole now.
    const kind = search(now, Math.max(0, same - search.reach));
    if (kind !== null) {
      const place = placeOf(body, search, '') ?? 'its body';
      return `the request holds ${kind} in ${place}; it was not passed on. Take it out, and begin a new conversation`;
    }
    clean.delete(session);
    if (now.length <= KEPT_BYTES_MAX) clean.set(session, now);
    for (const oldest of clean.keys()) if (clean.size > SESSIONS_MAX) clean.delete(oldest);
    return null;
  };
}

function commonBytes(one: Buffer, other: Buffer): number {
  const end = Math.min(one.length, other.length);
  let at = 0;
  while (at < end) {
    const to = Math.min(at + BLOCK_BYTES, end);
    if (one.compare(other, at, to, at, to) !== 0) break;
    at = to;
  }
  return at;
}

/** Where the first text is that holds one, as `messages.3.content`. A key of the agent's choice is not repeated. */
function placeOf(value: unknown, search: SecretSearch, at: string, depth = 0): string | null {
  if (typeof value === 'string') return isIn(search, value) ? at : null;
  if (depth > DEPTH_MAX) return null;
  const entries: Iterable<readonly [string | number, unknown]> = Array.isArray(value)
    ? value.entries()
    : Object.entries(asObject(value) ?? {});
  for (const [key, item] of entries) {
    if (isIn(search, String(key))) return at === '' ? null : at;
    const found = placeOf(item, search, joined(at, String(key)), depth + 1);
    if (found !== null) return found;
  }
  return null;
}

function joined(at: string, key: string): string {
  const shown = key.length <= KEY_CHARS_MAX && /^[\w-]+$/.test(key) ? key : '?';
  return at === '' ? shown : `${at}.${shown}`;
}

function isIn(search: SecretSearch, text: string): boolean {
  return (
    search(Buffer.from(text), 0) !== null || search(Buffer.from(JSON.stringify(text)), 0) !== null
  );
}
