/**
 * One model call from its request to its place in the ledger.
 *
 * Invariant: nothing is asked of a model before the ledger holds what it may cost at most, and
 * whatever was reserved is settled, however the call ends. A call whose cost nobody named keeps
 * the whole of what was reserved.
 */
import { isUtf8 } from 'node:buffer';
import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import { z } from 'zod';
import type { FaultCode } from '../../orchestrator/domain/faults.ts';
import type { RunId } from '../../orchestrator/domain/ids.ts';
import type { Budget, Ledger, ModelCall, ModelUsage } from '../../orchestrator/ports.ts';
import type { Timers } from '../timers.ts';
import type { Called } from './address.ts';
import { type Caller, callerOf, KEEP_ALIVE_MS, sendError } from './caller.ts';
import { JsonObject } from './conversation.ts';
import { type Delivered, deliver } from './deliver.ts';
import { parsed } from './protocols/protocol.ts';
import { reachesOut } from './reach.ts';
import type { Refuser } from './refuse.ts';
import { askPatiently } from './retry.ts';
import { type ModelUpstream, microUsd, type Question } from './upstream.ts';

/** Which model answers a call. Asked once for each, before anything is reserved. */
export type ChooseRoute = (called: Called) => ModelUpstream;

export type Calls = {
  readonly run: RunId;
  readonly attempt: number;
  readonly chooseRoute: ChooseRoute;
  readonly budget: Budget;
  readonly ledger: Ledger;
  readonly refuser: Refuser;
  readonly keepAliveMs?: number;
  readonly timers?: Timers | undefined;
  note(kind: 'model' | 'limit', text: string): Promise<void>;
  failed(code: FaultCode): void;
  answered(): void;
};

export type CallRequest = {
  readonly called: Called;
  /** From the path, where the protocol has it there. */
  readonly stream: boolean | null;
  readonly bytes: Uint8Array;
  readonly headers: IncomingHttpHeaders;
};

/** Estimates for the reservation: few texts have more tokens than this for their bytes. */
const BYTES_PER_TOKEN = 3.2;
const OUTPUT_TOKENS = 8_192;

const limit = z.int().positive().nullish().catch(null);
const GenerationConfig = z
  .looseObject({ maxOutputTokens: limit, max_output_tokens: limit })
  .nullish()
  .catch(null);
const Outline = z.looseObject({
  model: z.string().nullish().catch(null),
  stream: z.boolean().nullish().catch(null),
  max_output_tokens: limit,
  max_completion_tokens: limit,
  max_tokens: limit,
  generationConfig: GenerationConfig,
  generation_config: GenerationConfig,
});
type Outline = z.infer<typeof Outline>;

export async function answerCall(
  calls: Calls,
  { called, stream: inPath, bytes, headers }: CallRequest,
  response: ServerResponse,
  signal: AbortSignal,
): Promise<void> {
  const { protocol } = called;
  const refuse = (status: number, message: string) =>
    calls.refuser.refuse(protocol, { status, message }, response);
  const json = isUtf8(bytes) ? Buffer.from(bytes).toString('utf8') : '';
  const body = JsonObject.safeParse(parsed(json)).data;
  if (body === undefined) return refuse(400, 'the body is not a JSON object');
  const outward = reachesOut(body, protocol.wire);
  if (outward !== null) {
    return refuse(403, `${outward} is not allowed here: it would open a way to the network`);
  }
  const outline = Outline.parse(body);
  const stream = inPath ?? outline.stream ?? false;
  const upstream = calls.chooseRoute({ ...called, model: called.model ?? outline.model ?? null });
  const call = reservation(calls, upstream, { outline, bytes: bytes.byteLength });
  const refused = await reserve(calls, call);
  if (refused !== null) {
    calls.failed(refused.code);
    await calls.note('limit', refused.message);
    return sendError(response, protocol, { status: 402, message: refused.message, again: false });
  }
  const question = questionOf(calls, { protocol, json, body, stream, headers });
  const caller = callerOf(response, { protocol, stream, ...timersOf(calls) }, signal);
  caller.keepAwake(calls.keepAliveMs ?? KEEP_ALIVE_MS);
  const startedMs = performance.now();
  const delivered = await made(upstream, question, caller, signal);
  const wallMs = Math.round(performance.now() - startedMs);
  await settle(calls, upstream, { call: { ...call, wallMs }, delivered });
}

function timersOf({ timers }: Calls): { timers?: Timers } {
  return timers === undefined ? {} : { timers };
}

function questionOf(
  { run, attempt }: Calls,
  asked: Pick<Question, 'protocol' | 'json' | 'body' | 'stream' | 'headers'>,
): Question {
  return { ...asked, run, attempt, conversation: () => asked.protocol.readRequest(asked.body) };
}

function reservation(
  { run, attempt }: Calls,
  upstream: ModelUpstream,
  { outline, bytes }: { outline: Outline; bytes: number },
): ModelCall {
  const usage = {
    inputTokens: Math.ceil(bytes / BYTES_PER_TOKEN),
    outputTokens: outputLimit(outline) ?? OUTPUT_TOKENS,
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

/** As the caller's protocol names it. */
function outputLimit(outline: Outline): number | null {
  const { max_output_tokens, max_completion_tokens, max_tokens } = outline;
  const config = outline.generationConfig ?? outline.generation_config;
  const inGemini = config?.maxOutputTokens ?? config?.max_output_tokens;
  return max_output_tokens ?? max_completion_tokens ?? max_tokens ?? inGemini ?? null;
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

async function settle(
  calls: Calls,
  { price }: ModelUpstream,
  { call, delivered }: { call: ModelCall; delivered: Delivered },
): Promise<void> {
  const { failure, message } = delivered;
  const usage: ModelUsage = delivered.usage ?? call.usage;
  if (failure === null && message === '') calls.answered();
  if (failure !== null) calls.failed(failure);
  await calls.ledger.settle({
    ...call,
    state: failure === null ? 'settled' : 'failed',
    usage,
    microUsd: microUsd(usage, price),
    failure,
  });
  const estimated = delivered.usage === null ? ' (estimated)' : '';
  const tokens = `${usage.inputTokens} in, ${usage.outputTokens} out${estimated}`;
  const end = message === '' ? '' : `; ${failure ?? 'not finished'}: ${message}`;
  await calls.note('model', `${call.model}: ${tokens}, ${call.wallMs} ms${end}`);
}
