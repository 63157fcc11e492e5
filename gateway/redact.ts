/**
 * Takes secrets out of text before it is stored or shown: exact values that we know, first, in every
 * form that they come in, and then shapes that only secrets have. One pass per kind with expressions
 * that never go back, so the time grows with the text alone.
 *
 * Invariant: JSON stays JSON, and whatever goes wrong in here, the text itself is not let through.
 */
import { KNOWN_SECRET as KNOWN, type Redact } from '../orchestrator/ports/redact.ts';
import { formsOf, SECRET_CHARS_MIN } from './secret-forms.ts';

/** What is no text is withheld as a whole when it holds a secret: nothing in it can be replaced. */
const IN_BYTES = `${KNOWN} was in this file, which is no text; it was not stored\n`;
export const WITHHELD = '«not stored: it could not be redacted»';

const SHAPES: readonly (readonly [kind: string, shape: RegExp])[] = [
  ['anthropic-key', /\bsk-ant-[A-Za-z0-9_-]{16,}/g],
  ['api-key', /\bsk-[A-Za-z0-9_-]{20,}/g],
  ['github-token', /\bgh[pousr]_[A-Za-z0-9]{30,}|\bgithub_pat_[A-Za-z0-9_]{40,}/g],
  ['gitlab-token', /\bglpat-[A-Za-z0-9_-]{20,}/g],
  ['npm-token', /\bnpm_[A-Za-z0-9]{30,}/g],
  ['slack-token', /\bxox[abeprs]-[A-Za-z0-9-]{20,}/g],
  ['stripe-key', /\b[rs]k_live_[A-Za-z0-9]{16,}/g],
  ['google-key', /\bAIza[A-Za-z0-9_-]{35}/g],
  ['huggingface-token', /\bhf_[A-Za-z0-9]{30,}/g],
  ['aws-key', /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g],
  // Dies with its door, and is none of what a trace needs.
  ['run-token', /\bproofhouse-r[0-9a-z]{7}-[0-9a-f]{48}\b/g],
  // Only from the beginning of a word: from every `eyJ` inside one it would be quadratic.
  ['jwt', /(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}/g],
];

export function redactor(secrets: readonly string[]): Redact {
  const known = [...new Set(secrets)].filter(({ length }) => length >= SECRET_CHARS_MIN);
  // Longest first, so that one inside another leaves no rest.
  const forms = [...new Set(known.flatMap(formsOf))].sort((a, b) => b.length - a.length);
  const plain = (text: string): string => withoutShapes(withoutCut(without(text, forms), known));
  return {
    text: (text) => {
      try {
        return redacted(text, plain);
      } catch {
        return looksLikeJson(text) ? JSON.stringify(WITHHELD) : WITHHELD;
      }
    },
    bytes: (bytes) => {
      try {
        return redactedBytes(bytes, { plain, forms });
      } catch {
        return Buffer.from(WITHHELD);
      }
    },
  };
}

type Plain = (text: string) => string;

function redacted(text: string, plain: Plain): string {
  if (looksLikeJson(text)) {
    const value = jsonIn(text);
    if (value !== undefined) return redactedJson(text, value.json, plain);
    const lines = text.split('\n');
    // Records, one a line, as logs and traces have them.
    if (lines.length > 1 && lines.every((line) => line.trim() === '' || jsonIn(line))) {
      return lines.map((line) => redacted(line, plain)).join('\n');
    }
  }
  return plain(text);
}

/** Text in which nothing is found comes back byte for byte. */
function redactedJson(text: string, value: unknown, plain: Plain): string {
  const clean = cleaned(value, plain);
  const isSame = JSON.stringify(clean) === JSON.stringify(value);
  const [before = '', after = ''] = [/^\s*/.exec(text)?.[0], /\s*$/.exec(text)?.[0]];
  const json = isSame ? text : before + JSON.stringify(clean) + after;
  // A number longer than a double holds is a secret only as it is written.
  const last = plain(json);
  if (last === json || jsonIn(last) !== undefined) return last;
  return before + JSON.stringify(last.trim()) + after;
}

function cleaned(value: unknown, plain: Plain): unknown {
  if (typeof value === 'string') return plain(value);
  if (typeof value === 'number') return plain(String(value)) === String(value) ? value : KNOWN;
  if (Array.isArray(value)) return value.map((item) => cleaned(item, plain));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, item]) => [plain(key), cleaned(item, plain)]);
  return Object.fromEntries(entries);
}

function looksLikeJson(text: string): boolean {
  return /^\s*[[{"]/.test(text);
}

function jsonIn(text: string): { json: unknown } | undefined {
  try {
    return { json: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

function redactedBytes(
  bytes: Uint8Array,
  { plain, forms }: { plain: Plain; forms: readonly string[] },
): Uint8Array {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = buffer.toString('utf8');
  if (Buffer.from(text).equals(buffer)) {
    const clean = redacted(text, plain);
    return clean === text ? bytes : Buffer.from(clean);
  }
  const holds = forms.some((form) => {
    return buffer.includes(form) || buffer.includes(Buffer.from(form, 'utf16le'));
  });
  return holds ? Buffer.from(IN_BYTES) : bytes;
}

function without(text: string, forms: readonly string[]): string {
  // Looking for each is quick, and nearly always all there is to do.
  const here = forms.filter((form) => text.includes(form));
  if (here.length === 0) return text;
  return text.replace(new RegExp(here.map(escaped).join('|'), 'g'), KNOWN);
}

/** Whoever cuts a text may cut a secret in two; the beginning of one at the end is taken out too. */
function withoutCut(text: string, known: readonly string[]): string {
  const end = text.endsWith('…') ? text.length - 1 : text.length;
  for (const secret of known) {
    for (let length = Math.min(secret.length - 1, end); length >= SECRET_CHARS_MIN; length -= 1) {
      if (!text.startsWith(secret.slice(0, length), end - length)) continue;
      return text.slice(0, end - length) + KNOWN + text.slice(end);
    }
  }
  return text;
}

function withoutShapes(text: string): string {
  return SHAPES.reduce(
    (rest, [kind, shape]) => rest.replace(shape, `«secret:${kind}»`),
    withoutPrivateKeys(text),
  );
}

const KEY_BEGINS = /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----/g;

/** An unfinished key goes to the end of the text: half of one is too much of it. */
function withoutPrivateKeys(text: string): string {
  let clean = '';
  let from = 0;
  for (const { index } of text.matchAll(KEY_BEGINS)) {
    if (index < from) continue;
    clean += `${text.slice(from, index)}«secret:private-key»`;
    const end = text.indexOf('-----END ', index);
    const close = end < 0 ? -1 : text.indexOf('-----', end + '-----END '.length);
    from = close < 0 ? text.length : close + '-----'.length;
  }
  return clean + text.slice(from);
}

function escaped(secret: string): string {
  return secret.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
