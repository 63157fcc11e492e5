/**
 * A Chat server that takes nothing on trust: unknown fields, a system message further down, two
 * users in a row, results of calls that nobody made and calls without results are all refused, as
 * the chat templates of local models refuse them.
 */
import type { ServerResponse } from 'node:http';
import { z } from 'zod';
import { serverThat } from './open.ts';

const Call = z.strictObject({
  id: z.string().min(1),
  type: z.literal('function'),
  function: z.strictObject({ name: z.string().min(1), arguments: z.string() }),
});
const Message = z.discriminatedUnion('role', [
  z.strictObject({ role: z.literal('system'), content: z.string().min(1) }),
  z.strictObject({ role: z.literal('user'), content: z.string().min(1) }),
  z.strictObject({
    role: z.literal('assistant'),
    content: z.string().min(1).nullable(),
    tool_calls: z.array(Call).min(1).optional(),
  }),
  z.strictObject({ role: z.literal('tool'), tool_call_id: z.string(), content: z.string() }),
]);
const Request = z.strictObject({
  model: z.string(),
  stream: z.boolean(),
  stream_options: z.strictObject({ include_usage: z.literal(true) }).optional(),
  messages: z.array(Message).min(1),
  tools: z
    .array(
      z.strictObject({
        type: z.literal('function'),
        function: z.strictObject({
          name: z.string(),
          description: z.string(),
          parameters: z.looseObject({ type: z.literal('object') }),
        }),
      }),
    )
    .min(1)
    .optional(),
  max_tokens: z.int().positive().optional(),
});
export type StrictRequest = z.infer<typeof Request>;

export async function strictChat(
  answer: (response: ServerResponse, request: StrictRequest) => void,
): Promise<{ url: string; asked: StrictRequest[] }> {
  const asked: StrictRequest[] = [];
  const server = await serverThat((response, { url, body }) => {
    if (url !== '/v1/chat/completions') return void response.writeHead(404).end();
    const problem = check(body);
    if (typeof problem === 'string') {
      response.writeHead(400).end(JSON.stringify({ error: { message: problem } }));
      return;
    }
    asked.push(problem);
    answer(response, problem);
  });
  return { url: server.url, asked };
}

function check(body: string): StrictRequest | string {
  const read = Request.safeParse(JSON.parse(body));
  if (!read.success) return z.prettifyError(read.error);
  const { messages, stream, stream_options } = read.data;
  if (stream !== (stream_options !== undefined)) return 'usage is for streams, and for all of them';
  return outOfOrder(messages) ?? read.data;
}

type Said = StrictRequest['messages'][number];

function outOfOrder(messages: readonly Said[]): string | null {
  const open = new Set<string>();
  const found = messages.flatMap((message, index) => {
    const problem = problemOf(message, { index, before: messages[index - 1], open });
    return problem === null ? [] : [`${problem} at ${index}`];
  });
  return found[0] ?? (open.size > 0 ? 'calls without results at the end' : null);
}

function problemOf(
  message: Said,
  { index, before, open }: { index: number; before: Said | undefined; open: Set<string> },
): string | null {
  if (message.role === 'tool') return open.delete(message.tool_call_id) ? null : 'a stray result';
  if (open.size > 0) return 'calls without results';
  if (message.role === 'system') return index > 0 ? 'a system message' : null;
  if (message.role === 'user') return before?.role === 'user' ? 'two users in a row' : null;
  for (const { id } of message.tool_calls ?? []) open.add(id);
  return message.content === null && open.size === 0 ? 'an assistant that says nothing' : null;
}
