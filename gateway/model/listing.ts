/** What a client may ask about a model besides an answer. */
import type { JsonObject } from './conversation.ts';
import type { Wire } from './protocols/protocol.ts';

const BYTES_PER_TOKEN = 4;
const CREATED_AT = '2026-01-01T00:00:00Z';

/** `one` of Gemini asks for that model and not for a list; whatever its name, this is what answers. */
export function modelList(model: string, wire: Wire, one: string | null = null): JsonObject {
  if (wire !== 'gemini') return openList(model);
  const methods = ['generateContent', 'streamGenerateContent', 'countTokens'];
  const entry = { displayName: model, supportedGenerationMethods: methods };
  if (one !== null) return { name: `models/${one}`, ...entry };
  return { models: [{ name: `models/${model}`, ...entry }] };
}

/** Both other vendors' shapes at once: they ask at the same path. */
function openList(model: string): JsonObject {
  const entry = {
    id: model,
    object: 'model',
    created: 0,
    owned_by: 'proofhouse',
    type: 'model',
    display_name: model,
    created_at: CREATED_AT,
  };
  return { object: 'list', data: [entry], has_more: false, first_id: model, last_id: model };
}

export function countTokens(bytes: Uint8Array, wire: Wire): JsonObject {
  const tokens = Math.ceil(bytes.byteLength / BYTES_PER_TOKEN);
  return wire === 'gemini' ? { totalTokens: tokens } : { input_tokens: tokens };
}
