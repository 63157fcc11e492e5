/**
 * One question to the models that may answer it, one after another, each with its place in the ledger.
 *
 * Invariant: nothing is asked of a model before the ledger holds what it may cost at most, and whatever
 * was reserved is settled, however the call ends. A call whose cost nobody named keeps the whole of what
 * was reserved. The next model is asked only while nothing has reached the agent.
 */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { FaultCode } from '../../orchestrator/domain/faults.ts';
import { allTokens, costOf, type ModelRole, type Price } from '../../orchestrator/domain/money.ts';
import type { ModelCall, Refused } from '../../orchestrator/ports/ledger.ts';
import { priceAt } from '../prices/price.ts';
import { fallsBack, type Met } from '../routing/fallback.ts';
import type { Caller } from './caller.ts';
import type { ChainCalls } from './calls.ts';
import type { JsonObject } from './conversation.ts';
import { type Delivered, deliver } from './deliver.ts';
import { extraction, fitting } from './extract.ts';
import { heldCaller } from './held-caller.ts';
import { askPatiently } from './retry.ts';
import type { ModelUpstream, Question } from './upstream.ts';

export type Called = {
  readonly role: ModelRole;
  readonly session: string;
  readonly question: Question;
  readonly body: JsonObject;
  readonly bytes: number;
  /** Of a question of the controller's own: an answer that does not fit its schema is none. */
  readonly mustFit?: boolean;
};

/** Estimates for the reservation: few texts have more tokens than this for their bytes. */
const BYTES_PER_TOKEN = 3.2;
const OUTPUT_TOKENS = 8_192;

const limit = z.int().positive().nullish().catch(null);
const GenerationConfig = z
  .looseObject({ maxOutputTokens: limit, max_output_tokens: limit })
  .nullish()
  .catch(null);
const Limits = z.looseObject({
  max_output_tokens: limit,
  max_completion_tokens: limit,
  max_tokens: limit,
  generationConfig: GenerationConfig,
  generation_config: GenerationConfig,
});

export async function answerFromChain(
  calls: ChainCalls,
  called: Called,
  caller: Caller,
  signal: AbortSignal,
): Promise<void> {
  const asked = wanted(calls, called);
  if ('refused' in asked) return caller.fail(400, asked.refused, false);
  const { question, chain } = asked;
  if (chain.length === 0) {
    await refused(calls, { code: 'model_not_allowed', message: NO_MODEL, isFinal: false });
  }
  let fail = (): void => caller.fail(403, NO_MODEL, false);
  for (const [index, upstream] of chain.entries()) {
    const asking = { upstream, question, called };
    const step = await attempted(calls, asking, caller, signal);
    if (step === null) return;
    fail = step.fail;
    if (!step.goesOn || signal.aborted || index === chain.length - 1) break;
  }
  fail();
}

type Asking = {
  readonly upstream: ModelUpstream;
  readonly question: Question;
  readonly called: Called;
};

/** Null when the agent has its answer; else what to tell it, and whether another model may be asked. */
async function attempted(
  calls: ChainCalls,
  asking: Asking,
  caller: Caller,
  signal: AbortSignal,
): Promise<{ fail: () => void; goesOn: boolean } | null> {
  const { called, upstream } = asking;
  const reserved = reservation(calls, called, upstream);
  const no = await reserve(calls, reserved);
  if (no !== null) {
    await refused(calls, no);
    const status = no.isFinal ? 402 : 403;
    return { fail: () => caller.fail(status, no.message, false), goesOn: !no.isFinal };
  }
  const failed = await asked(calls, { ...asking, reserved }, caller, signal);
  if (failed !== null) return { fail: failed.fail, goesOn: fallsBack(failed.met) };
  calls.chains.answered(called.role, called.session, upstream);
  return null;
}

const NO_MODEL = 'the policy names no model for this that is here';

function wanted(
  { chains }: ChainCalls,
  { role, session, question, body, mustFit = role === 'extract' }: Called,
): { question: Question; chain: readonly ModelUpstream[] } | { refused: string } {
  const chain = chains.chain(role, session);
  if (!mustFit) return { question, chain };
  const read = extraction(question, body);
  if ('refused' in read) return read;
  return { question: read.question, chain: chain.map((one) => fitting(one, read.fits)) };
}

async function refused(calls: ChainCalls, { code, message, isFinal }: No): Promise<void> {
  calls.failed(code);
  if (!isFinal) calls.trip.saw({ kind: 'refused' });
  await calls.note(isFinal ? 'limit' : 'refused', message);
}

function reservation(calls: ChainCalls, { role, body, bytes }: Called, upstream: ModelUpstream) {
  const { run, attempt } = calls;
  const usage = {
    inputTokens: Math.ceil(bytes / BYTES_PER_TOKEN),
    outputTokens: outputLimit(body) ?? OUTPUT_TOKENS,
  };
  const at = new Date();
  const price = priceAt(upstream, calls.free, at);
  const call: ModelCall = {
    ...{ id: randomUUID(), run, attempt, at: at.toISOString(), role },
    ...{ model: upstream.model, vendor: upstream.vendor, state: 'reserved', usage },
    microUsd: atMost(usage, price),
    ...{ wallMs: 0, failure: null },
  };
  return { call, price };
}

/** As the caller's protocol names it. */
function outputLimit(body: JsonObject): number | null {
  const { max_output_tokens, max_completion_tokens, max_tokens, ...rest } = Limits.parse(body);
  const config = rest.generationConfig ?? rest.generation_config;
  const inGemini = config?.maxOutputTokens ?? config?.max_output_tokens;
  return max_output_tokens ?? max_completion_tokens ?? max_tokens ?? inGemini ?? null;
}

type Reservation = ReturnType<typeof reservation>;

/** What is put into a cache costs more than what is only read, and nobody knows before. */
function atMost(usage: ModelCall['usage'], price: Price | null): number | null {
  const { inputTokens, outputTokens } = usage;
  const dearest = { inputTokens: 0, outputTokens, cacheWrite1hTokens: inputTokens };
  const [plain, written] = [costOf(usage, price), costOf(dearest, price)];
  return plain === null || written === null ? null : Math.max(plain, written);
}

type No = { readonly code: FaultCode; readonly message: string; readonly isFinal: boolean };

async function reserve({ ledger, budget }: ChainCalls, { call }: Reservation): Promise<No | null> {
  const limitsMoney = [budget, ...Object.values(budget.roles ?? {}), ...(budget.windows ?? [])];
  // A limit on money that cannot be counted would be no limit.
  if (call.microUsd === null && limitsMoney.some(({ microUsd }) => microUsd !== null)) {
    const message = `the policy limits money, and nobody said what ${call.model} costs`;
    return { code: 'model_unpriced', message, isFinal: true };
  }
  const answer: Refused | null = await ledger.reserve(call, budget);
  if (answer === null) return null;
  const isFinal = answer.isVendor !== true;
  const code = isFinal ? 'limit_reached' : 'model_not_allowed';
  return { code, message: answer.refused, isFinal };
}

/** Null when the agent has its answer, or as much of one as there will be. */
async function asked(
  calls: ChainCalls,
  asking: Asking & { readonly reserved: Reservation },
  caller: Caller,
  signal: AbortSignal,
): Promise<{ fail: () => void; met: Met } | null> {
  const { reserved, called } = asking;
  const held = heldCaller(caller);
  const startedMs = performance.now();
  const { delivered, met } = await made(asking, held.caller, signal);
  const wallMs = Math.round(performance.now() - startedMs);
  const { usage, failure } = delivered;
  if (failure === null) calls.trip.saw({ kind: 'answered', session: called.session, usage });
  if (met.status === 401 || met.status === 403) calls.trip.saw({ kind: 'refused' });
  await settle(calls, { ...reserved, call: { ...reserved.call, wallMs } }, delivered);
  const fail = held.failure();
  return fail === null ? null : { fail, met };
}

/** What the model did meanwhile was perhaps paid for, so the whole reservation is kept. */
const GONE: Delivered = { usage: null, failure: null, message: 'cut off before its end' };

type Made = { readonly delivered: Delivered; readonly met: Met };

/** Whatever happens in here, the caller gets an answer and the ledger a result. */
async function made(
  { upstream, question }: Asking,
  caller: Caller,
  signal: AbortSignal,
): Promise<Made> {
  let met: Met = { kind: 'unreachable' };
  try {
    const answer = await askPatiently(upstream, question, signal);
    met = answer;
    const delivered = await deliver(answer, question, caller);
    return { met, delivered: signal.aborted && delivered.failure !== null ? GONE : delivered };
  } catch (error) {
    if (signal.aborted) return { met, delivered: GONE };
    const message = error instanceof Error ? error.message : String(error);
    caller.fail(403, 'the gateway met something it has no name for', false);
    return { met, delivered: { usage: null, failure: 'internal', message } };
  }
}

async function settle(
  calls: ChainCalls,
  { call, price }: Reservation,
  delivered: Delivered,
): Promise<void> {
  const { failure, message } = delivered;
  const usage = delivered.usage ?? call.usage;
  if (failure === null && message === '') calls.answered();
  if (failure !== null) calls.failed(failure);
  await calls.ledger.settle({
    ...call,
    state: failure === null ? 'settled' : 'failed',
    usage,
    microUsd: delivered.usage === null ? call.microUsd : costOf(usage, price),
    failure,
  });
  const estimated = delivered.usage === null ? ' (estimated)' : '';
  const answered = usage.outputTokens + (usage.reasoningTokens ?? 0);
  const tokens = `${allTokens(usage) - answered} in, ${answered} out${estimated}`;
  const end = message === '' ? '' : `; ${failure ?? 'not finished'}: ${message}`;
  await calls.note('model', `${call.model}: ${tokens}, ${call.wallMs} ms${end}`);
}
