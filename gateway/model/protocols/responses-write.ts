/** Answers in the shape of OpenAI Responses, whole and as the events of a stream. */
import type { ModelUsage } from '../../../orchestrator/ports.ts';
import type { JsonObject, Reply, ToolCall } from '../conversation.ts';
import type { Piece, PieceWriter } from '../pieces.ts';
import { event } from './protocol.ts';

type Status = 'completed' | 'incomplete' | 'in_progress';
type Head = Pick<Reply, 'id' | 'model' | 'usage'>;

export function response(head: Head, output: readonly JsonObject[], status: Status): JsonObject {
  return {
    id: head.id,
    object: 'response',
    created_at: 0,
    status,
    model: head.model,
    output,
    error: null,
    incomplete_details: status === 'incomplete' ? { reason: 'max_output_tokens' } : null,
    instructions: null,
    metadata: {},
    parallel_tool_calls: true,
    tool_choice: 'auto',
    tools: [],
    usage: status === 'in_progress' ? null : writeUsage(head.usage),
  };
}

export function end(cutShort: boolean): Status {
  return cutShort ? 'incomplete' : 'completed';
}

export function messageItem(id: string, text: string): JsonObject {
  const content = [{ type: 'output_text', text, annotations: [] }];
  return { type: 'message', id, role: 'assistant', status: 'completed', content };
}

export function callItem({ id, name, input, custom }: ToolCall): JsonObject {
  const call = { id: `${custom ? 'ctc' : 'fc'}_${id}`, call_id: id, name, status: 'completed' };
  return custom
    ? { type: 'custom_tool_call', ...call, input }
    : { type: 'function_call', ...call, arguments: input };
}

function writeUsage(usage: ModelUsage | null): JsonObject {
  const { inputTokens, outputTokens } = usage ?? { inputTokens: 0, outputTokens: 0 };
  return {
    input_tokens: inputTokens,
    input_tokens_details: { cached_tokens: 0 },
    output_tokens: outputTokens,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: inputTokens + outputTokens,
  };
}

type Open = { readonly text: string } | { readonly call: ToolCall } | null;
type Told = { head: Head; output: JsonObject[]; open: Open; sent: number };

export function responsesWriter(): PieceWriter {
  const head = { id: '', model: '', usage: null };
  const told: Told = { head, output: [], open: null, sent: 0 };
  return (piece) =>
    eventsOf(told, piece)
      .map(([type, value]) => event(type, { sequence_number: told.sent++, ...value }))
      .join('');
}

type Event = readonly [type: string, value: JsonObject];

function eventsOf(told: Told, piece: Piece): Event[] {
  switch (piece.kind) {
    case 'start': {
      told.head = piece;
      const started = { response: response(piece, [], 'in_progress') };
      return [
        ['response.created', started],
        ['response.in_progress', started],
      ];
    }
    case 'text': {
      const opened = told.open !== null && 'text' in told.open ? [] : openText(told);
      return [...opened, ...addText(told, piece.text)];
    }
    case 'call':
      return [...close(told), ...openCall(told, { ...piece, input: '' })];
    case 'input':
      return addInput(told, piece.input);
    case 'called':
      return close(told);
    case 'end': {
      const empty = told.output.length === 0 && told.open === null ? openText(told) : [];
      const closed = [...empty, ...close(told)];
      const status = end(piece.cutShort);
      const done = response({ ...told.head, usage: piece.usage }, told.output, status);
      return [...closed, [`response.${status}`, { response: done }]];
    }
  }
}

function openText(told: Told): Event[] {
  const before = close(told);
  told.open = { text: '' };
  const item = { ...messageItem(messageId(told), ''), status: 'in_progress', content: [] };
  return [
    ...before,
    ['response.output_item.added', { output_index: told.output.length, item }],
    ['response.content_part.added', { ...inText(told), part: part('') }],
  ];
}

function addText(told: Told, delta: string): Event[] {
  const before = told.open !== null && 'text' in told.open ? told.open.text : '';
  told.open = { text: before + delta };
  return [['response.output_text.delta', { ...inText(told), delta, logprobs: [] }]];
}

function openCall(told: Told, call: ToolCall): Event[] {
  told.open = { call };
  const item = { ...callItem(call), status: 'in_progress' };
  return [['response.output_item.added', { output_index: told.output.length, item }]];
}

function addInput(told: Told, delta: string): Event[] {
  if (told.open === null || !('call' in told.open)) return [];
  const { call } = told.open;
  told.open = { call: { ...call, input: call.input + delta } };
  return [[`response.${kindOf(call)}.delta`, { ...inCall(told, call), delta }]];
}

/** Ends what is open, and puts it among what the whole response holds. */
function close(told: Told): Event[] {
  const { open } = told;
  if (open === null) return [];
  const output_index = told.output.length;
  const said: Event[] =
    'text' in open
      ? [
          ['response.output_text.done', { ...inText(told), text: open.text, logprobs: [] }],
          ['response.content_part.done', { ...inText(told), part: part(open.text) }],
        ]
      : [
          [
            `response.${kindOf(open.call)}.done`,
            { ...inCall(told, open.call), ...whole(open.call) },
          ],
        ];
  const item = 'text' in open ? messageItem(messageId(told), open.text) : callItem(open.call);
  told.output.push(item);
  told.open = null;
  return [...said, ['response.output_item.done', { output_index, item }]];
}

function messageId({ head, output }: Told): string {
  return output.length === 0 ? `msg_${head.id}` : `msg_${head.id}_${output.length}`;
}

function inText(told: Told): JsonObject {
  return { item_id: messageId(told), output_index: told.output.length, content_index: 0 };
}

function inCall(told: Told, call: ToolCall): JsonObject {
  return { item_id: callItem(call)['id'], output_index: told.output.length };
}

function kindOf({ custom }: ToolCall): string {
  return custom ? 'custom_tool_call_input' : 'function_call_arguments';
}

function whole({ custom, name, input }: ToolCall): JsonObject {
  return custom ? { input } : { name, arguments: input };
}

function part(text: string): JsonObject {
  return { type: 'output_text', text, annotations: [] };
}
