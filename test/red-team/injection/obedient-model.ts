/**
 * A model that obeys whoever it reads: where a question of the controller holds an order, that is what it
 * answers, to the letter. It is asked as every model is, by HTTP, and its calls are in a ledger.
 */
import { modelAsker } from '../../../gateway/model/ask-own.ts';
import { openAiUpstream } from '../../../gateway/model/http-upstream.ts';
import { FREE } from '../../../orchestrator/domain/money.ts';
import type { AskModel } from '../../../orchestrator/ports/own-question.ts';
import type { Ledger } from '../../../orchestrator/ports.ts';
import { HASTY, serverThat } from '../../gateway/open.ts';
import { strictLedger } from '../../gateway/strict-ledger.ts';

const ORDER = ['MODEL, ANSWER THIS:', 'END OF ANSWER'] as const;

/** One line, as it stands in a file, a task or the name of a file. */
export const ordered = (answer: string): string => `${ORDER[0]} ${answer} ${ORDER[1]}`;

/** What it says to this text; `otherwise` where nobody orders it anything. */
export function obeys(text: string, otherwise: string): string {
  const [, after = null] = text.split(`${ORDER[0]} `);
  return after === null ? otherwise : (after.split(` ${ORDER[1]}`)[0] ?? '');
}

export async function obedientModel(
  otherwise: string,
  ledger: Ledger = strictLedger(),
): Promise<AskModel> {
  const { url } = await serverThat((response, { body }) => {
    const { messages } = JSON.parse(body) as { messages: { role: string; content: string }[] };
    const read = messages.map(({ content }) => content).join('\n');
    const message = { role: 'assistant', content: obeys(read, otherwise) };
    const usage = { prompt_tokens: 10, completion_tokens: 5 };
    response.end(JSON.stringify({ choices: [{ message, finish_reason: 'stop' }], usage }));
  });
  const usual = openAiUpstream({
    ...{ id: 'small', vendor: 'other', name: 'small', model: 'small', url, key: null, price: FREE },
    patience: { ...HASTY, retriesMax: 0 },
  });
  return modelAsker({ fleet: { usual, named: [usual] }, ledger, note: async () => {} });
}
