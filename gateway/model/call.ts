/**
 * One model call from its request to its place in the ledger.
 *
 * Invariant: nothing is asked of a model before the ledger holds what it may cost at most, and
 * whatever was reserved is settled, however the call ends. A call whose cost nobody named keeps
 * the whole of what was reserved.
 */
import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import { z } from 'zod';
import type { FaultCode } from '../../orchestrator/domain/faults.ts';
import type { RunId } from '../../orchestrator/domain/ids.ts';
import type { Budget, Ledger, ModelCall, ModelUsage } from '../../orchestrator/ports.ts';
import type { AnswerNotes } from '../answers.ts';
import type { HarnessWatch } from '../harness/watch.ts';
import { sessionOf } from '../session.ts';
import { type Caller, callerOf, KEEP_ALIVE_MS, sendError } from './caller.ts';
import { JsonObject } from './conversation.ts';
import { type Delivered, deliver } from './deliver.ts';
import { type Protocol, parsed } from './protocols/protocol.ts';
import { reachesOut } from './reach.ts';
import { askPatiently } from './retry.ts';
import { type ModelUpstream, microUsd, type Question, understood } from './upstream.ts';

export type Calls = {
  readonly run: RunId;
  readonly attempt: number;
  readonly upstream: ModelUpstream;
  readonly budget: Budget;
  readonly ledger: Ledger;
  readonly keepAliveMs?: number;
  /** Why a call is not made, by what it shows of the harness. Left out, nothing is looked at. */
  readonly harness?: HarnessWatch;
  /** Hears what the model answered before. */
  readonly answers?: AnswerNotes;
  note(kind: 'model' | 'limit' | 'refused', text: string): Promise<void>;
  failed(code: FaultCode): void;
  answered(): void;
};

export type CallRequest = {
  readonly protocol: Protocol;
  readonly bytes: Uint8Array;
  readonly headers: IncomingHttpHeaders;
};

/** Estimates for the reservation: few texts have more tokens than this for their bytes. */
const BYTES_PER_TOKEN = 3.2;
const OUTPUT_TOKENS = 8_192;

const limit = z.int().positive().nullish().catch(null);
const Outline = z.looseObject({
  stream: z.boolean().nullish().catch(null),
  max_output_tokens: limit,
  max_completion_tokens: limit,
  max_tokens: limit,
});

export async function answerCall(
  calls: Calls,
  { protocol, bytes, headers }: CallRequest,
  response: ServerResponse,
  signal: AbortSignal,
): Promise<void> {
  const refuse = (status: number, message: string) =>
    sendError(response, protocol, { status, message, again: false });
  const json = Buffer.from(bytes).toString('utf8');
  const body = JsonObject.safeParse(parsed(json)).data;
  if (body === undefined) return refuse(400, 'the body is not a JSON object');
  const outward = reachesOut(body);
  if (outward !== null) {
    await calls.note('refused', `model call with ${outward}: it would open a way to the network`);
    return refuse(403, `${outward} is not allowed here: it would open a way to the network`);
  }
  const seen = { wire: protocol.wire, body, headers, served: calls.upstream.model };
  const unfit = (await calls.harness?.(seen)) ?? null;
  if (unfit !== null) {
    calls.failed('harness_refused');
    return refuse(403, unfit);
  }
  const call = reservation(calls, body, bytes.byteLength);
  const refused = await reserve(calls, call);
  if (refused !== null) {
    calls.failed(refused.code);
    await calls.note('limit', refused.message);
    return refuse(402, refused.message);
  }
  const question = questionOf(calls, { protocol, json, body, headers });
  const stream = Outline.parse(body).stream ?? false;
  const caller = callerOf(response, { protocol, stream }, signal);
  caller.keepAwake(calls.keepAliveMs ?? KEEP_ALIVE_MS);
  const startedMs = performance.now();
  const delivered = await made(calls.upstream, question, caller, signal);
  const wallMs = Math.round(performance.now() - startedMs);
  await settle(calls, { ...call, wallMs }, delivered);
  await noteAnswersIn(calls, question, body);
}

/** After the answer, so that nobody waits for it. */
async function noteAnswersIn(calls: Calls, question: Question, body: JsonObject): Promise<void> {
  if (calls.answers === undefined) return;
  const conversation = understood(question);
  if (!('kind' in conversation)) {
    await calls.answers(sessionOf(question.headers, body), conversation);
  }
}

function questionOf(
  { run, attempt }: Calls,
  {
    protocol,
    json,
    body,
    headers,
  }: Pick<Question, 'protocol' | 'json' | 'headers'> & {
    body: JsonObject;
  },
): Question {
  return { protocol, json, headers, run, attempt, conversation: () => protocol.readRequest(body) };
}

function reservation(
  { run, attempt, upstream }: Calls,
  body: JsonObject,
  bytes: number,
): ModelCall {
  const { max_output_tokens, max_completion_tokens, max_tokens } = Outline.parse(body);
  const usage = {
    inputTokens: Math.ceil(bytes / BYTES_PER_TOKEN),
    outputTokens: max_output_tokens ?? max_completion_tokens ?? max_tokens ?? OUTPUT_TOKENS,
  };
  return {
    id: randomUUID(),
    run,
    attempt,
    at: new Date().toISOString(),
    model: upstream.model,
    state: 'reserved',
    usage,
    microUsd: microUsd(usage, upstream.price),
    wallMs: 0,
    failure: null,
  };
}

async function reserve(
  { ledger, budget }: Calls,
  call: ModelCall,
): Promise<{ code: FaultCode; message: string } | null> {
  // A limit on money that cannot be counted would be no limit.
  if (budget.microUsd !== null && call.microUsd === null) {
    const message = `the run has a limit on money, and nobody said what ${call.model} costs`;
    return { code: 'model_unpriced', message };
  }
  const answer = await ledger.reserve(call, budget);
  return answer && { code: 'limit_reached', message: answer.refused };
}

/** What the model did meanwhile was perhaps paid for, so the whole reservation is kept. */
const GONE: Delivered = { usage: null, failure: null, message: 'cut off before its end' };

/** Whatever happens in here, the caller gets an answer and the ledger a result. */
async function made(
  upstream: ModelUpstream,
  question: Question,
  caller: Caller,
  signal: AbortSignal,
): Promise<Delivered> {
  try {
    const answer = await askPatiently(upstream, question, signal);
    const delivered = await deliver(answer, question, caller);
    return signal.aborted && delivered.failure !== null ? GONE : delivered;
  } catch (error) {
    if (signal.aborted) return GONE;
    const message = error instanceof Error ? error.message : String(error);
    caller.fail(403, 'the gateway met something it has no name for', false);
    return { usage: null, failure: 'internal', message };
  }
}

async function settle(calls: Calls, call: ModelCall, delivered: Delivered): Promise<void> {
  const { failure, message } = delivered;
  const usage: ModelUsage = delivered.usage ?? call.usage;
  if (failure === null && message === '') calls.answered();
  if (failure !== null) calls.failed(failure);
  await calls.ledger.settle({
    ...call,
    state: failure === null ? 'settled' : 'failed',
    usage,
    microUsd: microUsd(usage, calls.upstream.price),
    failure,
  });
  const estimated = delivered.usage === null ? ' (estimated)' : '';
  const tokens = `${usage.inputTokens} in, ${usage.outputTokens} out${estimated}`;
  const end = message === '' ? '' : `; ${failure ?? 'not finished'}: ${message}`;
  await calls.note('model', `${call.model}: ${tokens}, ${call.wallMs} ms${end}`);
}
