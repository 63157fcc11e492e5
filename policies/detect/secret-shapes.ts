/**
 * What secrets look like. Each shape finds its secret in one line, in time linear in it: what a
 * pattern repeats is bounded, and where it could begin anywhere a boundary comes first.
 */

export type Shape = {
  readonly kind: string;
  /** Words of which one is in every line that has the shape; lower case. */
  readonly words: readonly string[];
  /** Global. The group `secret` is the secret; without one the whole match is. */
  readonly pattern: RegExp;
  /** Why a match is no secret after all. */
  readonly isHarmless?: (secret: string, match: RegExpExecArray) => boolean;
};

export const SHAPES: readonly Shape[] = [
  shape(
    'aws-access-key',
    ['akia', 'asia', 'abia', 'acca'],
    /\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}\b/g,
  ),
  shape('github-token', ['ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_'], /gh[pousr]_[A-Za-z0-9]{36,255}/g),
  shape('github-token', ['github_pat_'], /github_pat_[A-Za-z0-9_]{22,255}/g),
  shape('gitlab-token', ['gl'], /\bgl(?:pat|dt|rt|ft|soat|cbt|ptt|agent|oas|imt)-[\w-]{20,255}/g),
  shape('slack-token', ['xox', 'xapp'], /\bx(?:ox[abeoprs]|app)-[A-Za-z0-9-]{10,255}/g),
  shape(
    'slack-webhook',
    ['hooks.slack.com'],
    /hooks\.slack\.com\/(?:services|workflows)\/(?<secret>[\w/-]{20,200})/g,
  ),
  shape(
    'stripe-key',
    ['_live_', '_test_'],
    /\b[prs]k_(?:live|test)_[A-Za-z0-9]{16,255}/g,
    isPublishable,
  ),
  shape('stripe-key', ['whsec_'], /\bwhsec_[A-Za-z0-9+/=]{24,255}/g),
  shape('google-api-key', ['aiza'], /\bAIza[\w-]{35}/g),
  shape('google-api-key', ['gocspx-'], /\bGOCSPX-[\w-]{28}/g),
  shape('npm-token', ['npm_'], /\bnpm_[A-Za-z0-9]{36}/g),
  shape('pypi-token', ['pypi-'], /\bpypi-AgE[\w-]{50,1000}/g),
  shape('anthropic-key', ['sk-ant-'], /\bsk-ant-[\w-]{20,255}/g),
  shape(
    'openai-key',
    ['sk-'],
    /\bsk-(?:(?:proj|svcacct|admin)-[\w-]{20,255}|[A-Za-z0-9]{32,64}\b)/g,
  ),
  shape('hugging-face-token', ['hf_'], /\bhf_[A-Za-z0-9]{34,60}/g),
  shape('sendgrid-key', ['sg.'], /\bSG\.[\w-]{22}\.[\w-]{43}/g),
  shape('digitalocean-token', ['_v1_'], /\bdo[opr]_v1_[0-9a-f]{64}/g),
  shape('docker-token', ['dckr_pat_'], /\bdckr_pat_[\w-]{20,100}/g),
  shape('azure-key', ['accountkey'], /\bAccountKey=(?<secret>[A-Za-z0-9+/]{40,100}={0,2})/gi),
  shape('age-key', ['age-secret-key-'], /\bAGE-SECRET-KEY-1[A-Z0-9]{50,70}/g),
  shape('jwt', ['eyj'], /(?<![\w-])eyJ[\w-]{10,4000}\.eyJ[\w-]{10,8000}\.[\w-]{20,2000}/g),
  shape(
    'connection-string',
    ['://'],
    /:\/\/(?<user>[^\s:@/'"`<>]{0,100}):(?<secret>[^\s@/'"`<>]{3,200})@(?=[\w.[$-])/g,
    isWeakPassword,
  ),
];

function shape(
  kind: string,
  words: readonly string[],
  pattern: RegExp,
  isHarmless?: Shape['isHarmless'],
): Shape {
  return { kind, words, pattern, ...(isHarmless ? { isHarmless } : {}) };
}

/** A publishable key is printed in every page that uses it. */
function isPublishable(secret: string): boolean {
  return secret.startsWith('pk_');
}

/** The passwords of databases that run on the developer's own machine. */
function isWeakPassword(secret: string, { groups }: RegExpExecArray): boolean {
  const user = groups?.['user'] ?? '';
  return (
    secret === user ||
    /^(?:pass(?:word|wd)?|postgres|mysql|root|admin|user|guest|test|secret)$/i.test(secret)
  );
}

const WORDS_MAX = 40;
/** Names of things that should be secret, and what may stand between such a name and its value. */
const NAME =
  'passw(?:or)?d|passphrase|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|auth[_-]?key|account[_-]?key|encryption[_-]?key|signing[_-]?key|credential|bearer';
const BETWEEN = `[\\w.-]{0,${WORDS_MAX}}["'\`]?\\]?\\s{0,10}(?::=|=>|=|:)\\s{0,10}`;

/** A quoted value beside a telling name. */
export const QUOTED: Shape = {
  kind: 'password',
  words: ['passw', 'passphrase', 'pwd', 'secret', 'token', 'key', 'credential', 'bearer'],
  pattern: new RegExp(
    `(?:${NAME})${BETWEEN}[bfru@$]{0,2}["'\`](?:Bearer |Basic )?(?<secret>[^\\s"'\`]{12,300})["'\`]`,
    'gi',
  ),
  isHarmless: looksLikeWords,
};

/** A bare one, in files that are lists of settings: elsewhere such a value is an expression. */
export const BARE: Shape = {
  ...QUOTED,
  pattern: new RegExp(
    `(?:${NAME})${BETWEEN}(?:Bearer )?(?<secret>[^\\s"'\`;,()[\\]]{12,300})\\s*$`,
    'gi',
  ),
};

/** Of one character, by how often each occurs in the value. */
const BITS_MIN = 3.2;
/** Random letters and digits change their kind at every second character; names do not. */
const RUN_MIN = 3;

function looksLikeWords(secret: string): boolean {
  if (!/[0-9]/.test(secret) || !/[A-Za-z]/.test(secret)) return true;
  if (/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(secret)) return true;
  if (/^(?:data:|https?:\/\/|[./~]|sha\d{3}-|\$\d)|[{}<>]/.test(secret)) return true;
  if (entropy(secret) < BITS_MIN) return true;
  const runs = secret.match(/[A-Z]?[a-z]+|[A-Z]+|[0-9]+/g) ?? [];
  return runs.join('').length / runs.length >= RUN_MIN;
}

/** Bits per character, by how often each occurs. */
function entropy(text: string): number {
  const counts = new Map<string, number>();
  for (const char of text) counts.set(char, (counts.get(char) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values())
    bits -= (count / text.length) * Math.log2(count / text.length);
  return bits;
}

/** What people write where a secret would go. */
export function isPlaceholder(secret: string): boolean {
  if (PLACEHOLDER.test(secret)) return true;
  const body = secret.replace(/^[A-Za-z]{2,10}[-_](?:[a-z0-9]{2,8}[-_]){0,2}/, '');
  return new Set(body).size <= 3 || isCounting(body);
}

const PLACEHOLDER =
  /example|changeme|change[-_]me|placeholder|your[-_]|dummy|sample|redacted|insert[-_]|replace[-_]?me|not[-_]?a?[-_]?real|x{4}|\*{3}|\.{3}|…|<[^>]*>|[$#]\{|\{\{|\$\(|%\(|^\{.*\}$|%[A-Z_]{3,}%|^\$[A-Za-z_]/i;

/** `abcdefgh…`, `0123…`: half of the steps go up by one. */
function isCounting(text: string): boolean {
  let steps = 0;
  for (let at = 1; at < text.length; at++) {
    if (text.charCodeAt(at) - text.charCodeAt(at - 1) === 1) steps++;
  }
  return text.length >= 8 && steps * 2 >= text.length;
}
