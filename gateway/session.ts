/** What an agent calls its session, as a short name that tells sessions of a run apart. Pure. */
import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

/** Of the agents that we know, and of a part of a session that another agent of theirs does. */
const SESSION_HEADERS = [
  ...['x-claude-code-session-id', 'session-id', 'session_id', 'x-session-id'],
  ...['thread-id', 'conversation_id', 'x-claude-code-agent-id'],
];

export function sessionOf(
  headers: IncomingHttpHeaders,
  body: Readonly<Record<string, unknown>>,
): string {
  const named = SESSION_HEADERS.map((name) => headerOf(headers, name)).filter(Boolean);
  const cached = body['prompt_cache_key'];
  const names = named.length === 0 && typeof cached === 'string' ? [cached] : named;
  return names.length === 0 ? 'one' : shortHash(names.join('\0'));
}

export function headerOf(headers: IncomingHttpHeaders, name: string): string {
  const value = headers[name];
  return typeof value === 'string' ? value : '';
}

export function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}
