/**
 * Hands one answer of a model to the agent and says what came of it. A stream in the agent's own
 * protocol goes through event by event, as each comes. The first is looked at before anything
 * leaves, so that a server which is no model is told apart from one.
 */
import { Fault, type FaultCode } from '../../orchestrator/domain/faults.ts';
import type { ModelUsage } from '../../orchestrator/ports.ts';
import { collect, Silence } from '../outgoing.ts';
import type { Caller } from './caller.ts';
import type { Piece } from './pieces.ts';
import { NOTHING_SEEN, parsed, type Seen } from './protocols/protocol.ts';
import { canComeRight } from './retry.ts';
import { eventCutter, type SseEvent } from './sse.ts';
import type { Answer, Question, RawAnswer } from './upstream.ts';

export type Delivered = {
  /** Null when nobody said: then the call is charged as it was reserved. */
  readonly usage: ModelUsage | null;
  readonly failure: FaultCode | null;
  /** What went wrong, for people. */
  readonly message: string;
};

const ANSWER_BYTES_MAX = 32 * 1024 * 1024;
const FIRST_EVENT_BYTES_MAX = 1024 * 1024;
const NO_USAGE: ModelUsage = { inputTokens: 0, outputTokens: 0 };

export async function deliver(
  answer: Answer,
  question: Question,
  caller: Caller,
): Promise<Delivered> {
  switch (answer.kind) {
    case 'reply':
      caller.reply(answer.reply, question.conversation());
      return { usage: answer.reply.usage, failure: null, message: '' };
    case 'raw':
      caller.typed(answer.contentType);
      return caller.stream ? passStream(answer, caller) : passWhole(answer.chunks, caller);
    case 'pieces':
      return passPieces(answer.pieces, question, caller);
    case 'refused':
      return refused(answer, caller);
    case 'unreachable':
      return failed(caller, 'model_unavailable', `not reached: ${answer.message}`, true);
    case 'silent':
      return failed(caller, 'model_silent', answer.message, false);
    case 'nonsense':
      return { ...failed(caller, 'model_nonsense', answer.message, false), ...costOf(answer) };
  }
}

function costOf({ usage }: Extract<Answer, { kind: 'nonsense' }>): Partial<Delivered> {
  return usage === undefined ? {} : { usage };
}

function refused(answer: Extract<Answer, { kind: 'refused' }>, caller: Caller): Delivered {
  const { status, message } = answer;
  if (answer.ours) {
    caller.fail(status, message, false);
    return { usage: NO_USAGE, failure: 'call_refused', message };
  }
  const text = `the model refused with ${status}: ${message}`;
  if (canComeRight(answer)) return failed(caller, 'model_unavailable', text, true);
  // What these say is between the operator and the model's server: it may name keys or accounts.
  if ([401, 403, 404].includes(status)) {
    const shown = `the model refused with ${status}`;
    caller.fail(403, shown, false);
    return { usage: NO_USAGE, failure: 'model_unavailable', message: text };
  }
  // Anything else is about the request, and the agent may know what to do.
  caller.fail(status, message, false);
  return { usage: NO_USAGE, failure: 'model_unavailable', message: text };
}

function failed(caller: Caller, failure: FaultCode, message: string, again: boolean): Delivered {
  caller.fail(again ? 503 : 403, message, again);
  return { usage: NO_USAGE, failure, message };
}

async function passWhole(chunks: AsyncIterable<Uint8Array>, caller: Caller): Promise<Delivered> {
  let body: Buffer | null;
  try {
    body = await collect(chunks, ANSWER_BYTES_MAX);
  } catch (error) {
    return broken(caller, { usage: null, begun: false }, error);
  }
  const usage = usageOf(body, caller);
  if (body === null || usage === undefined) {
    return failed(caller, 'model_nonsense', 'a 200 that is no answer', false);
  }
  await caller.pass(body);
  caller.finish();
  return { usage, failure: null, message: '' };
}

/** Undefined for what is no answer at all. */
function usageOf(body: Buffer | null, { protocol }: Caller): ModelUsage | null | undefined {
  try {
    return protocol.readReply(parsed(body?.toString('utf8') ?? '')).usage;
  } catch {
    return undefined;
  }
}

type Watched = { seen: Seen; events: number; nonsense: boolean; held: SseEvent[]; bytes: number };

async function passStream(answer: RawAnswer, caller: Caller): Promise<Delivered> {
  const watched: Watched = { seen: NOTHING_SEEN, events: 0, nonsense: false, held: [], bytes: 0 };
  const cutter = eventCutter();
  try {
    for await (const chunk of answer.chunks) {
      await passEvents(cutter.push(chunk), { watched, answer }, caller);
      if (watched.nonsense || (watched.events === 0 && watched.bytes > FIRST_EVENT_BYTES_MAX))
        break;
    }
    const rest = cutter.rest();
    if (rest !== null && !watched.nonsense) watch(watched, caller, rest);
    // Servers there are that leave out the empty line behind their last event.
    if (rest !== null && watched.seen.ended) await passEvents([rest], { watched, answer }, caller);
  } catch (error) {
    return broken(caller, { usage: watched.seen.usage, begun: watched.events > 0 }, error);
  }
  return ended(watched, caller);
}

async function passEvents(
  events: readonly SseEvent[],
  { watched, answer }: { watched: Watched; answer: RawAnswer },
  caller: Caller,
): Promise<void> {
  for (const event of events) {
    watch(watched, caller, event);
    const isAsked = event.data === null || !(answer.without?.(event.data) ?? false);
    if (isAsked) watched.held.push(event);
    watched.bytes += event.bytes.byteLength;
  }
  if (watched.events === 0 || watched.held.length === 0) return;
  const held = watched.held;
  watched.held = [];
  const [first] = held;
  const bytes = held.length === 1 && first ? first.bytes : Buffer.concat(held.map(bytesOf));
  await caller.pass(bytes, held.at(-1)?.part);
}

function bytesOf({ bytes }: SseEvent): Uint8Array {
  return bytes;
}

function watch(watched: Watched, { protocol }: Caller, { data }: SseEvent): void {
  if (data === null || (watched.events > 0 && !protocol.telling.test(data))) return;
  const seen = protocol.watch(data, watched.seen);
  if (seen !== null) {
    watched.seen = seen;
    watched.events += 1;
  } else if (watched.events === 0) watched.nonsense = true;
}

function ended({ seen, events }: Watched, caller: Caller): Delivered {
  if (events === 0) {
    return failed(caller, 'model_nonsense', 'a stream that is not of the protocol', false);
  }
  if (seen.failed) {
    caller.finish();
    return { ...seen, failure: 'model_unavailable', message: 'the model failed in its answer' };
  }
  if (!seen.ended) return cut(caller, seen.usage, BROKE_OFF);
  caller.finish();
  return { ...seen, failure: null, message: '' };
}

/** A model that speaks Chat to an agent that does not. */
async function passPieces(
  pieces: AsyncIterable<Piece>,
  question: Question,
  caller: Caller,
): Promise<Delivered> {
  const write = caller.protocol.streamWriter(question.conversation().streamUsage);
  let usage: ModelUsage | null = null;
  let begun = false;
  try {
    for await (const piece of pieces) {
      if (piece.kind === 'end') ({ usage } = piece);
      const events = write(piece);
      if (events === '') continue;
      begun = true;
      await caller.pass(events);
    }
  } catch (error) {
    return broken(caller, { usage, begun }, error);
  }
  caller.finish();
  return { usage, failure: null, message: '' };
}

const BROKE_OFF = {
  failure: 'model_unavailable' as FaultCode,
  message: 'the answer of the model broke off',
};

function broken(
  caller: Caller,
  { usage, begun }: { usage: ModelUsage | null; begun: boolean },
  error: unknown,
): Delivered {
  const why = reasonOf(error);
  // Before the first byte asking again makes nothing happen twice.
  if (!begun) return failed(caller, why.failure, why.message, why.failure === 'model_unavailable');
  return cut(caller, usage, why);
}

function reasonOf(error: unknown): { failure: FaultCode; message: string } {
  if (error instanceof Silence) return { failure: 'model_silent', message: error.message };
  if (error instanceof Fault) return { failure: error.code, message: error.message };
  return BROKE_OFF;
}

function cut(
  caller: Caller,
  usage: ModelUsage | null,
  { failure, message }: { failure: FaultCode; message: string },
): Delivered {
  caller.fail(503, message, true);
  return { usage, failure, message };
}
