/**
 * The model that needs no key: it answers from scenario files, so that real agents do real work in
 * the demo and in tests. It keeps no conversation: which step comes next is read from the request,
 * so a restart changes nothing. Only how often an `error` was given is remembered.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { SCRIPTED } from '../../orchestrator/domain/scripted.ts';
import { askedText, type Conversation, type Reply } from '../model/conversation.ts';
import type { Scenario, Step } from './scenario.ts';
import { chooseTool } from './tools.ts';

export { SCRIPTED };

const NO_SCENARIO = 'The scripted model has no scenario for this task.';
const NO_MORE_STEPS = 'Done.';
const NO_TOOL = 'The scripted model found no tool here that could do the next step.';
/** What a token is to this model. */
const BYTES_PER_TOKEN = 4;

export type Asker = { readonly run: string; readonly attempt: number };

export type ScriptedAnswer =
  | { readonly kind: 'reply'; readonly reply: Reply }
  | { readonly kind: 'refused'; readonly status: number; readonly message: string }
  | { readonly kind: 'garbage'; readonly text: string };

export type ScriptedModel = {
  /** Throws only when the signal is aborted; a silent step waits for that. */
  answer(conversation: Conversation, asker: Asker, signal: AbortSignal): Promise<ScriptedAnswer>;
};

export function scriptedModel(scenarios: readonly Scenario[]): ScriptedModel {
  const refusals = new Map<string, number>();
  return {
    answer: async (conversation, asker, signal) => {
      const scenario = scenarios.find((one) => matches(one, conversation, asker));
      const index = turnsDone(conversation);
      const step = scenario?.steps[index];
      const id = `scripted_${scenario?.scenario ?? 'none'}_${index}`;
      if (scenario === undefined) return replied(id, { say: NO_SCENARIO }, conversation);
      if (step === undefined) return replied(id, { say: NO_MORE_STEPS }, conversation);
      await sleep(step.delay_ms ?? 0, undefined, { signal });
      const key = `${asker.run} ${asker.attempt} ${id}`;
      const refused = refusals.get(key) ?? 0;
      if (step.error && refused < step.error.times) {
        refusals.set(key, refused + 1);
        return { kind: 'refused', status: step.error.status, message: step.error.message };
      }
      if (step.silent) await forever(signal);
      if (step.garbage) return { kind: 'garbage', text: '<html>this is no model</html>\n' };
      return replied(id, step, conversation);
    },
  };
}

function matches({ when }: Scenario, conversation: Conversation, { attempt }: Asker): boolean {
  if (when.attempt !== undefined && when.attempt !== attempt) return false;
  const text = askedText(conversation).toLowerCase();
  return when.prompt_contains.every((part) => text.includes(part.toLowerCase()));
}

/** How many turns with tool calls the assistant has had. */
function turnsDone({ messages }: Conversation): number {
  return messages.filter((message) => message.role === 'assistant' && message.calls.length > 0)
    .length;
}

function replied(id: string, step: Step, conversation: Conversation): ScriptedAnswer {
  const wanted = step.shell === undefined ? (step.write ?? step.call) : { shell: step.shell };
  const chosen = wanted === undefined ? null : chooseTool(wanted, conversation.tools);
  const missing = wanted !== undefined && chosen === null;
  const text = missing ? NO_TOOL : (step.say ?? '');
  const calls = chosen === null ? [] : [{ ...chosen, id: `call_${turnsDone(conversation) + 1}` }];
  const usage = {
    inputTokens: tokens(JSON.stringify(conversation)),
    outputTokens: tokens(text + (chosen?.input ?? '')),
  };
  return {
    kind: 'reply',
    reply: { id, model: SCRIPTED, text, calls, cutShort: false, usage },
  };
}

function tokens(text: string): number {
  return Math.ceil(Buffer.byteLength(text) / BYTES_PER_TOKEN);
}

function forever(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
