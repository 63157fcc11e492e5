/**
 * Models behind HTTP: any OpenAI-compatible and any Anthropic-compatible server.
 * The key is put in here, last, and nothing that an agent sent besides the body and the few
 * headers named below gets through.
 */
import type { Price } from '../../orchestrator/domain/money.ts';
import { collect, type Incoming, Silence, send } from '../outgoing.ts';
import { type Conversation, JsonObject, withCustomCalls } from './conversation.ts';
import { PROTOCOLS } from './protocols/all.ts';
import { parsed, type Wire } from './protocols/protocol.ts';
import { swapModel } from './swap-model.ts';
import {
  type Answer,
  idOf,
  type ModelUpstream,
  PATIENCE,
  type Patience,
  type Question,
  type Refusal,
  understood,
} from './upstream.ts';

export type HttpModel = {
  /** Left out, made from the model's name. */
  readonly id?: string;
  /** Left out, told from the address: the makers by their names, everybody else by their host. */
  readonly vendor?: string;
  readonly name: string;
  readonly model: string;
  /** Base address; `/v1` may be at its end or not. */
  readonly url: string;
  readonly key: string | null;
  readonly price: Price | null;
  readonly patience?: Patience;
};

const ANSWER_BYTES_MAX = 32 * 1024 * 1024;
const ERROR_BYTES_MAX = 64 * 1024;
const ERROR_CHARS_MAX = 2_000;
const FORWARDED = ['anthropic-version', 'anthropic-beta', 'openai-beta', 'accept'];
const ENDPOINTS: Readonly<Record<Wire, string>> = {
  responses: 'responses',
  chat: 'chat/completions',
  messages: 'messages',
};

/**
 * Speaks Responses where the server does, and Chat otherwise. Only a caller of Responses can tell,
 * so the first such call decides, once and for all runs that share this upstream.
 */
export function openAiUpstream(options: HttpModel): ModelUpstream {
  const found: { wire: 'responses' | 'chat' | null } = { wire: null };
  const asking = (wire: Wire) => ask.bind(null, options, wire);
  return {
    ...shown(options),
    get wire() {
      return found.wire ?? 'responses';
    },
    ask: async (question, signal) => {
      if (question.protocol.wire !== 'responses' || found.wire === 'chat') {
        return asking('chat')(question, signal);
      }
      const answer = await asking('responses')(question, signal);
      if (answer.kind === 'raw') found.wire = 'responses';
      if (found.wire !== null || !isNoSuchPath(answer)) return answer;
      const instead = await asking('chat')(question, signal);
      if (instead.kind === 'reply') found.wire = 'chat';
      return instead;
    },
  };
}

export function anthropicUpstream(options: HttpModel): ModelUpstream {
  return { ...shown(options), wire: 'messages', ask: ask.bind(null, options, 'messages') };
}

/** The base address with `/v1`, without a slash at its end. */
export function versioned(url: string): string {
  const base = url.replace(/\/+$/, '');
  return /\/v\d+[a-z]*(\/|$)/.test(new URL(base).pathname) ? base : `${base}/v1`;
}

export function credentials(wire: Wire, key: string | null): Record<string, string> {
  if (wire === 'messages') {
    return { 'anthropic-version': '2023-06-01', ...(key === null ? {} : { 'x-api-key': key }) };
  }
  return key === null ? {} : { authorization: `Bearer ${key}` };
}

function shown(options: HttpModel) {
  const { name, model, price, patience = PATIENCE, id = idOf(model) } = options;
  return { id, vendor: options.vendor ?? vendorAt(options.url), name, model, price, patience };
}

const MAKERS: Readonly<Record<string, string>> = {
  'api.anthropic.com': 'anthropic',
  'api.openai.com': 'openai',
  'generativelanguage.googleapis.com': 'google',
};

function vendorAt(url: string): string {
  const { hostname, host } = new URL(url);
  return MAKERS[hostname] ?? host;
}

function isNoSuchPath(answer: Answer): boolean {
  return answer.kind === 'refused' && (answer.status === 404 || answer.status === 405);
}

async function ask(
  options: HttpModel,
  wire: Wire,
  question: Question,
  signal: AbortSignal,
): Promise<Answer> {
  const { patience = PATIENCE } = options;
  const same = question.protocol.wire === wire;
  const conversation = same ? null : understood(question);
  if (conversation !== null && 'kind' in conversation) return conversation;
  const sent = await send(
    {
      url: new URL(`${versioned(options.url)}/${ENDPOINTS[wire]}`),
      method: 'POST',
      headers: headersFor(options, wire, same ? question : null),
      body: Buffer.from(
        conversation === null
          ? swapped(question, options.model)
          : translated(wire, { ...conversation, model: options.model }),
      ),
      connectMs: patience.connectMs,
      firstByteMs: same ? patience.firstByteMs : patience.wholeAnswerMs,
      idleMs: patience.idleMs,
    },
    signal,
  );
  signal.throwIfAborted();
  if (sent.ended !== 'answered') return { kind: sent.ended, message: sent.message };
  if (sent.status !== 200) return refusal(sent, options.key);
  return conversation === null
    ? { kind: 'raw', chunks: sent.chunks }
    : bridged(sent, wire, conversation);
}

function headersFor(options: HttpModel, wire: Wire, caller: Question | null) {
  const forwarded = FORWARDED.flatMap((name) => {
    const value = caller?.headers[name];
    return typeof value === 'string' ? [[name, value]] : [];
  });
  const key = credentials(wire, options.key);
  return {
    ...key,
    ...Object.fromEntries(forwarded),
    'content-type': 'application/json',
    // The stream is read as it passes, so it must not be compressed.
    'accept-encoding': 'identity',
    'user-agent': 'proofhouse',
  };
}

function swapped({ json }: Question, model: string): string {
  return JsonObject.parse(parsed(json))['model'] === model ? json : swapModel(json, model);
}

function translated(wire: Wire, conversation: Conversation): string {
  return JSON.stringify(PROTOCOLS[wire].writeRequest(conversation));
}

async function bridged(sent: Incoming, wire: Wire, conversation: Conversation): Promise<Answer> {
  const body = await whole(sent, ANSWER_BYTES_MAX);
  if (typeof body !== 'string') return body;
  try {
    const reply = PROTOCOLS[wire].readReply(parsed(body));
    return { kind: 'reply', reply: withCustomCalls(reply, conversation) };
  } catch {
    return { kind: 'nonsense', message: `a 200 that is no answer in the ${wire} protocol` };
  }
}

async function whole({ chunks }: Incoming, bytesMax: number): Promise<string | Answer> {
  try {
    const body = await collect(chunks, bytesMax);
    if (body !== null) return body.toString('utf8');
    return { kind: 'nonsense', message: `an answer longer than ${bytesMax} bytes` };
  } catch (error) {
    if (error instanceof Silence) return { kind: 'silent', message: error.message };
    return { kind: 'unreachable', message: 'the connection broke in the middle of the answer' };
  }
}

async function refusal(sent: Incoming, key: string | null): Promise<Refusal> {
  const body = await whole(sent, ERROR_BYTES_MAX);
  const text = typeof body === 'string' ? messageIn(body) : '';
  return {
    kind: 'refused',
    status: sent.status,
    // Some servers quote the key that they refuse.
    message: key === null ? text : text.replaceAll(key, '«secret:known»'),
    retryAfterMs: retryAfter(sent.headers['retry-after']),
  };
}

function messageIn(body: string): string {
  const error = JsonObject.safeParse(parsed(body)).data?.['error'];
  const message = JsonObject.safeParse(error).data?.['message'] ?? error;
  return (typeof message === 'string' ? message : body).slice(0, ERROR_CHARS_MAX);
}

function retryAfter(header: string | undefined): number | null {
  const seconds = Number(header ?? Number.NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1_000 : null;
}
