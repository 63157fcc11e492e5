/**
 * Writes another model's name into a request and leaves every other byte as it was: prompt caches
 * of the providers work on bytes, and what an agent sent is what the model must get.
 */

type Span = { readonly start: number; readonly end: number };

/** `json` must be a valid JSON object. Without a `model` it comes back unchanged. */
export function swapModel(json: string, model: string): string {
  const name = JSON.stringify(model);
  let swapped = '';
  let from = 0;
  // Every one of them: which of two equal keys counts is up to the reader.
  for (const { start, end } of modelValues(json)) {
    swapped += json.slice(from, start) + name;
    from = end;
  }
  return swapped + json.slice(from);
}

/** Where the values of top-level `model` keys are, when they are strings. */
function modelValues(json: string): Span[] {
  const spans: Span[] = [];
  let key = '';
  for (const { start, end } of topLevelStrings(json)) {
    if (!isValue(json, start)) key = end - start <= KEY_CHARS_MAX ? json.slice(start, end) : '""';
    else if (JSON.parse(key) === 'model') spans.push({ start, end });
  }
  return spans;
}

/** Keys and values directly in the outermost object. */
function* topLevelStrings(json: string): Iterable<Span> {
  let depth = 0;
  for (let at = 0; at < json.length; at += 1) {
    const char = json[at];
    if (char === '"') {
      const end = endOfString(json, at);
      if (depth === 1) yield { start: at, end };
      at = end - 1;
    } else if (char === '{' || char === '[') depth += 1;
    else if (char === '}' || char === ']') depth -= 1;
  }
}

/** `"model"` with every letter escaped is 32 characters long. */
const KEY_CHARS_MAX = 32;

/** At depth 1 of an object a string is either a key or what follows a colon. */
function isValue(json: string, at: number): boolean {
  let before = at - 1;
  while (' \t\r\n'.includes(json[before] ?? 'x')) before -= 1;
  return json[before] === ':';
}

function endOfString(json: string, start: number): number {
  for (let at = start + 1; at < json.length; at += 1) {
    if (json[at] === '\\') at += 1;
    else if (json[at] === '"') return at + 1;
  }
  return json.length;
}
