/** Anthropic Messages. Content is a list of blocks; tool results are blocks of the user. */
import { z } from 'zod';
import { answerTokens, type ModelUsage, promptTokens } from '../../../orchestrator/domain/money.ts';
import {
  argumentsOf,
  type Conversation,
  inOrder,
  JsonObject,
  type Message,
  type Reply,
  type ToolCall,
} from '../conversation.ts';
import type { PieceWriter } from '../pieces.ts';
import {
  Content,
  count,
  event,
  Part,
  type Protocol,
  parsed,
  plainText,
  type Seen,
} from './protocol.ts';

/** The protocol demands a limit; this is what a caller gets who named none. */
const OUTPUT_TOKENS = 8_192;

export const messages: Protocol = {
  wire: 'messages',
  stopStatus: null,
  keepAlive: event('ping', {}),
  readRequest,
  readReply,
  writeReply,
  streamWriter,
  writeError: (status, message) => ({ type: 'error', error: errorOf(status, message) }),
  writeStreamError: (message) => event('error', { error: errorOf(500, message) }),
  telling: /"usage"|"message_stop"|"error"/,
  watch,
};

const Block = Part.extend({
  id: z.string().default(''),
  name: z.string().default(''),
  input: JsonObject.catch({}),
  tool_use_id: z.string().default(''),
  content: Content.catch(null),
});
type Block = z.infer<typeof Block>;

const Request = z.looseObject({
  model: z.string(),
  stream: z.boolean().nullish(),
  system: Content,
  messages: z.array(
    z.looseObject({ role: z.string(), content: z.union([z.string(), z.array(Block)]) }),
  ),
  tools: z
    .array(
      z.looseObject({
        type: z.string().nullish(),
        name: z.string(),
        description: z.string().nullish(),
        input_schema: JsonObject.optional(),
      }),
    )
    .nullish(),
  max_tokens: z.int().positive().nullish(),
});

function readRequest(body: unknown): Conversation {
  const request = Request.parse(body);
  const system = plainText(request.system);
  return {
    model: request.model,
    stream: request.stream ?? false,
    streamUsage: true,
    messages: [
      ...(system === '' ? [] : [{ role: 'system' as const, text: system }]),
      ...request.messages.flatMap(({ role, content }) => readMessage(role, content)),
    ],
    tools: (request.tools ?? []).flatMap(({ name, description, input_schema: parameters }) =>
      parameters ? [{ name, description: description ?? '', parameters, custom: false }] : [],
    ),
    maxOutputTokens: request.max_tokens ?? null,
  };
}

function readMessage(role: string, content: string | Block[]): Message[] {
  const blocks = typeof content === 'string' ? [] : content;
  const text = plainText(content);
  if (role === 'assistant') return [{ role, text, calls: callsIn(blocks) }];
  const results = blocks
    .filter(({ type }) => type === 'tool_result')
    .map((block) => ({
      role: 'tool' as const,
      callId: block.tool_use_id,
      text: plainText(block.content),
    }));
  const said: Message = { role: role === 'system' ? 'system' : 'user', text };
  return [...results, ...(text === '' ? [] : [said])];
}

function callsIn(blocks: readonly Block[]): ToolCall[] {
  return blocks
    .filter(({ type }) => type === 'tool_use')
    .map(({ id, name, input }) => ({ id, name, input: JSON.stringify(input), custom: false }));
}

export function messagesRequest(conversation: Conversation): JsonObject {
  const { model, messages: said, tools, maxOutputTokens } = conversation;
  const { system, rest } = inOrder(said);
  return {
    model,
    stream: false,
    max_tokens: maxOutputTokens ?? OUTPUT_TOKENS,
    ...(system === '' ? {} : { system }),
    messages: turns(rest),
    ...(tools.length === 0 ? {} : { tools: tools.map(writeTool) }),
  };
}

function writeTool({ name, description, parameters }: Conversation['tools'][number]): JsonObject {
  return { name, description, input_schema: { type: 'object', ...parameters } };
}

/** Roles must take turns, so a tool's result and what the user says after it are one message. */
function turns(rest: readonly Message[]): JsonObject[] {
  const made: { role: string; content: JsonObject[] }[] = [];
  for (const message of rest) {
    const role = message.role === 'assistant' ? 'assistant' : 'user';
    const blocks = writeBlocks(message);
    const last = made.at(-1);
    if (last?.role === role) last.content.push(...blocks);
    else if (blocks.length > 0) made.push({ role, content: blocks });
  }
  return made;
}

function writeBlocks(message: Message): JsonObject[] {
  const text = { type: 'text', text: message.text };
  // The protocol refuses empty text blocks.
  const said = message.text.trim() === '' ? [] : [text];
  if (message.role === 'tool') {
    return [{ type: 'tool_result', tool_use_id: safeId(message.callId), content: said }];
  }
  return message.role === 'assistant' ? [...said, ...message.calls.map(toolUse)] : said;
}

function toolUse(call: ToolCall): JsonObject {
  return { type: 'tool_use', id: safeId(call.id), name: call.name, input: argumentsOf(call) };
}

/** Ids of other protocols may hold what this one refuses. */
function safeId(id: string): string {
  return id.replace(/[^A-Za-z0-9_-]/g, '_');
}

const Usage = z.looseObject({
  input_tokens: count,
  output_tokens: count,
  cache_creation_input_tokens: count,
  cache_read_input_tokens: z.int().nonnegative().nullish(),
  /** By how long each cache keeps it. */
  cache_creation: z
    .looseObject({ ephemeral_5m_input_tokens: count, ephemeral_1h_input_tokens: count })
    .nullish()
    .catch(null),
});
const Answer = z.looseObject({
  type: z.literal('message'),
  id: z.string().default('message'),
  model: z.string().default(''),
  content: z.array(Block),
  stop_reason: z.string().nullish(),
  usage: Usage.nullish(),
});

function readReply(body: unknown): Reply {
  const { id, model, content, stop_reason, usage } = Answer.parse(body);
  return {
    id,
    model,
    text: plainText(content),
    calls: callsIn(content),
    cutShort: stop_reason === 'max_tokens',
    usage: usage ? readUsage(usage) : null,
  };
}

/** Where nobody says how long a cache keeps what was written, it is the dearer kind: never too little. */
function readUsage(usage: z.infer<typeof Usage>): ModelUsage {
  const { cache_read_input_tokens: read, cache_creation: kinds } = usage;
  const written = usage.cache_creation_input_tokens;
  const short = Math.min(written, kinds?.ephemeral_5m_input_tokens ?? 0);
  return {
    inputTokens: usage.input_tokens,
    outputTokens: usage.output_tokens,
    ...(short === 0 ? {} : { cacheWrite5mTokens: short }),
    ...(written === short ? {} : { cacheWrite1hTokens: written - short }),
    ...(read === null || read === undefined ? {} : { cacheReadTokens: read }),
  };
}

function writeReply(reply: Reply): JsonObject {
  const stop_reason = stop(reply.cutShort, reply.calls.length);
  return { ...opening(reply), content: blocksOf(reply), stop_reason };
}

function opening({ id, model, usage }: Pick<Reply, 'id' | 'model' | 'usage'>): JsonObject {
  const used = usage ?? { inputTokens: 0, outputTokens: 0 };
  return {
    id,
    type: 'message',
    role: 'assistant',
    model,
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: { input_tokens: promptTokens(used), output_tokens: answerTokens(used) },
  };
}

function blocksOf({ text, calls }: Reply): JsonObject[] {
  return [...(text === '' ? [] : [{ type: 'text', text }]), ...calls.map(toolUse)];
}

function stop(cutShort: boolean, calls: number): string {
  if (cutShort) return 'max_tokens';
  return calls > 0 ? 'tool_use' : 'end_turn';
}

function streamWriter(): PieceWriter {
  const at = { index: -1, open: null as 'text' | 'tool' | null, calls: 0 };
  const close = (): string => {
    const stopped = at.open === null ? '' : event('content_block_stop', { index: at.index });
    at.open = null;
    return stopped;
  };
  const open = (kind: 'text' | 'tool', content_block: JsonObject): string => {
    const closed = close();
    at.index += 1;
    at.open = kind;
    return closed + event('content_block_start', { index: at.index, content_block });
  };
  const delta = (value: JsonObject): string =>
    event('content_block_delta', { index: at.index, delta: value });
  return (piece) => {
    switch (piece.kind) {
      case 'start':
        return event('message_start', { message: opening(piece) });
      case 'text': {
        const opened = at.open === 'text' ? '' : open('text', { type: 'text', text: '' });
        return opened + delta({ type: 'text_delta', text: piece.text });
      }
      case 'call':
        at.calls += 1;
        return open('tool', { ...toolUse({ ...piece, input: '{}' }), input: {} });
      case 'input':
        return delta({ type: 'input_json_delta', partial_json: piece.input });
      case 'called':
        return close();
      case 'end': {
        const used = piece.usage ?? { inputTokens: 0, outputTokens: 0 };
        const usage = { input_tokens: used.inputTokens, output_tokens: answerTokens(used) };
        const reason = { stop_reason: stop(piece.cutShort, at.calls), stop_sequence: null };
        return `${close()}${event('message_delta', { delta: reason, usage })}${event('message_stop', {})}`;
      }
    }
  };
}

const EVENTS = /^(message_(start|delta|stop)|content_block_(start|delta|stop)|ping|error)$/;
const StreamEvent = z.looseObject({
  type: z.string().regex(EVENTS),
  message: z.looseObject({ usage: Usage.nullish() }).optional(),
  usage: z.looseObject({ output_tokens: count, input_tokens: z.int().nullish() }).nullish(),
});

function watch(text: string, seen: Seen): Seen | null {
  const read = StreamEvent.safeParse(parsed(text));
  if (!read.success) return null;
  const { type, message, usage } = read.data;
  const started = message?.usage ? readUsage(message.usage) : seen.usage;
  return {
    // The counts of message_delta are totals, not steps.
    usage: usage && started ? { ...started, outputTokens: usage.output_tokens } : started,
    ended: seen.ended || type === 'message_stop',
    failed: seen.failed || type === 'error',
  };
}

function errorOf(status: number, message: string): JsonObject {
  const types: Record<number, string> = {
    400: 'invalid_request_error',
    401: 'authentication_error',
    402: 'billing_error',
    403: 'permission_error',
    404: 'not_found_error',
    413: 'request_too_large',
    429: 'rate_limit_error',
    529: 'overloaded_error',
  };
  return { type: types[status] ?? 'api_error', message };
}
