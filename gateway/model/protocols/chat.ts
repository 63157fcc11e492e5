/** OpenAI Chat Completions: what local servers and most agent programs speak. */
import { z } from 'zod';
import {
  allTokens,
  answerTokens,
  type ModelUsage,
  promptTokens,
} from '../../../orchestrator/domain/money.ts';
import {
  argumentsOf,
  type Conversation,
  CUSTOM_PARAMETERS,
  inOrder,
  JsonObject,
  type Message,
  type Reply,
  type Tool,
  type ToolCall,
} from '../conversation.ts';
import type { PieceWriter } from '../pieces.ts';
import {
  COMMENT,
  Content,
  count,
  data,
  type Protocol,
  parsed,
  plainText,
  type Seen,
} from './protocol.ts';
import { cacheDetails, reasoningDetails, splitUsage } from './usage.ts';

export const chat: Protocol = {
  wire: 'chat',
  stopStatus: null,
  keepAlive: COMMENT,
  readRequest,
  readReply,
  writeReply,
  streamWriter,
  writeError: (status, message) => ({ error: errorOf(status, message) }),
  writeStreamError: (message) => data({ error: errorOf(500, message) }),
  telling: /"usage"|"finish_reason"\s*:\s*"|"error"|^\[DONE\]$/,
  watch,
};

const Call = z.looseObject({
  id: z.string().default(''),
  function: z.looseObject({ name: z.string(), arguments: z.string().default('{}') }).optional(),
  custom: z.looseObject({ name: z.string(), input: z.string().default('') }).optional(),
});
type Call = z.infer<typeof Call>;

const RequestMessage = z.looseObject({
  role: z.string(),
  content: Content,
  tool_calls: z.array(Call).nullish(),
  tool_call_id: z.string().default(''),
});

const RequestTool = z.looseObject({
  type: z.string().default('function'),
  function: z
    .looseObject({
      name: z.string(),
      description: z.string().nullish(),
      parameters: JsonObject.nullish(),
    })
    .optional(),
  custom: z.looseObject({ name: z.string(), description: z.string().nullish() }).optional(),
});

const Request = z.looseObject({
  model: z.string(),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().nullish() }).nullish(),
  messages: z.array(RequestMessage),
  tools: z.array(RequestTool).nullish(),
  max_tokens: z.int().positive().nullish(),
  max_completion_tokens: z.int().positive().nullish(),
});

function readRequest(body: unknown): Conversation {
  const request = Request.parse(body);
  return {
    model: request.model,
    stream: request.stream ?? false,
    streamUsage: request.stream_options?.include_usage ?? false,
    messages: request.messages.map(readMessage),
    tools: (request.tools ?? []).flatMap(readTool),
    maxOutputTokens: request.max_completion_tokens ?? request.max_tokens ?? null,
  };
}

function readMessage(message: z.infer<typeof RequestMessage>): Message {
  const text = plainText(message.content);
  if (message.role === 'tool') return { role: 'tool', callId: message.tool_call_id, text };
  if (message.role === 'assistant') {
    return { role: 'assistant', text, calls: (message.tool_calls ?? []).flatMap(readCall) };
  }
  return { role: message.role === 'user' ? 'user' : 'system', text };
}

function readCall({ id, function: called, custom }: Call): ToolCall[] {
  if (called) return [{ id, name: called.name, input: called.arguments, custom: false }];
  return custom ? [{ id, name: custom.name, input: custom.input, custom: true }] : [];
}

function readTool({ function: described, custom }: z.infer<typeof RequestTool>): Tool[] {
  if (described) {
    const { name, description, parameters } = described;
    const shape = parameters ?? { type: 'object' };
    return [{ name, description: description ?? '', parameters: shape, custom: false }];
  }
  if (!custom) return [];
  const { name, description } = custom;
  return [{ name, description: description ?? '', parameters: CUSTOM_PARAMETERS, custom: true }];
}

export function chatRequest(conversation: Conversation): JsonObject {
  const { model, stream, messages, tools, maxOutputTokens } = conversation;
  const { system, rest } = inOrder(messages);
  const described = tools.map(({ name, description, parameters }) => ({
    type: 'function',
    function: { name, description, parameters },
  }));
  return {
    model,
    stream,
    // Else a stream tells nobody what it took.
    ...(stream ? { stream_options: { include_usage: true } } : {}),
    messages: [...(system === '' ? [] : [{ role: 'system', content: system }]), ...rest.map(write)],
    // Some servers refuse an empty list.
    ...(described.length === 0 ? {} : { tools: described }),
    ...(maxOutputTokens === null ? {} : { max_tokens: maxOutputTokens }),
  };
}

function write(message: Message): JsonObject {
  switch (message.role) {
    case 'tool':
      return { role: 'tool', tool_call_id: message.callId, content: message.text };
    case 'assistant':
      return {
        role: 'assistant',
        content: message.text === '' ? null : message.text,
        // A custom tool was offered as a function, so its calls come back as calls of one.
        ...calledAs(message.calls.map((call) => ({ ...call, ...asFunction(call) }))),
      };
    default:
      return { role: message.role, content: message.text };
  }
}

function asFunction(call: ToolCall): Pick<ToolCall, 'input' | 'custom'> {
  return { custom: false, input: call.custom ? JSON.stringify(argumentsOf(call)) : call.input };
}

function calledAs(calls: readonly ToolCall[]): JsonObject {
  if (calls.length === 0) return {};
  return { tool_calls: calls.map(writeCall) };
}

function writeCall({ id, name, input, custom }: ToolCall): JsonObject {
  return custom
    ? { id, type: 'custom', custom: { name, input } }
    : { id, type: 'function', function: { name, arguments: input } };
}

export const ChatUsage = z.looseObject({
  prompt_tokens: count,
  completion_tokens: count,
  prompt_tokens_details: cacheDetails,
  completion_tokens_details: reasoningDetails,
  /** Dollars, from providers that say so. */
  cost: z.unknown().optional(),
});
const Completion = z.looseObject({
  id: z.string().default('completion'),
  model: z.string().default(''),
  choices: z
    .array(
      z.looseObject({
        message: z.looseObject({ content: Content, tool_calls: z.array(Call).nullish() }),
        finish_reason: z.string().nullish(),
      }),
    )
    .min(1),
  usage: ChatUsage.nullish(),
});

function readReply(body: unknown): Reply {
  const { id, model, choices, usage } = Completion.parse(body);
  const [choice] = choices;
  return {
    id,
    model,
    text: plainText(choice?.message.content),
    calls: (choice?.message.tool_calls ?? []).flatMap(readCall),
    cutShort: choice?.finish_reason === 'length',
    usage: usage ? readChatUsage(usage) : null,
  };
}

export function readChatUsage(usage: z.infer<typeof ChatUsage>): ModelUsage {
  return splitUsage({
    input: usage.prompt_tokens,
    output: usage.completion_tokens,
    cached: usage.prompt_tokens_details,
    reasoned: usage.completion_tokens_details,
    cost: usage.cost,
  });
}

function writeUsage(usage: ModelUsage | null): JsonObject {
  const used = usage ?? { inputTokens: 0, outputTokens: 0 };
  return {
    prompt_tokens: promptTokens(used),
    completion_tokens: answerTokens(used),
    total_tokens: allTokens(used),
  };
}

function finish(cutShort: boolean, calls: number): string {
  if (cutShort) return 'length';
  return calls > 0 ? 'tool_calls' : 'stop';
}

function writeReply(reply: Reply): JsonObject {
  const message = {
    role: 'assistant',
    content: reply.text === '' ? null : reply.text,
    refusal: null,
    ...calledAs(reply.calls),
  };
  const end = finish(reply.cutShort, reply.calls.length);
  return {
    id: reply.id,
    object: 'chat.completion',
    created: 0,
    model: reply.model,
    choices: [{ index: 0, message, logprobs: null, finish_reason: end }],
    usage: writeUsage(reply.usage),
  };
}

function streamWriter(streamUsage: boolean): PieceWriter {
  const at = { id: '', model: '', calls: 0, custom: false };
  const chunk = (choices: JsonObject[], more: JsonObject = {}) => {
    const { id, model } = at;
    return data({ id, object: 'chat.completion.chunk', created: 0, model, choices, ...more });
  };
  const delta = (value: JsonObject, finish_reason: string | null = null) =>
    chunk([{ index: 0, delta: value, finish_reason }]);
  return (piece) => {
    switch (piece.kind) {
      case 'start':
        Object.assign(at, { id: piece.id, model: piece.model });
        return delta({ role: 'assistant', content: '' });
      case 'text':
        return delta({ content: piece.text });
      case 'call': {
        const call = writeCall({ ...piece, input: '' });
        Object.assign(at, { calls: at.calls + 1, custom: piece.custom });
        return delta({ tool_calls: [{ index: at.calls - 1, ...call }] });
      }
      case 'input': {
        const { input } = piece;
        const more = at.custom ? { custom: { input } } : { function: { arguments: input } };
        return delta({ tool_calls: [{ index: at.calls - 1, ...more }] });
      }
      case 'called':
        return '';
      case 'end': {
        const usage = streamUsage ? chunk([], { usage: writeUsage(piece.usage) }) : '';
        return delta({}, finish(piece.cutShort, at.calls)) + usage + data('[DONE]');
      }
    }
  };
}

const Chunk = z.looseObject({
  choices: z.array(z.looseObject({ finish_reason: z.string().nullish() })).optional(),
  usage: ChatUsage.nullish(),
  error: z.unknown().optional(),
});

function watch(text: string, seen: Seen): Seen | null {
  if (text === '[DONE]') return { ...seen, ended: true };
  const read = Chunk.safeParse(parsed(text));
  if (!read.success) return null;
  const { choices, usage, error } = read.data;
  if (choices === undefined && error === undefined) return null;
  return {
    usage: usage ? readChatUsage(usage) : seen.usage,
    ended: seen.ended || (choices ?? []).some(({ finish_reason }) => Boolean(finish_reason)),
    failed: seen.failed || Boolean(error),
  };
}

/** The chunk that a server adds for whoever asked for the usage of a stream. */
export function isUsageChunk(text: string): boolean {
  if (!text.includes('"usage"')) return false;
  const { data: chunk } = Chunk.safeParse(parsed(text));
  return chunk?.choices?.length === 0 && Boolean(chunk.usage);
}

function errorOf(status: number, message: string): JsonObject {
  const type = status < 500 ? 'invalid_request_error' : 'server_error';
  return { message, type, param: null, code: null };
}
