/**
 * Reads the stream of a Chat server as pieces, one event after the other. What such servers say
 * about their thoughts is passed over: no other protocol could give it back to them.
 */
import { z } from 'zod';
import { Fault } from '../../../orchestrator/domain/faults.ts';
import type { ModelUsage } from '../../../orchestrator/ports.ts';
import type { Piece } from '../pieces.ts';
import { ChatUsage, readChatUsage } from './chat.ts';
import { parsed } from './protocol.ts';

const CallDelta = z.looseObject({
  index: z.int().nonnegative().nullish(),
  id: z.string().nullish(),
  function: z
    .looseObject({ name: z.string().nullish(), arguments: z.string().nullish() })
    .nullish(),
});
type CallDelta = z.infer<typeof CallDelta>;

const Chunk = z.looseObject({
  id: z.string().default('completion'),
  model: z.string().default(''),
  choices: z.array(
    z.looseObject({
      delta: z
        .looseObject({ content: z.string().nullish(), tool_calls: z.array(CallDelta).nullish() })
        .nullish(),
      finish_reason: z.string().nullish(),
    }),
  ),
  usage: ChatUsage.nullish(),
});
const Failure = z.looseObject({
  error: z.union([z.string(), z.looseObject({ message: z.string().default('') })]),
});

export type ChatReader = {
  /** Throws a Fault for what is no chunk, for calls in a tangle, and where the server says that it failed. */
  read(data: string): Piece[];
  begun(): boolean;
  /** The last piece, when the stream is over; null when the answer is not. */
  end(): Piece | null;
};

type State = {
  started: boolean;
  /** Number of the call that is open, or of the last one. */
  call: number;
  open: boolean;
  finish: string | null;
  usage: ModelUsage | null;
};

export function chatPieces(): ChatReader {
  const state: State = { started: false, call: -1, open: false, finish: null, usage: null };
  return {
    read: (data) => (data === '[DONE]' ? [] : piecesIn(state, data)),
    begun: () => state.started,
    end: () =>
      state.finish === null
        ? null
        : { kind: 'end', cutShort: state.finish === 'length', usage: state.usage },
  };
}

function piecesIn(state: State, data: string): Piece[] {
  const value = parsed(data);
  const failure = Failure.safeParse(value).data?.error;
  if (failure !== undefined) {
    const said = typeof failure === 'string' ? failure : failure.message;
    throw new Fault('model_unavailable', `the model failed in its answer: ${said.slice(0, 500)}`);
  }
  const { data: chunk } = Chunk.safeParse(value);
  if (chunk === undefined) throw new Fault('model_nonsense', 'an event that is no chunk of Chat');
  const { id, model, choices, usage } = chunk;
  if (usage) state.usage = readChatUsage(usage);
  const start: Piece[] = state.started ? [] : [{ kind: 'start', id, model, usage: null }];
  state.started = true;
  const [choice] = choices;
  const text = choice?.delta?.content ?? '';
  const pieces: Piece[] = [
    ...start,
    ...(text === '' ? [] : [...closed(state), { kind: 'text' as const, text }]),
    ...(choice?.delta?.tool_calls ?? []).flatMap((delta) => callPieces(state, delta)),
  ];
  if (!choice?.finish_reason) return pieces;
  state.finish = choice.finish_reason;
  return [...pieces, ...closed(state)];
}

/** A call is over when the next begins: other protocols tell them one after the other. */
function callPieces(state: State, delta: CallDelta): Piece[] {
  const index = delta.index ?? (delta.id ? state.call + 1 : state.call);
  const input = delta.function?.arguments ?? '';
  const more: Piece[] = input === '' ? [] : [{ kind: 'input', input }];
  if (index === state.call && state.open) return more;
  const name = delta.function?.name ?? '';
  if (index <= state.call || name === '') {
    throw new Fault('model_nonsense', 'pieces of tool calls that belong to none');
  }
  const before = closed(state);
  state.call = index;
  state.open = true;
  const id = delta.id || `call_${index + 1}`;
  return [...before, { kind: 'call', id, name, custom: false }, ...more];
}

function closed(state: State): Piece[] {
  if (!state.open) return [];
  state.open = false;
  return [{ kind: 'called' }];
}
