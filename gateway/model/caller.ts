/**
 * The agent's end of a model call: writes the answer in its protocol, keeps it awake while the
 * model thinks, and never waits for an agent that stopped reading.
 */
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Conversation, Reply } from './conversation.ts';
import type { Protocol } from './protocols/protocol.ts';

export const KEEP_ALIVE_MS = 10_000;
const DRAIN_MS_MAX = 60_000;

export type Caller = {
  readonly protocol: Protocol;
  readonly stream: boolean;
  /** Sends comments until something else is sent, so that the agent does not give up. */
  keepAwake(everyMs: number): void;
  reply(reply: Reply, conversation: Conversation): void;
  /** Passes on bytes of an answer. Resolves when they can leave; rejects when they cannot. */
  pass(chunk: Uint8Array): Promise<void>;
  finish(): void;
  /** `again` says whether the agent may hope that asking again helps. */
  fail(status: number, message: string, again: boolean): void;
  /** Ends an answer that broke off, in a way that the agent cannot take for its end. */
  breakOff(): void;
};

export function callerOf(
  response: ServerResponse,
  { protocol, stream }: { protocol: Protocol; stream: boolean },
  signal: AbortSignal,
): Caller {
  const waiting: { timer: NodeJS.Timeout | null } = { timer: null };
  const head = (): void => {
    if (waiting.timer !== null) clearInterval(waiting.timer);
    waiting.timer = null;
    if (!response.headersSent) response.writeHead(200, headers(stream));
  };
  return {
    protocol,
    stream,
    keepAwake: (everyMs) => {
      if (!stream) return;
      waiting.timer = setInterval(() => {
        if (!response.headersSent) response.writeHead(200, headers(true));
        response.write(':\n\n');
      }, everyMs);
      response.once('close', () => clearInterval(waiting.timer ?? undefined));
    },
    reply: (reply, conversation) => {
      head();
      if (!stream) response.end(JSON.stringify(protocol.writeReply(reply)));
      else response.end(protocol.writeStream(reply, conversation).join(''));
    },
    pass: async (chunk) => {
      head();
      if (response.write(chunk)) return;
      const late = AbortSignal.timeout(DRAIN_MS_MAX);
      await once(response, 'drain', { signal: AbortSignal.any([signal, late]) });
    },
    finish: () => {
      head();
      response.end();
    },
    fail: (status, message, again) => {
      if (waiting.timer !== null) clearInterval(waiting.timer);
      // The head may have left with a keep-alive; then the stream itself must tell.
      if (response.headersSent) response.end(protocol.writeStreamError(message));
      else sendError(response, protocol, { status, message, again });
    },
    breakOff: () => response.destroy(),
  };
}

export function sendError(
  response: ServerResponse,
  protocol: Protocol,
  { status, message, again }: { status: number; message: string; again: boolean },
): void {
  const retry = again ? { 'retry-after': '2' } : { 'x-should-retry': 'false' };
  const sent = again ? status : (protocol.stopStatus ?? status);
  response.writeHead(sent, { 'content-type': 'application/json', ...retry });
  response.end(JSON.stringify(protocol.writeError(status, message)));
}

function headers(stream: boolean): Record<string, string> {
  return stream
    ? { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' }
    : { 'content-type': 'application/json' };
}
