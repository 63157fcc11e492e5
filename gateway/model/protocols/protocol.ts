/**
 * What the gateway needs to know of a wire protocol. Pure: bytes and sockets are elsewhere.
 *
 * `read…` take what came over the wire and throw a ZodError when it is not this protocol;
 * `write…` give what a client of the protocol accepts.
 */
import { z } from 'zod';
import type { ModelUsage } from '../../../orchestrator/ports.ts';
import type { Conversation, JsonObject, Reply } from '../conversation.ts';
import type { PieceWriter } from '../pieces.ts';

export type Wire = 'responses' | 'chat' | 'messages' | 'gemini';

export type Protocol = {
  readonly wire: Wire;
  /** The status at which its clients give up at once; null when any of 4xx will do. */
  readonly stopStatus: 400 | null;
  /** One event of a stream that says nothing, for an agent that waits. */
  readonly keepAlive: string;
  readRequest(body: unknown): Conversation;
  readReply(body: unknown): Reply;
  writeReply(reply: Reply): JsonObject;
  /** For one stream. Whether the caller asked for the usage matters to Chat alone. */
  streamWriter(streamUsage: boolean): PieceWriter;
  writeError(status: number, message: string): JsonObject;
  /** Tells of a failure inside a stream whose head has left. */
  writeStreamError(message: string): string;
  /** In every `data:` that says something new to `watch`; of the others only the first is read. */
  readonly telling: RegExp;
  /** Reads one `data:` of a stream that passes by; null when it is not of this protocol. */
  watch(data: string, seen: Seen): Seen | null;
};

/** What a stream has told so far. */
export type Seen = {
  readonly usage: ModelUsage | null;
  /** The last event of the protocol has come: the answer is whole. */
  readonly ended: boolean;
  /** The server itself said that it failed. */
  readonly failed: boolean;
};

export const NOTHING_SEEN: Seen = { usage: null, ended: false, failed: false };

/** What a client of server-sent events passes over, before, between and after them. */
export const COMMENT = ': the model thinks\n\n';

export const count = z.int().nonnegative().catch(0);

/** What stands for a picture or file where only text can go. */
const LEFT_OUT = '[not text, left out]';

/** Text of a content field that is a string, a list of parts, or nothing. */
export function plainText(content: z.infer<typeof Content>): string {
  if (content === null || content === undefined) return '';
  if (typeof content === 'string') return content;
  return content
    .flatMap((part) => {
      if (SILENT_PARTS.has(part.type)) return [];
      return [part.text ?? part.refusal ?? LEFT_OUT];
    })
    .join('\n');
}

export const Part = z.looseObject({
  type: z.string(),
  text: z.string().optional(),
  refusal: z.string().optional(),
});

export const Content = z.union([z.string(), z.array(Part)]).nullish();

/** Parts that are said by other fields, or are nobody else's business. */
const SILENT_PARTS = new Set(['thinking', 'redacted_thinking', 'tool_use', 'tool_result']);

export function event(type: string, data: JsonObject): string {
  return `event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`;
}

export function data(value: JsonObject | string): string {
  return `data: ${typeof value === 'string' ? value : JSON.stringify(value)}\n\n`;
}

/** JSON of one event, or undefined: JSON has no word for that. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
