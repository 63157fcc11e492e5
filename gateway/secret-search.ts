/**
 * Says what kind of secret a text holds: a value of ours in any of the forms that programs write it in,
 * or what nothing but a key looks like. Pure; the time grows with the text alone.
 */
import { viewOf } from './bytes.ts';
import { type Needles, needlesOf } from './needles.ts';
import { formsOf } from './secret-forms.ts';

/** A kind, for people; null when there is none. Never the secret. `from` is where it begins to look. */
export type SecretSearch = {
  (bytes: Uint8Array, from: number): string | null;
  /** How many bytes one may be long, however it is escaped. */
  readonly reach: number;
};

/**
 * Longer than what is redacted (`SECRET_CHARS_MIN`) on purpose. A word that is garbled in a trace costs
 * little; a request that is refused ends the run, and a password such as `postgres` or `changeme` stands in
 * prompts and files that nobody can take it out of. Keys that are worth stealing are longer.
 */
const CHARS_MIN = 12;
const OURS = "a value of the controller's environment that is a secret";
/** Nobody needs so many beginnings of keys; whoever sends more wants us to be slow. */
const BEGINNINGS_MAX = 50_000;
const SHAPE_CHARS_MAX = 600;
const ESCAPE_CHARS = 6;

type Shape = { readonly kind: string; readonly begins: readonly string[]; readonly whole: RegExp };

/** Such as a prefix and a length make sure of. What other things look like too is not here. */
const SHAPES: readonly Shape[] = [
  shape('an Anthropic key', ['sk-ant-'], /sk-ant-[A-Za-z0-9_-]{20,}/y),
  shape('an OpenAI key', ['sk-proj-', 'sk-svcacct-'], /sk-(?:proj|svcacct)-[A-Za-z0-9_-]{20,}/y),
  shape(
    'a GitHub token',
    ['ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_', 'github_pat_'],
    /gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{40,}/y,
  ),
  shape('a GitLab token', ['glpat-'], /glpat-[A-Za-z0-9_-]{20,}/y),
  shape('an npm token', ['npm_'], /npm_[A-Za-z0-9]{36}/y),
  shape('a Slack token', ['xoxb-', 'xoxp-', 'xoxa-'], /xox[bpa]-[0-9]{8,}-[A-Za-z0-9-]{16,}/y),
  shape('a Stripe key', ['sk_live_', 'rk_live_'], /[rs]k_live_[A-Za-z0-9]{20,}/y),
  shape('a Google key', ['AIza'], /AIza[A-Za-z0-9_-]{35}/y),
  shape('an AWS key', ['AKIA', 'ASIA'], /A[KS]IA[A-Z0-9]{16}(?![A-Za-z0-9])/y),
  shape(
    'a private key',
    ['-----BEGIN '],
    // Something of the key itself: a program that reads keys says the first line as well.
    /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----[\s\S]{0,200}?[A-Za-z0-9+/]{40}/y,
  ),
];

function shape(kind: string, begins: readonly string[], whole: RegExp): Shape {
  return { kind, begins, whole };
}

export function secretSearch(secrets: readonly string[], withShapes: boolean): SecretSearch {
  const known = secrets.filter(({ length }) => length >= CHARS_MIN).flatMap(formsOf);
  const forms = known.filter(({ length }) => length >= CHARS_MIN);
  const [exact, begins] = [
    needlesOf(forms),
    needlesOf(withShapes ? SHAPES.flatMap((one) => one.begins) : []),
  ];
  const longest = Math.max(SHAPE_CHARS_MAX, ...forms.map((form) => Buffer.byteLength(form)));
  const search = (given: Uint8Array, from: number): string | null => {
    const bytes = viewOf(given);
    const plain = kindIn(bytes, from, { exact, begins });
    if (plain !== null || bytes.indexOf('\\u', from) < 0) return plain;
    // JSON may say any letter by its number.
    return kindIn(unescaped(bytes.subarray(from)), 0, { exact, begins });
  };
  return Object.assign(search, { reach: longest * ESCAPE_CHARS });
}

/** By what a policy says of shapes. */
export function secretSearches(secrets: readonly string[]) {
  return { block: secretSearch(secrets, true), allow: secretSearch(secrets, false) };
}

export function textSearch(secrets: readonly string[]): (text: string) => string | null {
  const search = secretSearch(secrets, true);
  return (text) => search(Buffer.from(text), 0);
}

type Both = { readonly exact: Needles; readonly begins: Needles };

function kindIn(bytes: Buffer, from: number, { exact, begins }: Both): string | null {
  if (exact(bytes, from, () => true)) return OURS;
  const seen = { kind: null as string | null, count: 0 };
  begins(bytes, from, (at) => {
    seen.count += 1;
    seen.kind = seen.count > BEGINNINGS_MAX ? 'too many beginnings of keys' : shapeAt(bytes, at);
    return seen.kind !== null;
  });
  return seen.kind;
}

function shapeAt(bytes: Buffer, at: number): string | null {
  const text = bytes.subarray(at, at + SHAPE_CHARS_MAX).toString('latin1');
  const found = SHAPES.find(({ whole }) => {
    whole.lastIndex = 0;
    return whole.test(text) && !isPlaceholder(text.slice(0, whole.lastIndex));
  });
  return found === undefined ? null : `what looks like ${found.kind}`;
}

/** What people write where a key would go. */
function isPlaceholder(text: string): boolean {
  return /example|xxxx|0000|1234/i.test(text) || new Set(text.slice(-16)).size <= 4;
}

function unescaped(bytes: Buffer): Buffer {
  const text = bytes.toString('utf8').replace(/\\u([0-9a-f]{4})/gi, (_, code: string) => {
    return String.fromCharCode(Number.parseInt(code, 16));
  });
  return Buffer.from(text);
}
