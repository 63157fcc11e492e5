/** The protocols by name. */
import { chat } from './chat.ts';
import { gemini } from './gemini.ts';
import { messages } from './messages.ts';
import type { Protocol, Wire } from './protocol.ts';
import { responses } from './responses.ts';

export const PROTOCOLS: Readonly<Record<Wire, Protocol>> = { responses, chat, messages, gemini };
