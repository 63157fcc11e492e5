/**
 * What every model protocol says, without its dress: a conversation and one reply to it.
 * Used where the caller and the model speak different protocols, and by the scripted model.
 * Text and tool calls only: pictures, reasoning and cache marks are left out on the way.
 */
import { z } from 'zod';
import type { ModelUsage } from '../../orchestrator/ports.ts';

export const JsonObject = z.record(z.string(), z.unknown());
export type JsonObject = z.infer<typeof JsonObject>;

/** The same without a copy, for what is only looked at: a request has thousands of these. */
export function asObject(value: unknown): JsonObject | undefined {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject ? (value as JsonObject) : undefined;
}

/** `custom` is a tool that takes one free text; every other takes a JSON object. */
export type Tool = {
  readonly name: string;
  readonly description: string;
  readonly parameters: JsonObject;
  readonly custom: boolean;
};

/** `input` is the JSON text of the arguments, or the free text of a custom tool. */
export type ToolCall = {
  readonly id: string;
  readonly name: string;
  readonly input: string;
  readonly custom: boolean;
};

export type Message =
  | { readonly role: 'system' | 'user'; readonly text: string }
  | { readonly role: 'assistant'; readonly text: string; readonly calls: readonly ToolCall[] }
  | { readonly role: 'tool'; readonly callId: string; readonly text: string };

export type Conversation = {
  readonly model: string;
  readonly stream: boolean;
  /** The caller asked for a last chunk with the usage (Chat only). */
  readonly streamUsage: boolean;
  readonly messages: readonly Message[];
  readonly tools: readonly Tool[];
  readonly maxOutputTokens: number | null;
};

export type Reply = {
  readonly id: string;
  readonly model: string;
  readonly text: string;
  readonly calls: readonly ToolCall[];
  /** The model stopped because it may say no more, not because it was done. */
  readonly cutShort: boolean;
  /** Null when the server did not say. */
  readonly usage: ModelUsage | null;
};

/** One parameter that carries the text of a custom tool through a protocol that has none. */
export const CUSTOM_PARAMETERS: JsonObject = {
  type: 'object',
  properties: { input: { type: 'string' } },
  required: ['input'],
};

/** Arguments of any call as an object, for protocols that want one. */
export function argumentsOf(call: ToolCall): JsonObject {
  if (call.custom) return { input: call.input };
  return objectIn(call.input) ?? { input: call.input };
}

/** Turns the calls of custom tools back into free text after a protocol that has no such tools. */
export function withCustomCalls(reply: Reply, { tools }: Conversation): Reply {
  const custom = new Set(tools.filter((tool) => tool.custom).map(({ name }) => name));
  const calls = reply.calls.map((call) => {
    if (!custom.has(call.name)) return call;
    const text = objectIn(call.input)?.['input'];
    return { ...call, custom: true, input: typeof text === 'string' ? text : call.input };
  });
  return { ...reply, calls };
}

/**
 * The instructions in front as one text, and the rest with neighbours of one role joined.
 * Chat templates of local models refuse a system message further down or two users in a row.
 */
export function inOrder(messages: readonly Message[]): { system: string; rest: Message[] } {
  const leading = messages.findIndex(({ role }) => role !== 'system');
  const cut = leading < 0 ? messages.length : leading;
  const system = messages.slice(0, cut).map((message) => textOf(message));
  const rest: Message[] = [];
  for (const message of messages.slice(cut)) {
    const last = rest.at(-1);
    const role = message.role === 'system' ? 'user' : message.role;
    if (role === 'user' && last?.role === 'user') {
      rest[rest.length - 1] = { role, text: `${last.text}\n\n${textOf(message)}` };
    } else {
      rest.push(role === 'user' ? { role, text: textOf(message) } : message);
    }
  }
  return { system: system.join('\n\n'), rest };
}

/** Adds what the assistant did next, as one turn with what it said or called just before. */
export function addAssistant(
  messages: Message[],
  { text, calls }: { text: string; calls: readonly ToolCall[] },
): void {
  const last = messages.at(-1);
  if (last?.role !== 'assistant') {
    messages.push({ role: 'assistant', text, calls });
    return;
  }
  const joined = [last.text, text].filter((part) => part !== '').join('\n');
  messages[messages.length - 1] = {
    role: 'assistant',
    text: joined,
    calls: [...last.calls, ...calls],
  };
}

/** What the people and the harness wrote, for a scenario to look at. */
export function askedText({ messages }: Conversation): string {
  return messages
    .flatMap((message) =>
      message.role === 'system' || message.role === 'user' ? [message.text] : [],
    )
    .join('\n');
}

function textOf(message: Message): string {
  return message.text;
}

export function objectIn(text: string): JsonObject | null {
  try {
    const parsed = JsonObject.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}
