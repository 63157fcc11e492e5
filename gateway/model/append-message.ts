/**
 * Puts a message of the user at the end of a request and leaves every byte before it as it was: prompt
 * caches work on what a request begins with, so what comes last costs nothing but itself.
 */
import { topLevelValue } from './top-level.ts';

type Field = {
  readonly key: string;
  readonly message: (text: string) => Readonly<Record<string, unknown>>;
};

const FIELDS: Readonly<Record<string, Field>> = {
  chat: { key: 'messages', message: (content) => ({ role: 'user', content }) },
  messages: { key: 'messages', message: (content) => ({ role: 'user', content }) },
  responses: {
    key: 'input',
    message: (text) => ({
      ...{ type: 'message', role: 'user', content: [{ type: 'input_text', text }] },
    }),
  },
  gemini: { key: 'contents', message: (text) => ({ role: 'user', parts: [{ text }] }) },
};

/** `json` must be a valid JSON object. What has no list or text of messages comes back unchanged. */
export function withMessage(json: string, wire: string, text: string): string {
  const field = FIELDS[wire];
  const span = field && topLevelValue(json, field.key);
  if (field === undefined || span === undefined || span === null) return json;
  const last = json[span.end - 1];
  // Before the bracket or the quotation mark that ends it.
  const at = span.end - 1;
  if (last === '"') return spliced(json, at, JSON.stringify(`\n\n${text}`).slice(1, -1));
  if (last !== ']') return json;
  const isEmpty = /^\[\s*$/.test(json.slice(span.start, at));
  return spliced(json, at, `${isEmpty ? '' : ','}${JSON.stringify(field.message(text))}`);
}

function spliced(json: string, at: number, text: string): string {
  return json.slice(0, at) + text + json.slice(at);
}
