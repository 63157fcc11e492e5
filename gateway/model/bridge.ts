/**
 * Asks a model in another protocol than the caller's. OpenAI Chat is what a local worker speaks
 * (llama.cpp, Ollama, vLLM) and comes as a stream; Anthropic Messages come in one piece. Only text
 * and tool calls get across, and what else a request holds is refused and not left out.
 */
import { Fault } from '../../orchestrator/domain/faults.ts';
import { collect, type Incoming, Silence } from '../outgoing.ts';
import { type Conversation, type JsonObject, withCustomCalls } from './conversation.ts';
import { notTextIn } from './not-text.ts';
import { customCalls, type Piece } from './pieces.ts';
import { PROTOCOLS } from './protocols/all.ts';
import { chatRequest } from './protocols/chat.ts';
import { chatPieces } from './protocols/chat-pieces.ts';
import { messagesRequest } from './protocols/messages.ts';
import { parsed, type Wire } from './protocols/protocol.ts';
import { eventCutter } from './sse.ts';
import { type Answer, type Question, type Refusal, understood } from './upstream.ts';

const ANSWER_BYTES_MAX = 32 * 1024 * 1024;
const FIRST_EVENT_BYTES_MAX = 1024 * 1024;

const WRITERS: Partial<Record<Wire, (conversation: Conversation) => JsonObject>> = {
  chat: chatRequest,
  messages: messagesRequest,
};

export async function askBridged(
  { wire, model, question }: { wire: Wire; model: string; question: Question },
  post: (body: string) => Promise<Incoming | Answer>,
): Promise<Answer> {
  const conversation = crossing(wire, question);
  if ('kind' in conversation) return conversation;
  const write = WRITERS[wire];
  if (write === undefined) return refusal(`this model is asked in the ${wire} protocol only`);
  const isStreamed = wire === 'chat' && question.stream;
  const body = JSON.stringify(write({ ...conversation, model, stream: isStreamed }));
  const sent = await post(body);
  if (!('ended' in sent)) return sent;
  if (isStreamed) return { kind: 'pieces', pieces: chatStream(sent, conversation) };
  return wholeReply(sent, wire, conversation);
}

function crossing(wire: Wire, question: Question): Conversation | Refusal {
  const found = notTextIn(question.body);
  if (found === null) return understood(question);
  return refusal(`the model here is asked in the ${wire} protocol and reads text only: ${found}`);
}

function refusal(message: string): Refusal {
  return { kind: 'refused', status: 400, message, retryAfterMs: null, ours: true };
}

/** Throws a Fault or a Silence when the answer does not come to its end. */
async function* chatStream({ chunks }: Incoming, conversation: Conversation): AsyncIterable<Piece> {
  const cutter = eventCutter();
  const reader = chatPieces();
  const custom = customCalls(conversation);
  let silentBytes = 0;
  for await (const chunk of chunks) {
    for (const { data } of cutter.push(chunk)) {
      if (data !== null) yield* reader.read(data).flatMap(custom);
    }
    silentBytes = reader.begun() ? 0 : silentBytes + chunk.byteLength;
    if (silentBytes > FIRST_EVENT_BYTES_MAX) break;
  }
  if (!reader.begun()) throw new Fault('model_nonsense', 'a stream that is not of Chat');
  const end = reader.end();
  if (end === null) throw new Fault('model_unavailable', 'the answer of the model broke off');
  yield end;
}

async function wholeReply(sent: Incoming, wire: Wire, conversation: Conversation): Promise<Answer> {
  const body = await whole(sent);
  if (typeof body !== 'string') return body;
  try {
    const reply = PROTOCOLS[wire].readReply(parsed(body));
    return { kind: 'reply', reply: withCustomCalls(reply, conversation) };
  } catch {
    return { kind: 'nonsense', message: `a 200 that is no answer in the ${wire} protocol` };
  }
}

async function whole({ chunks }: Incoming): Promise<string | Answer> {
  try {
    const body = await collect(chunks, ANSWER_BYTES_MAX);
    if (body !== null) return body.toString('utf8');
    return { kind: 'nonsense', message: `an answer longer than ${ANSWER_BYTES_MAX} bytes` };
  } catch (error) {
    if (error instanceof Silence) return { kind: 'silent', message: error.message };
    return { kind: 'unreachable', message: 'the connection broke in the middle of the answer' };
  }
}
