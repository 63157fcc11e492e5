/**
 * Notes what the model did, turn by turn, so that a scenario can be made of it. Taken from the requests,
 * in which an agent repeats what the model answered: the answers themselves pass through unread. So the
 * last answer, which nothing follows, is not among them.
 *
 * Bounded by what an attempt may note in all; a turn that is noted again after a restart says the same.
 */
import type { Conversation, ToolCall } from './model/conversation.ts';
import { objectIn } from './model/conversation.ts';
import { shortHash } from './session.ts';

const TURN_CHARACTERS_MAX = 256 * 1024;
const CHARACTERS_MAX = 8 * 2 ** 20;
const CONVERSATIONS_MAX = 200;

export type AnswerNotes = (session: string, conversation: Conversation) => Promise<void>;

export function noteAnswers(note: (kind: 'answer', text: string) => Promise<void>): AnswerNotes {
  const noted = new Map<string, number>();
  let characters = 0;
  return async (session, { messages }) => {
    const first = messages.find(({ role }) => role === 'user')?.text ?? '';
    // An agent that sums up what it has done so far begins a new conversation.
    const conversation = shortHash(`${session}\0${first}`);
    const turns = messages.filter((message) => message.role === 'assistant');
    const known = noted.get(conversation) ?? 0;
    if (known === 0 && noted.size >= CONVERSATIONS_MAX) return;
    for (const [after, { text, calls }] of turns.slice(known).entries()) {
      if (characters > CHARACTERS_MAX) return;
      const at = known + after;
      const line = lineOf({ conversation, at, say: text, calls: calls.map(told) });
      characters += line.length;
      await note('answer', line);
      noted.set(conversation, at + 1);
    }
  };
}

function lineOf(turn: { conversation: string; at: number; say: string; calls: object[] }): string {
  const whole = JSON.stringify(turn);
  if (whole.length <= TURN_CHARACTERS_MAX) return whole;
  return JSON.stringify({ ...turn, say: null, calls: [] });
}

function told({ name, input, custom }: ToolCall): object {
  return { tool: name, input: custom ? input : (objectIn(input) ?? input) };
}
