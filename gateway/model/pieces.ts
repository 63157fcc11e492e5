/**
 * A reply while it comes: the neutral form of a stream, in the order in which it must be told.
 * Pieces of one call follow one another without anything between them.
 */
import type { ModelUsage } from '../../orchestrator/ports.ts';
import { type Conversation, type Reply, type ToolCall, withCustomCalls } from './conversation.ts';

export type Piece =
  | {
      readonly kind: 'start';
      readonly id: string;
      readonly model: string;
      /** Null when it is not known yet, as with every model that is not scripted. */
      readonly usage: ModelUsage | null;
    }
  | { readonly kind: 'text'; readonly text: string }
  | {
      readonly kind: 'call';
      readonly id: string;
      readonly name: string;
      readonly custom: boolean;
    }
  | { readonly kind: 'input'; readonly input: string }
  | { readonly kind: 'called' }
  | { readonly kind: 'end'; readonly cutShort: boolean; readonly usage: ModelUsage | null };

/** Gives the events of one stream, ready to be sent, for one piece after the other. */
export type PieceWriter = (piece: Piece) => string;

export function piecesOf(reply: Reply): Piece[] {
  const { id, model, usage, text, calls, cutShort } = reply;
  return [
    { kind: 'start', id, model, usage },
    ...(text === '' ? [] : [{ kind: 'text' as const, text }]),
    ...calls.flatMap(callPieces),
    { kind: 'end', cutShort, usage },
  ];
}

function callPieces({ id, name, custom, input }: ToolCall): Piece[] {
  return [{ kind: 'call', id, name, custom }, { kind: 'input', input }, { kind: 'called' }];
}

/**
 * Turns calls of custom tools back into free text after a protocol that has no such tools. Their
 * arguments must be whole for that, so those are held until the call ends.
 */
export function customCalls(conversation: Conversation): (piece: Piece) => Piece[] {
  const custom = new Set(conversation.tools.filter((tool) => tool.custom).map(({ name }) => name));
  let held: { id: string; name: string; input: string } | null = null;
  return (piece) => {
    if (piece.kind === 'call' && custom.has(piece.name)) {
      held = { id: piece.id, name: piece.name, input: '' };
      return [];
    }
    if (held === null) return [piece];
    if (piece.kind === 'input') {
      held.input += piece.input;
      return [];
    }
    const call: ToolCall = { ...held, custom: false };
    held = null;
    return [
      ...callPieces(asCustom(call, conversation)),
      ...(piece.kind === 'called' ? [] : [piece]),
    ];
  };
}

function asCustom(call: ToolCall, conversation: Conversation): ToolCall {
  const alone = { id: '', model: '', text: '', calls: [call], cutShort: false, usage: null };
  return withCustomCalls(alone, conversation).calls[0] ?? call;
}
