/**
 * Puts a question of the controller's own to the models that a policy routes its role to: one after
 * another, each reserved and settled in the ledger, each answer in the trace. An extraction goes on to
 * the next model when the answer does not fit its schema, so a small model may try first.
 */
import type { AskModel, OwnAnswer, OwnQuestion } from '../../orchestrator/ports/own-question.ts';
import type { Ledger } from '../../orchestrator/ports.ts';
import { chainFor, type Fleet } from '../routing/route.ts';
import { unfenced } from '../routing/schema.ts';
import type { Caller } from './caller.ts';
import type { ChainCalls } from './calls.ts';
import { answerFromChain } from './chain.ts';
import { wholeOf } from './extract.ts';
import { type KeptAnswers, keptAnswers } from './kept-answers.ts';
import { questionFor } from './own-body.ts';
import { chat } from './protocols/chat.ts';
import { NO_PLAN } from './routing.ts';
import { openTripWire } from './trip-wires.ts';
import type { Answer, ModelUpstream } from './upstream.ts';

/** What is asked is small. A model that thinks for longer is passed over. */
const MODEL_MS_MAX = 30_000;
/** A chain may take as long as so many models. */
const MODELS_IN_TIME = 3;
const SHOWN_CHARACTERS_MAX = 2_000;

export type AskingOptions = {
  readonly fleet: Fleet<ModelUpstream>;
  readonly ledger: Ledger;
  readonly modelMs?: number;
  /** A line in the trace of this attempt. */
  note(question: OwnQuestion, text: string): Promise<void>;
};

export function modelAsker(options: AskingOptions): AskModel {
  const kept = keptAnswers();
  return async (question, signal) => {
    const note = (text: string) => options.note(question, text);
    const { role, models } = question;
    const chain = chainFor(options.fleet, { ...NO_PLAN, [role]: models }, role);
    const before = await answeredBefore(kept, { question, chain, note });
    if (before !== null) return before;
    const answer = await askedNow(options, { question, chain, note }, signal);
    if ('problem' in answer) {
      await note(`no answer, and nothing depends on one: ${answer.problem}`);
      return answer;
    }
    const { model, text } = answer;
    kept.keep(model, askedText(model, question), text);
    return { text, by: model.id };
  };
}

type Asking = {
  readonly question: OwnQuestion;
  readonly chain: readonly ModelUpstream[];
  note(text: string): Promise<void>;
};

/**
 * Of a review with the run: which vendors edited is a fact of one run, and what its ledger does not hold
 * proves nothing of it.
 */
function askedText(model: ModelUpstream, question: OwnQuestion): string {
  const { json } = questionFor(model, question);
  return question.role === 'review' ? `${question.run} ${json}` : json;
}

/** No row of the ledger: nobody was asked. */
async function answeredBefore(
  kept: KeptAnswers,
  { question, chain, note }: Asking,
): Promise<OwnAnswer | null> {
  for (const model of chain) {
    const text = kept.find(model, askedText(model, question));
    if (text === null) continue;
    await note(`${model.model}: kept from the same question before, costs nothing: ${shown(text)}`);
    return { text, by: model.id };
  }
  return null;
}

type Answered = { readonly text: string; readonly model: ModelUpstream };

async function askedNow(
  options: AskingOptions,
  { question, chain, note }: Asking,
  signal: AbortSignal,
): Promise<Answered | { problem: string }> {
  const heard: { text: string | null; problem: string; model: ModelUpstream | null } = {
    ...{ text: null, problem: 'none came in time', model: null },
  };
  const own = chain.map((model) => ownUpstream(model, { ...options, question, note }));
  const calls = callsFor(options, { question, chain: own, note }, (model) => {
    heard.model = model;
  });
  const { role } = question;
  const generic = questionFor({ wire: 'chat' }, question);
  const { body, json } = generic;
  const called = {
    ...{ role, session: '', question: generic, body, bytes: Buffer.byteLength(json) },
    mustFit: question.schema !== null,
  };
  const allMs = MODELS_IN_TIME * thinkMs(options, question);
  const late = AbortSignal.any([signal, AbortSignal.timeout(allMs)]);
  const caller = listener({
    reply: (text) => {
      heard.text = text;
    },
    fail: (message) => {
      heard.problem = message;
    },
  });
  await answerFromChain(calls, called, caller, late);
  signal.throwIfAborted();
  const { text, problem, model } = heard;
  return text === null || model === null ? { problem } : { text: textOf(text, question), model };
}

function textOf(text: string, { schema }: OwnQuestion): string {
  return schema === null ? text : unfenced(text);
}

function thinkMs({ modelMs = MODEL_MS_MAX }: Pick<AskingOptions, 'modelMs'>, asked: OwnQuestion) {
  return asked.thinkMs ?? modelMs;
}

function callsFor(
  { ledger }: AskingOptions,
  { question: { run, attempt, budget, free }, chain, note }: Asking,
  answeredBy: (model: ModelUpstream) => void,
): ChainCalls {
  return {
    ...{ run, attempt, budget, free, ledger },
    chains: { chain: () => chain, answered: (_role, _session, model) => answeredBy(model) },
    trip: openTripWire({ refusals: null, cacheMisses: null }),
    note: (_kind, text) => note(text),
    failed: () => {},
    answered: () => {},
  };
}

type Limits = Pick<Asking, 'question' | 'note'> & { readonly modelMs?: number };

/** The model as one that answers this question whole, in time, and with what it said in the trace. */
function ownUpstream(model: ModelUpstream, { question, note, ...limits }: Limits): ModelUpstream {
  const own = questionFor(model, question);
  return {
    ...model,
    wire: 'chat',
    ask: async (_asked, signal) => {
      const late = AbortSignal.timeout(thinkMs(limits, question));
      const answer = await inTime(signal, late, async (either) =>
        wholeOf(await model.ask(own, either), own),
      );
      if (answer.kind !== 'reply') return answer;
      const { text, cutShort, usage } = answer.reply;
      await note(`${model.model} answered: ${shown(text)}`);
      if (cutShort) return { kind: 'nonsense', message: 'the answer was cut short', usage };
      return answer;
    },
  };
}

async function inTime(
  signal: AbortSignal,
  late: AbortSignal,
  ask: (either: AbortSignal) => Promise<Answer>,
): Promise<Answer> {
  try {
    const answer = await ask(AbortSignal.any([signal, late]));
    if (!late.aborted || answer.kind === 'reply') return answer;
  } catch (error) {
    if (signal.aborted || !late.aborted) throw error;
  }
  return { kind: 'silent', message: 'it took too long' };
}

function listener(hears: { reply(text: string): void; fail(message: string): void }): Caller {
  return {
    protocol: chat,
    stream: false,
    keepAwake: () => {},
    typed: () => {},
    reply: ({ text }) => hears.reply(text),
    // Every model of the chain gives its answer in one piece.
    pass: async () => {},
    finish: () => {},
    fail: (_status, message) => hears.fail(message),
  };
}

function shown(text: string): string {
  return text.replaceAll(/\s+/g, ' ').slice(0, SHOWN_CHARACTERS_MAX);
}
