/**
 * An extraction: the answer must fit a JSON Schema, so it is read as a whole before any of it leaves, and
 * a small model may try first. What it says is data for whoever asked and decides nothing.
 */
import { collect } from '../outgoing.ts';
import { type Fitting, fittingFor } from '../routing/schema.ts';
import type { JsonObject, Reply } from './conversation.ts';
import { parsed } from './protocols/protocol.ts';
import { type Answer, type ModelUpstream, type Question, understood } from './upstream.ts';

const ANSWER_BYTES_MAX = 4 * 1024 * 1024;

/** The question in one piece, and the test for its answers; or why it is none. */
export function extraction(
  question: Question,
  body: JsonObject,
): { question: Question; fits: Fitting } | { refused: string } {
  const fits = fittingFor(body);
  if (typeof fits !== 'function') return fits;
  const whole = { ...body, stream: false };
  const { protocol } = question;
  return {
    fits,
    question: {
      ...question,
      json: JSON.stringify(whole),
      body: whole,
      stream: false,
      conversation: () => protocol.readRequest(whole),
    },
  };
}

/** A model whose answer to a question that it cannot answer in the wanted form is no answer. */
export function fitting(upstream: ModelUpstream, fits: Fitting): ModelUpstream {
  return {
    ...upstream,
    wire: upstream.wire,
    ask: async (question, signal) => {
      const conversation = understood(question);
      if ('kind' in conversation) return conversation;
      const answer = await wholeOf(await upstream.ask(question, signal), question);
      if (answer.kind !== 'reply') return answer;
      const unfit = fits(answer.reply.text);
      if (unfit === null) return answer;
      const message = `the answer does not fit the JSON Schema: ${unfit.problem}`;
      return { kind: 'nonsense', message, usage: answer.reply.usage };
    },
  };
}

export async function wholeOf(
  answer: Answer,
  { protocol }: Pick<Question, 'protocol'>,
): Promise<Answer> {
  if (answer.kind !== 'raw') return answer;
  const bytes = await collect(answer.chunks, ANSWER_BYTES_MAX).catch(() => null);
  const reply = replyIn(bytes?.toString('utf8') ?? '', (body) => protocol.readReply(body));
  if (reply !== null) return { kind: 'reply', reply };
  return { kind: 'nonsense', message: 'a 200 that is no answer' };
}

function replyIn(text: string, read: (body: unknown) => Reply): Reply | null {
  try {
    return read(parsed(text));
  } catch {
    return null;
  }
}
