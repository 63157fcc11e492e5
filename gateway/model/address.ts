/**
 * What a request asks for, read from its line alone. Pure.
 *
 *   [/run/RUN/ROLE] POST /v1/messages[/count_tokens]                        Anthropic Messages
 *                   POST /v1/responses                                      OpenAI Responses
 *                   POST /v1/chat/completions                               OpenAI Chat
 *                   POST /v1beta/models/MODEL:generateContent               Gemini
 *                   POST /v1beta/models/MODEL:streamGenerateContent?alt=sse
 *                   POST /v1beta/models/MODEL:countTokens
 *                   GET  /v1/models, /v1beta/models, /v1beta/models/MODEL
 *                   HEAD /, /api/hello
 *
 * Without the part in brackets a call is of the run whose socket it came by, in the role `edit`.
 * The socket says whose call it is; a run in the path or in a credential is there to be wrong.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { MODEL_ROLES, type ModelRole } from '../../orchestrator/domain/money.ts';
import { chat } from './protocols/chat.ts';
import { gemini } from './protocols/gemini.ts';
import { messages } from './protocols/messages.ts';
import type { Protocol } from './protocols/protocol.ts';
import { responses } from './protocols/responses.ts';

/** Who calls, in which role, and for what: all that a route is chosen by. */
export type Called = {
  readonly run: string;
  readonly role: ModelRole;
  readonly protocol: Protocol;
  /** As the caller named it; null when it named none. */
  readonly model: string | null;
};

export type Asked = {
  readonly run: string | null;
  readonly role: string;
  readonly protocol: Protocol;
  readonly action: 'answer' | 'count' | 'list' | 'alive';
  /** From the path, where the protocol has it there. */
  readonly model: string | null;
  /** From the path, where the protocol has it there. */
  readonly stream: boolean | null;
  readonly query: URLSearchParams;
};

type Route = Pick<Asked, 'protocol' | 'action' | 'model' | 'stream'>;

const PREFIX = /^\/run\/([^/]*)\/([^/]*)(?=\/|$)/;
const GEMINI = /^\/v1(?:beta)?\/models\/([^/:]+):([A-Za-z]+)$/;
const GEMINI_ACTIONS: Readonly<Record<string, Pick<Asked, 'action' | 'stream'>>> = {
  generateContent: { action: 'answer', stream: false },
  streamGenerateContent: { action: 'answer', stream: true },
  countTokens: { action: 'count', stream: false },
};
/** What a provider's own client sends as a key, in the order in which it is looked for. */
const CREDENTIALS = ['x-api-key', 'x-goog-api-key', 'authorization'];
const RUN_TOKEN = /(?:^|\s)proofhouse-(r[0-9a-z]{7})-/;

/** Null for what is no business of a model. */
export function askedAt(method: string, url: string): Asked | null {
  const [path = '', search = ''] = url.split('?', 2);
  const found = PREFIX.exec(path);
  const below = found === null ? path : path.slice(found[0].length);
  const route = routeOf(method, below);
  if (route === null) return null;
  const [, run = null, role = 'edit'] = found ?? [];
  return { ...route, run, role, query: new URLSearchParams(search) };
}

/** Why this run's gateway does not take the call; null when it does. */
export function foreign(
  { run, role, query }: Asked,
  own: { readonly run: string; readonly headers: IncomingHttpHeaders },
): string | null {
  if (run !== null && run !== own.run) return 'the path names another run';
  if (!isRole(role)) return `the path names no role; roles are ${MODEL_ROLES.join(', ')}`;
  const named = shownKeys({ query }, own.headers)
    .map((value) => RUN_TOKEN.exec(value)?.[1])
    .filter((token) => token !== undefined);
  return named.some((token) => token !== own.run) ? 'the key is of another run' : null;
}

/** Whatever was sent as a key, in each place where a client may put one. */
export function shownKeys({ query }: Pick<Asked, 'query'>, headers: IncomingHttpHeaders): string[] {
  return [...CREDENTIALS.map((name) => headers[name]), ...query.getAll('key')].flatMap((value) =>
    typeof value === 'string' ? [value.replace(/^Bearer +/i, '')] : [],
  );
}

export function isRole(role: string): role is ModelRole {
  return MODEL_ROLES.some((known) => known === role);
}

function routeOf(method: string, path: string): Route | null {
  if (method === 'POST') return postRoute(path);
  const nothing = { model: null, stream: null };
  // Signs of life that an agent program looks for before it starts.
  const isAlive = method === 'HEAD' && ['', '/', '/api/hello'].includes(path);
  if (isAlive) return { ...nothing, protocol: messages, action: 'alive' };
  if (method !== 'GET') return null;
  if (path === '/v1/models') return { ...nothing, protocol: chat, action: 'list' };
  const [, model = null] = /^\/v1beta\/models(?:\/([^/:]+))?$/.exec(path) ?? [null, undefined];
  const isGemini = path === '/v1beta/models' || model !== null;
  return isGemini ? { ...nothing, model, protocol: gemini, action: 'list' } : null;
}

function postRoute(path: string): Route | null {
  const plain: Readonly<Record<string, Pick<Asked, 'protocol' | 'action'>>> = {
    '/v1/messages': { protocol: messages, action: 'answer' },
    '/v1/messages/count_tokens': { protocol: messages, action: 'count' },
    '/v1/responses': { protocol: responses, action: 'answer' },
    '/v1/chat/completions': { protocol: chat, action: 'answer' },
  };
  const found = Object.hasOwn(plain, path) ? plain[path] : undefined;
  if (found !== undefined) return { ...found, model: null, stream: null };
  const [, model = '', verb = ''] = GEMINI.exec(path) ?? [];
  const action = Object.hasOwn(GEMINI_ACTIONS, verb) ? GEMINI_ACTIONS[verb] : undefined;
  return action === undefined ? null : { ...action, protocol: gemini, model };
}
