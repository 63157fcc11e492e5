/**
 * Hands one answer of a model to the agent and says what came of it. A stream in the agent's own
 * protocol goes through as it comes, but for its first event: that one is looked at before
 * anything leaves, so that a server which is no model is told apart from one.
 */
import type { FaultCode } from '../../orchestrator/domain/faults.ts';
import type { ModelUsage } from '../../orchestrator/ports.ts';
import { collect, Silence } from '../outgoing.ts';
import type { Caller } from './caller.ts';
import { NOTHING_SEEN, parsed, type Seen } from './protocols/protocol.ts';
import { canComeRight } from './retry.ts';
import { eventReader } from './sse.ts';
import type { Answer, Question } from './upstream.ts';

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
      return caller.stream ? passStream(answer.chunks, caller) : passWhole(answer.chunks, caller);
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
    return broken({ seen: NOTHING_SEEN, events: 0 }, caller, error);
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

async function passStream(chunks: AsyncIterable<Uint8Array>, caller: Caller): Promise<Delivered> {
  const watched: Watched = { seen: NOTHING_SEEN, events: 0, nonsense: false };
  const read = eventReader((data) => watch(watched, caller, data));
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  try {
    for await (const chunk of chunks) {
      read(chunk);
      if (watched.events > 0) {
        for (const piece of [...held, chunk]) await caller.pass(piece);
        held = [];
      } else {
        held.push(chunk);
        heldBytes += chunk.byteLength;
      }
      if (watched.nonsense || heldBytes > FIRST_EVENT_BYTES_MAX) break;
    }
  } catch (error) {
    return broken(watched, caller, error);
  }
  return ended(watched, caller);
}

type Watched = { seen: Seen; events: number; nonsense: boolean };

function watch(watched: Watched, { protocol }: Caller, data: string): void {
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
  if (!seen.ended) {
    caller.breakOff();
    return { ...seen, failure: 'model_unavailable', message: 'the answer broke off' };
  }
  caller.finish();
  return { ...seen, failure: null, message: '' };
}

function broken(
  { seen, events }: Pick<Watched, 'seen' | 'events'>,
  caller: Caller,
  error: unknown,
): Delivered {
  const silent = error instanceof Silence;
  const failure: FaultCode = silent ? 'model_silent' : 'model_unavailable';
  const message = silent ? error.message : 'the answer broke off';
  if (events === 0) return failed(caller, failure, message, !silent);
  caller.breakOff();
  return { usage: seen.usage, failure, message };
}
