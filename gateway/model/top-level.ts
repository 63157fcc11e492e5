/** Finds a value of the outermost object of a JSON text, without reading the text into values. */

export type Span = { readonly start: number; readonly end: number };

/** `json` must be a valid JSON object. The last one where a key is given twice, as readers take it. */
export function topLevelValue(json: string, key: string): Span | null {
  let found: Span | null = null;
  let at = next(json, json.indexOf('{') + 1);
  while (json[at] === '"') {
    const keyEnd = endOfString(json, at);
    const isKey = JSON.parse(json.slice(at, keyEnd)) === key;
    const start = next(json, next(json, keyEnd) + 1);
    const end = endOfValue(json, start);
    if (isKey) found = { start, end };
    at = next(json, end);
    if (json[at] === ',') at = next(json, at + 1);
  }
  return found;
}

function next(json: string, from: number): number {
  let at = from;
  while (' \t\r\n'.includes(json[at] ?? 'x')) at += 1;
  return at;
}

function endOfValue(json: string, start: number): number {
  const first = json[start];
  if (first === '"') return endOfString(json, start);
  if (first === '{' || first === '[') return endOfBrackets(json, start);
  let at = start;
  while (at < json.length && !' \t\r\n,}'.includes(json[at] ?? ',')) at += 1;
  return at;
}

function endOfBrackets(json: string, start: number): number {
  let depth = 0;
  for (let at = start; at < json.length; at += 1) {
    const char = json[at] ?? '';
    if (char === '"') at = endOfString(json, at) - 1;
    else if ('{['.includes(char)) depth += 1;
    else if ('}]'.includes(char)) depth -= 1;
    if (depth === 0) return at + 1;
  }
  return json.length;
}

function endOfString(json: string, start: number): number {
  for (let at = start + 1; at < json.length; at += 1) {
    if (json[at] === '\\') at += 1;
    else if (json[at] === '"') return at + 1;
  }
  return json.length;
}
