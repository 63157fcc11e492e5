/**
 * The JSON Schema that a caller wants its answer to fit, and whether an answer does. Pure.
 *
 * The schema comes from whoever calls. It is read by zod, which refuses every keyword that it does not
 * know; what could make a short text take for ever to check is refused here.
 */
import { z } from 'zod';

const SCHEMA_CHARACTERS_MAX = 64 * 1024;
const ANSWER_CHARACTERS_MAX = 1024 * 1024;
/** Patterns are run by a matcher that goes back; references may go round in circles. */
const REFUSED = new Set(['pattern', 'patternProperties', '$ref', '$dynamicRef', '$defs', 'format']);
const DEPTH_MAX = 32;

/** Where the four protocols have it. */
const PLACES: readonly (readonly string[])[] = [
  ['response_format', 'json_schema', 'schema'],
  ['text', 'format', 'schema'],
  ['output_config', 'format', 'schema'],
  ['output_format', 'schema'],
  ['generationConfig', 'responseJsonSchema'],
];

export type Fitting = (text: string) => { readonly problem: string } | null;

/** A test for answers, or why there is none. */
export function fittingFor(body: unknown): Fitting | { readonly refused: string } {
  const schema = PLACES.map((place) => at(body, place)).find((value) => value !== undefined);
  if (schema === undefined) return { refused: 'an extraction names no JSON Schema for its answer' };
  const odd = oddPart(schema, 0, false);
  if (odd !== null) return { refused: `the JSON Schema ${odd}` };
  if (JSON.stringify(schema).length > SCHEMA_CHARACTERS_MAX) {
    return { refused: `the JSON Schema is longer than ${SCHEMA_CHARACTERS_MAX} characters` };
  }
  try {
    const read = z.fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0]);
    return (text) => problemOf(read, text);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { refused: `the JSON Schema cannot be read: ${why}` };
  }
}

function problemOf(schema: z.ZodType, text: string): { problem: string } | null {
  if (text.length > ANSWER_CHARACTERS_MAX) return { problem: 'it is too long' };
  let value: unknown;
  try {
    value = JSON.parse(unfenced(text));
  } catch {
    return { problem: 'it is no JSON' };
  }
  // Without code made from the schema: it is not ours.
  const read = schema.safeParse(value, { jitless: true });
  if (read.success) return null;
  const [issue] = read.error.issues;
  const where = issue?.path.join('.') ?? '';
  return { problem: `${where === '' ? 'it' : where}: ${issue?.message ?? 'does not fit'}` };
}

/** Small models like to put a fence around it. */
export function unfenced(text: string): string {
  return /^\s*```(?:json)?\s*\n([\s\S]*?)\n\s*```\s*$/.exec(text)?.[1] ?? text;
}

/** Below `properties` a key is a name that the caller chose, and no keyword. */
function oddPart(value: unknown, depth: number, isNames: boolean): string | null {
  if (depth > DEPTH_MAX) return `is deeper than ${DEPTH_MAX}`;
  if (typeof value !== 'object' || value === null) return depth === 0 ? 'is no object' : null;
  for (const [key, part] of Object.entries(value)) {
    const isKeyword = !isNames && !Array.isArray(value);
    if (isKeyword && REFUSED.has(key)) return `has the keyword ${key}, which is not read`;
    const odd = oddPart(part, depth + 1, isKeyword && key === 'properties');
    if (odd !== null) return odd;
  }
  return null;
}

function at(value: unknown, place: readonly string[]): unknown {
  return place.reduce<unknown>(
    (found, key) =>
      typeof found === 'object' && found !== null && Object.hasOwn(found, key)
        ? (found as Record<string, unknown>)[key]
        : undefined,
    value,
  );
}
