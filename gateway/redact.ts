/**
 * Takes secrets out of text before it is stored or shown: exact values that we know, and shapes
 * that only secrets have. One pass per kind with expressions that never go back, so the time
 * grows with the text alone.
 */

/** Shorter values are parts of ordinary words; taking them out would garble everything. */
const SECRET_CHARS_MIN = 8;

const SHAPES: readonly (readonly [kind: string, shape: RegExp])[] = [
  ['anthropic-key', /\bsk-ant-[A-Za-z0-9_-]{16,}/g],
  ['api-key', /\bsk-[A-Za-z0-9_-]{20,}/g],
  ['github-token', /\bgh[pousr]_[A-Za-z0-9]{30,}|\bgithub_pat_[A-Za-z0-9_]{40,}/g],
  ['npm-token', /\bnpm_[A-Za-z0-9]{30,}/g],
  ['aws-key', /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g],
  // Only from the beginning of a word: from every `eyJ` inside one it would be quadratic.
  ['jwt', /(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}/g],
];

export function redactor(secrets: readonly string[]): (text: string) => string {
  const known = exactly(secrets);
  return (text) => {
    const without = known === null ? text : text.replace(known, '«secret:known»');
    const withoutKeys = withoutPrivateKeys(without);
    return SHAPES.reduce(
      (rest, [kind, shape]) => rest.replace(shape, `«secret:${kind}»`),
      withoutKeys,
    );
  };
}

/** One expression for all values, longest first, so that one inside another leaves no rest. */
function exactly(secrets: readonly string[]): RegExp | null {
  const long = [...new Set(secrets)].filter(({ length }) => length >= SECRET_CHARS_MIN);
  if (long.length === 0) return null;
  const sorted = long.sort((a, b) => b.length - a.length);
  return new RegExp(sorted.map(escaped).join('|'), 'g');
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
