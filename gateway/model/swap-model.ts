/**
 * Changes one field of a request and leaves every other byte as it was: prompt caches of the
 * providers work on bytes, and what an agent sent is what the model must get.
 */

type Span = { readonly start: number; readonly end: number };

/** `json` must be a valid JSON object. Without a `model` it comes back unchanged. */
export function swapModel(json: string, model: string): string {
  const name = JSON.stringify(model);
  let swapped = '';
  let from = 0;
  // Every one of them: which of two equal keys counts is up to the reader.
  for (const { key, start, end } of topLevelStrings(json)) {
    if (key !== 'model') continue;
    swapped += json.slice(from, start) + name;
    from = end;
  }
  return swapped + json.slice(from);
}

/** A field in front of all others, in an object that has none of that name. */
export function withField(json: string, name: string, value: unknown): string {
  const brace = json.indexOf('{') + 1;
  const comma = /^\s*\}/.test(json.slice(brace, brace + 64)) ? '' : ',';
  const field = `${JSON.stringify(name)}:${JSON.stringify(value)}`;
  return `${json.slice(0, brace)}${field}${comma}${json.slice(brace)}`;
}

/** The values directly in the outermost object that are strings, with their keys. */
function* topLevelStrings(json: string): Iterable<Span & { readonly key: string }> {
  let depth = 0;
  let key = '';
  for (let at = 0; at < json.length; at += 1) {
    depth += DEEPER[json[at] ?? ''] ?? 0;
    if (json[at] !== '"') continue;
    const end = endOfString(json, at);
    if (depth === 1 && isValue(json, at)) yield { key, start: at, end };
    else if (depth === 1) key = keyOf(json, at, end);
    at = end - 1;
  }
}

const DEEPER: Readonly<Record<string, number>> = { '{': 1, '[': 1, '}': -1, ']': -1 };

/** `"model"` with every letter escaped is 32 characters long; a longer key is another. */
const KEY_CHARS_MAX = 32;

function keyOf(json: string, start: number, end: number): string {
  return end - start > KEY_CHARS_MAX ? '' : String(JSON.parse(json.slice(start, end)));
}

/** At depth 1 of an object a string is either a key or what follows a colon. */
function isValue(json: string, at: number): boolean {
  let before = at - 1;
  while (' \t\r\n'.includes(json[before] ?? 'x')) before -= 1;
  return json[before] === ':';
}

function endOfString(json: string, start: number): number {
  for (let at = json.indexOf('"', start + 1); at >= 0; at = json.indexOf('"', at + 1)) {
    let slashes = 0;
    while (json[at - 1 - slashes] === '\\') slashes += 1;
    if (slashes % 2 === 0) return at + 1;
  }
  return json.length;
}
