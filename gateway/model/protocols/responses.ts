/** OpenAI Responses, as Codex speaks it: instructions are items of the input, tools may be custom. */
import { z } from 'zod';
import type { ModelUsage } from '../../../orchestrator/domain/money.ts';
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
import {
  COMMENT,
  Content,
  count,
  event,
  type Protocol,
  parsed,
  plainText,
  type Seen,
} from './protocol.ts';
import { callItem, end, messageItem, response, responsesWriter } from './responses-write.ts';
import { cacheDetails, reasoningDetails, splitUsage } from './usage.ts';

export const responses: Protocol = {
  wire: 'responses',
  // Codex asks nine times more, for 50 s, on every 4xx but this one (measured with 0.169).
  stopStatus: 400,
  keepAlive: COMMENT,
  readRequest,
  readReply,
  writeReply: (reply) => response(reply, outputItems(reply), end(reply.cutShort)),
  streamWriter: responsesWriter,
  writeError: (status, message) => ({
    error: { message, type: status < 500 ? 'invalid_request_error' : 'server_error', code: null },
  }),
  writeStreamError: (message) =>
    event('response.failed', {
      response: { id: 'failed', status: 'failed', error: { code: 'server_error', message } },
    }),
  telling: /"usage"|"response\.(completed|incomplete|failed)"|"error"/,
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

function outputItems(reply: Reply): JsonObject[] {
  const calls = reply.calls.map((call) => callItem(call));
  const said = messageItem(`msg_${reply.id}`, reply.text);
  return [...(reply.text === '' && calls.length > 0 ? [] : [said]), ...calls];
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
