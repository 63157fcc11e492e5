/** The protocols by name, and the path at which each is spoken. */
import { chat } from './chat.ts';
import { messages } from './messages.ts';
import type { Protocol, Wire } from './protocol.ts';
import { responses } from './responses.ts';

export const PROTOCOLS: Readonly<Record<Wire, Protocol>> = { responses, chat, messages };

export const PATHS: Readonly<Record<Wire, string>> = {
  responses: '/v1/responses',
  chat: '/v1/chat/completions',
  messages: '/v1/messages',
};

export function protocolAt(path: string): Protocol | null {
  const found = Object.values(PROTOCOLS).find(({ wire }) => PATHS[wire] === path);
  return found ?? null;
}
