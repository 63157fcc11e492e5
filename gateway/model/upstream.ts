/**
 * A model as the gateway sees it: something that is asked once and gives one answer.
 * Trying again, money and the caller's protocol are the business of others (`retry.ts`, `call.ts`).
 */
import type { IncomingHttpHeaders } from 'node:http';
import { z } from 'zod';
import type { ModelUsage } from '../../orchestrator/ports.ts';
import type { Conversation, JsonObject, Reply } from './conversation.ts';
import type { Piece } from './pieces.ts';
import type { Protocol, Wire } from './protocols/protocol.ts';

/** Millionths of a dollar for one token, which is dollars for a million of them. */
export type Price = {
  readonly inputMicroUsdPerToken: number;
  readonly outputMicroUsdPerToken: number;
};

export type Patience = {
  readonly connectMs: number;
  readonly firstByteMs: number;
  /** For an answer that has to be made anew in another protocol: by a local model, most often. */
  readonly wholeAnswerMs: number;
  /** Between two pieces of an answer. */
  readonly idleMs: number;
  readonly retriesMax: number;
  /** The first wait before trying again is up to this long, each further one up to twice as long. */
  readonly retryMs: number;
};

export const PATIENCE: Patience = {
  connectMs: 10_000,
  firstByteMs: 120_000,
  wholeAnswerMs: 600_000,
  // A model that thinks hard says nothing for a minute and a half at times.
  idleMs: 120_000,
  retriesMax: 2,
  retryMs: 500,
};

export type Question = {
  readonly protocol: Protocol;
  /** The request as the caller sent it, with any content encoding undone. */
  readonly json: string;
  /** The same, read. */
  readonly body: JsonObject;
  readonly stream: boolean;
  readonly headers: IncomingHttpHeaders;
  /** The request understood. Throws a ZodError when it is not of its protocol. */
  conversation(): Conversation;
  readonly run: string;
  readonly attempt: number;
};

export type Answer =
  | { readonly kind: 'reply'; readonly reply: Reply }
  /** A 200 in the caller's own protocol, to be passed on as it comes. */
  | RawAnswer
  /** A stream of a model that speaks another protocol. Reading it throws a Fault or a Silence. */
  | { readonly kind: 'pieces'; readonly pieces: AsyncIterable<Piece> }
  | Refusal
  | { readonly kind: 'unreachable'; readonly message: string }
  | { readonly kind: 'silent'; readonly message: string }
  | { readonly kind: 'nonsense'; readonly message: string };

export type RawAnswer = {
  readonly kind: 'raw';
  readonly chunks: AsyncIterable<Uint8Array>;
  readonly contentType: string | null;
  /** Whether an event was asked for by the gateway, and is not for the caller. */
  readonly without?: (data: string) => boolean;
};

export type Refusal = {
  readonly kind: 'refused';
  readonly status: number;
  readonly message: string;
  readonly retryAfterMs: number | null;
  /** Said by the gateway; the model was not asked. */
  readonly ours?: true;
};

export type ModelUpstream = {
  /** Shown to people; never holds a key. */
  readonly name: string;
  readonly model: string;
  /** Null when nobody said what it costs. */
  readonly price: Price | null;
  readonly wire: Wire | 'scripted';
  readonly patience: Patience;
  /** Must not throw, but for a signal that is aborted. */
  ask(question: Question, signal: AbortSignal): Promise<Answer>;
};

/** Rounded up: a limit must not be passed by what was rounded away. */
export function microUsd(usage: ModelUsage, price: Price | null): number | null {
  if (price === null) return null;
  return Math.ceil(
    usage.inputTokens * price.inputMicroUsdPerToken +
      usage.outputTokens * price.outputMicroUsdPerToken,
  );
}

/** The request in neutral form, or the answer to one that is not of its protocol. */
export function understood(
  question: Pick<Question, 'protocol' | 'conversation'>,
): Conversation | Refusal {
  try {
    return question.conversation();
  } catch (error) {
    if (!(error instanceof z.ZodError)) throw error;
    const [issue] = error.issues;
    const where = issue === undefined ? '' : ` at ${issue.path.join('.')}: ${issue.message}`;
    const message = `not a request of the ${question.protocol.wire} protocol${where}`;
    return { kind: 'refused', status: 400, message, retryAfterMs: null, ours: true };
  }
}
