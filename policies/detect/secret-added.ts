/**
 * Secrets in the lines that a change adds, by the shapes that issuers give their tokens and by
 * values beside names such as `password`.
 *
 * What was there before is not added. A firing says where and which kind, and names the secret by
 * a piece of its SHA-256: neither message nor key may carry it further than it already got.
 */
import { z } from 'zod';
import type { Detector, Firing } from './detector.ts';
import { shortDigest } from './firings.ts';
import { changedLines, type Line, splitLines } from './lines.ts';
import { scanAdded, type Texts } from './readable.ts';
import { BARE, isPlaceholder, QUOTED, SHAPES, type Shape } from './secret-shapes.ts';

export const secretAdded: Detector<Record<string, never>> = {
  summary: 'a line was added that holds a token, a private key or a password',
  paths: ['**'],
  options: z.strictObject({}),
  detect: (subject) => scanAdded(subject, secrets),
};

type Secret = { readonly kind: string; readonly value: string; readonly line: number };

/** Lists of settings, where values stand without quotes. */
const SETTINGS =
  /(?:^|\/)\.env(?:\.[^/]*)?$|\.(?:env|ini|cfg|conf|properties|ya?ml|toml|tfvars)$|rc$/i;
/** Full of digests beside names that end in `key` or `token`. */
const LOCK_FILE =
  /(?:^|\/)(?:[\w.-]*[-.]lock(?:\.\w+)?|npm-shrinkwrap\.json|go\.sum|pnpm-lock\.yaml)$/i;

function secrets(path: string, { before, after }: Texts): Firing[] {
  const shapes = shapesFor(path);
  const added = changedLines(before, after).added;
  const found = [...inLines(shapes, added), ...privateKeys(after)];
  if (found.length === 0) return [];
  const known = new Set(
    [...inLines(shapes, numbered(before)), ...privateKeys(before)].map(({ value }) => value),
  );
  const fresh = new Map(
    found.filter(({ value }) => !known.has(value)).map((secret) => [secret.value, secret]),
  );
  return [...fresh.values()].map(({ kind, value, line }) => ({
    path,
    line,
    key: `${kind}:${shortDigest(value)}`,
    message: `${path} gains what looks like a ${kind.replaceAll('-', ' ')}; once it is published it has to be replaced`,
  }));
}

function shapesFor(path: string): readonly Shape[] {
  if (LOCK_FILE.test(path)) return SHAPES;
  return [...SHAPES, QUOTED, ...(SETTINGS.test(path) ? [BARE] : [])];
}

function numbered(text: string): Line[] {
  return splitLines(text).map((line, index) => ({ number: index + 1, text: line }));
}

function inLines(shapes: readonly Shape[], lines: readonly Line[]): Secret[] {
  return lines.flatMap(({ number, text }) => {
    const lower = text.toLowerCase();
    // Where two shapes see one secret, the first names it.
    const seen: string[] = [];
    return shapes
      .filter(({ words }) => words.some((word) => lower.includes(word)))
      .flatMap((shape) => inLine(shape, text))
      .filter(({ value }) => {
        const isNew = !seen.some((other) => other.includes(value) || value.includes(other));
        if (isNew && seen.length < SEEN_MAX) seen.push(value);
        return isNew;
      })
      .map((secret) => ({ ...secret, line: number }));
  });
}

/** One line of a mebibyte may hold thousands; comparing all with all would take too long. */
const SEEN_MAX = 50;

function inLine({ kind, pattern, isHarmless }: Shape, text: string): Omit<Secret, 'line'>[] {
  return [...text.matchAll(pattern)].flatMap((match) => {
    const value = match.groups?.['secret'] ?? match[0];
    return isPlaceholder(value) || isHarmless?.(value, match) ? [] : [{ kind, value }];
  });
}

const KEY_BEGINS = /-----BEGIN (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY(?: BLOCK)?-----/g;
/** A 16,384-bit RSA key in PEM is some 13,000 characters long. */
const KEY_MAX = 16_000;
/** An Ed25519 key in PKCS#8; anything shorter stands for one. */
const KEY_MIN = 60;

/** Blocks of the whole text: a key that is exchanged leaves its first and last line as they were. */
function privateKeys(text: string): Secret[] {
  const found: Secret[] = [];
  let line = 1;
  let counted = 0;
  for (const { index, 0: begin } of text.matchAll(KEY_BEGINS)) {
    line += text.slice(counted, index).match(/\r\n|\n|\r/g)?.length ?? 0;
    counted = index;
    const rest = text.slice(index + begin.length, index + begin.length + KEY_MAX);
    const end = rest.indexOf('-----');
    const body = rest.slice(0, end < 0 ? KEY_MAX : end).replace(/\\[nrt]|[^A-Za-z0-9+/=]/g, '');
    if (body.length < KEY_MIN || isPlaceholder(body)) continue;
    found.push({ kind: 'private-key', value: body, line });
  }
  return found;
}
