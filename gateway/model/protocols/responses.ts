/** OpenAI Responses, as Codex speaks it: instructions are items of the input, tools may be custom. */
import { z } from 'zod';
import {
  allTokens,
  answerTokens,
  type ModelUsage,
  promptTokens,
} from '../../../orchestrator/domain/money.ts';
import {
  addAssistant,
  type Conversation,
  CUSTOM_PARAMETERS,
  JsonObject,
  type Message,
  type Reply,
  type Tool,
  type ToolCall,
} from '../conversation.ts';
import { Content, count, event, type Protocol, parsed, plainText, type Seen } from './protocol.ts';
import { cacheDetails, reasoningDetails, splitUsage } from './usage.ts';

export const responses: Protocol = {
  wire: 'responses',
  // Codex asks nine times more, for 50 s, on every 4xx but this one (measured with 0.169).
  stopStatus: 400,
  readRequest,
  writeRequest,
  readReply,
  writeReply: (reply) => response(reply, 'completed'),
  writeStream,
  writeError: (status, message) => ({
    error: { message, type: status < 500 ? 'invalid_request_error' : 'server_error', code: null },
  }),
  writeStreamError: (message) =>
    event('response.failed', {
      response: { id: 'failed', status: 'failed', error: { code: 'server_error', message } },
    }),
  watch,
};

const Item = z.looseObject({
  type: z.string().default('message'),
  role: z.string().default('user'),
  content: Content,
  call_id: z.string().default(''),
  name: z.string().default(''),
  arguments: z.string().default('{}'),
  input: z.string().default(''),
  output: Content,
});
type Item = z.infer<typeof Item>;

const RequestTool = z.looseObject({
  type: z.string(),
  name: z.string().default(''),
  description: z.string().nullish(),
  parameters: JsonObject.nullish(),
});

const Request = z.looseObject({
  model: z.string(),
  stream: z.boolean().nullish(),
  instructions: z.string().nullish(),
  input: z.union([z.string(), z.array(Item)]),
  tools: z.array(RequestTool).nullish(),
  max_output_tokens: z.int().positive().nullish(),
});

function readRequest(body: unknown): Conversation {
  const request = Request.parse(body);
  const messages: Message[] = [];
  if (request.instructions) messages.push({ role: 'system', text: request.instructions });
  if (typeof request.input === 'string') messages.push({ role: 'user', text: request.input });
  else for (const item of request.input) addItem(messages, item);
  return {
    model: request.model,
    stream: request.stream ?? false,
    streamUsage: true,
    messages,
    tools: (request.tools ?? []).flatMap(readTool),
    maxOutputTokens: request.max_output_tokens ?? null,
  };
}

function addItem(messages: Message[], item: Item): void {
  switch (item.type) {
    case 'message':
      addMessage(messages, item);
      return;
    case 'function_call':
    case 'custom_tool_call':
      addAssistant(messages, { text: '', calls: [readCall(item)] });
      return;
    case 'function_call_output':
    case 'custom_tool_call_output':
      messages.push({ role: 'tool', callId: item.call_id, text: plainText(item.output) });
      return;
    default:
      // Reasoning is sealed for the model that wrote it; calls of hosted tools have no counterpart.
      return;
  }
}

function addMessage(messages: Message[], { role, content }: Item): void {
  const text = plainText(content);
  if (role === 'assistant') addAssistant(messages, { text, calls: [] });
  else messages.push({ role: role === 'user' ? 'user' : 'system', text });
}

function readCall(item: Item): ToolCall {
  const custom = item.type === 'custom_tool_call';
  const input = custom ? item.input : item.arguments;
  return { id: item.call_id, name: item.name, input, custom };
}

function readTool(tool: z.infer<typeof RequestTool>): Tool[] {
  const { type, name, description } = tool;
  if (type !== 'function' && type !== 'custom') return [];
  const custom = type === 'custom';
  const parameters = custom ? CUSTOM_PARAMETERS : (tool.parameters ?? { type: 'object' });
  return [{ name, description: description ?? '', parameters, custom }];
}

function writeRequest(conversation: Conversation): JsonObject {
  const { model, messages, tools, maxOutputTokens } = conversation;
  return {
    model,
    stream: false,
    store: false,
    input: messages.flatMap(writeMessage),
    tools: tools.map(({ name, description, parameters, custom }) =>
      custom
        ? { type: 'custom', name, description }
        : { type: 'function', name, description, parameters, strict: false },
    ),
    ...(maxOutputTokens === null ? {} : { max_output_tokens: maxOutputTokens }),
  };
}

function writeMessage(message: Message): JsonObject[] {
  switch (message.role) {
    case 'system':
    case 'user': {
      const role = message.role === 'user' ? 'user' : 'developer';
      return [{ type: 'message', role, content: [{ type: 'input_text', text: message.text }] }];
    }
    case 'assistant': {
      const { text, calls } = message;
      const said = { type: 'message', role: 'assistant', content: [{ type: 'output_text', text }] };
      return [...(text === '' ? [] : [said]), ...calls.map(callItem)];
    }
    case 'tool':
      return [{ type: 'function_call_output', call_id: message.callId, output: message.text }];
  }
}

function callItem({ id, name, input, custom }: ToolCall): JsonObject {
  return custom
    ? { type: 'custom_tool_call', call_id: id, name, input }
    : { type: 'function_call', call_id: id, name, arguments: input };
}

const Usage = z.looseObject({
  input_tokens: count,
  output_tokens: count,
  input_tokens_details: cacheDetails,
  output_tokens_details: reasoningDetails,
  /** Dollars, from providers that say so. */
  cost: z.unknown().optional(),
});
const Response = z.looseObject({
  id: z.string(),
  model: z.string().default(''),
  status: z.string().default('completed'),
  output: z.array(Item),
  usage: Usage.nullish(),
});

function readReply(body: unknown): Reply {
  const { id, model, status, output, usage } = Response.parse(body);
  const texts = output.flatMap(({ type, content }) =>
    type === 'message' ? [plainText(content)] : [],
  );
  const calls = output.filter(
    ({ type }) => type === 'function_call' || type === 'custom_tool_call',
  );
  return {
    id,
    model,
    text: texts.join('\n'),
    calls: calls.map(readCall),
    cutShort: status === 'incomplete',
    usage: usage ? readUsage(usage) : null,
  };
}

function readUsage(usage: z.infer<typeof Usage>): ModelUsage {
  return splitUsage({
    input: usage.input_tokens,
    output: usage.output_tokens,
    cached: usage.input_tokens_details,
    reasoned: usage.output_tokens_details,
    cost: usage.cost,
  });
}

function response(reply: Reply, status: 'completed' | 'in_progress'): JsonObject {
  const done = status === 'completed';
  const end = done && reply.cutShort ? 'incomplete' : status;
  return {
    id: reply.id,
    object: 'response',
    created_at: 0,
    status: end,
    model: reply.model,
    output: done ? outputItems(reply) : [],
    error: null,
    incomplete_details: end === 'incomplete' ? { reason: 'max_output_tokens' } : null,
    instructions: null,
    metadata: {},
    parallel_tool_calls: true,
    tool_choice: 'auto',
    tools: [],
    usage: done ? writeUsage(reply.usage ?? { inputTokens: 0, outputTokens: 0 }) : null,
  };
}

function writeUsage(usage: ModelUsage): JsonObject {
  return {
    input_tokens: promptTokens(usage),
    input_tokens_details: { cached_tokens: 0 },
    output_tokens: answerTokens(usage),
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: allTokens(usage),
  };
}

function outputItems(reply: Reply): JsonObject[] {
  const said = {
    type: 'message',
    id: `msg_${reply.id}`,
    role: 'assistant',
    status: 'completed',
    content: [{ type: 'output_text', text: reply.text, annotations: [] }],
  };
  const calls = reply.calls.map((call) => ({
    ...callItem(call),
    id: `${call.custom ? 'ctc' : 'fc'}_${call.id}`,
    status: 'completed',
  }));
  return [...(reply.text === '' && calls.length > 0 ? [] : [said]), ...calls];
}

function writeStream(reply: Reply): string[] {
  const started = response(reply, 'in_progress');
  const done = response(reply, 'completed');
  const last = done['status'] === 'incomplete' ? 'response.incomplete' : 'response.completed';
  const events: [string, JsonObject][] = [
    ['response.created', { response: started }],
    ['response.in_progress', { response: started }],
    ...outputItems(reply).flatMap((item, index) => itemEvents(reply, item, index)),
    [last, { response: done }],
  ];
  return events.map(([type, value], index) => event(type, { sequence_number: index, ...value }));
}

function itemEvents(reply: Reply, item: JsonObject, index: number): [string, JsonObject][] {
  const at = { item_id: item['id'], output_index: index };
  const begun = { ...item, status: 'in_progress' };
  const inner: [string, JsonObject][] =
    item['type'] === 'message' ? textEvents(reply.text, at) : inputEvents(item, at);
  const empty = { message: 'content', function_call: 'arguments', custom_tool_call: 'input' };
  const field = empty[item['type'] as keyof typeof empty];
  return [
    [
      'response.output_item.added',
      { output_index: index, item: { ...begun, [field]: field === 'content' ? [] : '' } },
    ],
    ...inner,
    ['response.output_item.done', { output_index: index, item }],
  ];
}

function textEvents(text: string, at: JsonObject): [string, JsonObject][] {
  const here = { ...at, content_index: 0 };
  const part = (said: string) => ({ type: 'output_text', text: said, annotations: [] });
  return [
    ['response.content_part.added', { ...here, part: part('') }],
    ['response.output_text.delta', { ...here, delta: text, logprobs: [] }],
    ['response.output_text.done', { ...here, text, logprobs: [] }],
    ['response.content_part.done', { ...here, part: part(text) }],
  ];
}

function inputEvents(item: JsonObject, at: JsonObject): [string, JsonObject][] {
  const { name } = item;
  if (item['type'] === 'custom_tool_call') {
    const { input } = item;
    return [
      ['response.custom_tool_call_input.delta', { ...at, delta: input }],
      ['response.custom_tool_call_input.done', { ...at, input }],
    ];
  }
  const { arguments: given } = item;
  return [
    ['response.function_call_arguments.delta', { ...at, delta: given }],
    ['response.function_call_arguments.done', { ...at, name, arguments: given }],
  ];
}

const StreamEvent = z.looseObject({
  type: z.string().regex(/^(response\.|error$|keepalive$)/),
  response: z.looseObject({ usage: Usage.nullish() }).optional(),
});
const ENDS = new Set(['response.completed', 'response.incomplete', 'response.failed', 'error']);

function watch(text: string, seen: Seen): Seen | null {
  const read = StreamEvent.safeParse(parsed(text));
  if (!read.success) return text === '[DONE]' ? seen : null;
  const { type, response: body } = read.data;
  return {
    usage: body?.usage ? readUsage(body.usage) : seen.usage,
    ended: seen.ended || ENDS.has(type),
    failed: seen.failed || type === 'response.failed' || type === 'error',
  };
}
