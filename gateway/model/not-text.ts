/**
 * Finds what is not text in a model request. Where a request is written anew for a model of another
 * protocol only text gets across, and a picture that silently stays behind would make the model
 * answer about something that it never saw.
 */
import { JsonObject } from './conversation.ts';

const NOT_TEXT =
  /^(input_)?(image|image_url|audio|file|document|video|video_url|audio_url|container_upload)$/;
/** Gemini tells its parts by their fields. */
const NOT_TEXT_FIELDS = ['inlineData', 'inline_data', 'fileData', 'file_data'];
const PLACES = ['messages', 'input', 'contents', 'system', 'systemInstruction'];
const INNER = ['content', 'parts', 'output', 'functionResponse'];
const DEPTH_MAX = 16;

/** Where the first such part is, as in `messages.2.content.0 (image)`; null when all is text. */
export function notTextIn(body: JsonObject): string | null {
  return first(PLACES.map((place) => search(body[place], place, DEPTH_MAX)));
}

function search(value: unknown, where: string, depth: number): string | null {
  if (depth === 0) return `${where} (nested too deeply)`;
  if (Array.isArray(value)) {
    return first(value.map((item, index) => search(item, `${where}.${index}`, depth - 1)));
  }
  const { data: part } = JsonObject.safeParse(value);
  if (part === undefined) return null;
  const { type } = part;
  if (typeof type === 'string' && NOT_TEXT.test(type)) return `${where} (${type})`;
  const field = NOT_TEXT_FIELDS.find((name) => part[name] !== undefined);
  if (field !== undefined) return `${where} (${field})`;
  return first(INNER.map((name) => search(part[name], `${where}.${name}`, depth - 1)));
}

function first(found: readonly (string | null)[]): string | null {
  return found.find((one) => one !== null) ?? null;
}
