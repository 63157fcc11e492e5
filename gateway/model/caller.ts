/**
 * The agent's end of a model call: writes the answer in its protocol, keeps it awake while the
 * model thinks, and never waits for an agent that stopped reading.
 */
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { TIMERS, type Timer, type Timers } from '../timers.ts';
import type { Conversation, Reply } from './conversation.ts';
import { piecesOf } from './pieces.ts';
import type { Protocol } from './protocols/protocol.ts';

export const KEEP_ALIVE_MS = 10_000;
const DRAIN_MS_MAX = 60_000;

export type Caller = {
  readonly protocol: Protocol;
  readonly stream: boolean;
  /** Sends a sign of life whenever nothing else was sent for so long, until the answer ends. */
  keepAwake(everyMs: number): void;
  /** What the model's own server calls the answer. Only before anything was sent. */
  typed(contentType: string | null): void;
  reply(reply: Reply, conversation: Conversation): void;
  /**
   * Passes on bytes of an answer; of a stream, whole events unless they are said to be a part.
   * Resolves when they can leave; rejects when they cannot.
   */
  pass(bytes: Uint8Array | string, part?: boolean): Promise<void>;
  finish(): void;
  /** `again` says whether the agent may hope that asking again helps. */
  fail(status: number, message: string, again: boolean): void;
};

export type CallerOptions = {
  readonly protocol: Protocol;
  readonly stream: boolean;
  readonly timers?: Timers;
};

type State = { awake: Timer | null; contentType: string | null; torn: boolean };

export function callerOf(
  response: ServerResponse,
  { protocol, stream, timers = TIMERS }: CallerOptions,
  signal: AbortSignal,
): Caller {
  const state: State = { awake: null, contentType: null, torn: false };
  const begin = (): void => {
    if (!response.headersSent) response.writeHead(200, headers(stream, state.contentType));
  };
  const rest = (): void => state.awake?.stop();
  return {
    protocol,
    stream,
    keepAwake: (everyMs) => {
      if (stream) state.awake = awake({ response, timers, begin }, { everyMs, state, protocol });
    },
    typed: (contentType) => {
      state.contentType = contentType;
    },
    reply: (reply, conversation) => {
      rest();
      begin();
      if (!stream) return void response.end(JSON.stringify(protocol.writeReply(reply)));
      const write = protocol.streamWriter(conversation.streamUsage);
      response.end(piecesOf(reply).map(write).join(''));
    },
    pass: async (bytes, part = false) => {
      begin();
      state.torn = part;
      state.awake?.restart();
      if (response.write(bytes)) return;
      const late = AbortSignal.timeout(DRAIN_MS_MAX);
      await once(response, 'drain', { signal: AbortSignal.any([signal, late]) });
    },
    finish: () => {
      rest();
      begin();
      response.end();
    },
    fail: (status, message, again) => {
      rest();
      if (!response.headersSent) return sendError(response, protocol, { status, message, again });
      // The head may have left with a sign of life or a part of the answer; then the stream itself
      // tells, but for one that stopped inside an event: whatever is written there is a part of it.
      if (state.torn || !stream) response.destroy();
      else response.end(protocol.writeStreamError(message));
    },
  };
}

function awake(
  { response, timers, begin }: { response: ServerResponse; timers: Timers; begin(): void },
  { everyMs, state, protocol }: { everyMs: number; state: State; protocol: Protocol },
): Timer {
  const timer = timers.after(everyMs, () => {
    begin();
    if (!state.torn) response.write(protocol.keepAlive);
    timer.restart();
  });
  response.once('close', () => timer.stop());
  return timer;
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

function headers(stream: boolean, given: string | null): Record<string, string> {
  const type = stream ? 'text/event-stream' : 'application/json';
  // A stream under another name makes some agents ask again for the same answer in one piece.
  const isOfType = given?.toLowerCase().startsWith(type) ?? false;
  const contentType = { 'content-type': isOfType && given !== null ? given : type };
  return stream ? { ...contentType, 'cache-control': 'no-cache' } : contentType;
}
