/** What a client may ask about a model besides an answer. Both vendors' shapes at once. */
import type { JsonObject } from './conversation.ts';

const BYTES_PER_TOKEN = 4;
const CREATED_AT = '2026-01-01T00:00:00Z';

export function modelList(model: string): JsonObject {
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

export function countTokens(bytes: Uint8Array): JsonObject {
  return { input_tokens: Math.ceil(bytes.byteLength / BYTES_PER_TOKEN) };
}
