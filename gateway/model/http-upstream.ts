/**
 * Models behind HTTP: any OpenAI-compatible, any Anthropic-compatible and any Gemini server.
 * The key is put in here, last, and nothing that an agent sent besides the body and the few
 * headers named below gets through.
 */
import { collect, type Incoming, Silence, send } from '../outgoing.ts';
import type { Timers } from '../timers.ts';
import { askBridged } from './bridge.ts';
import { JsonObject } from './conversation.ts';
import { isUsageChunk } from './protocols/chat.ts';
import { parsed, type Wire } from './protocols/protocol.ts';
import { swapModel, withField } from './swap-model.ts';
import {
  type Answer,
  type ModelUpstream,
  PATIENCE,
  type Patience,
  type Price,
  type Question,
  type Refusal,
} from './upstream.ts';

export type HttpModel = {
  readonly name: string;
  readonly model: string;
  /** Base address; `/v1` may be at its end or not. */
  readonly url: string;
  readonly key: string | null;
  readonly price: Price | null;
  readonly patience?: Patience;
  readonly timers?: Timers;
};

const ERROR_BYTES_MAX = 64 * 1024;
const ERROR_CHARS_MAX = 2_000;
const FORWARDED = ['anthropic-version', 'anthropic-beta', 'openai-beta', 'accept'];

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
      if (instead.kind === 'reply' || instead.kind === 'pieces') found.wire = 'chat';
      return instead;
    },
  };
}

export function anthropicUpstream(options: HttpModel): ModelUpstream {
  return { ...shown(options), wire: 'messages', ask: ask.bind(null, options, 'messages') };
}

export function geminiUpstream(options: HttpModel): ModelUpstream {
  return { ...shown(options), wire: 'gemini', ask: ask.bind(null, options, 'gemini') };
}

/** The base address with its version, without a slash at its end. */
export function versioned(url: string, wire: Wire): string {
  const base = url.replace(/\/+$/, '');
  if (/\/v\d+[a-z]*(\/|$)/.test(new URL(base).pathname)) return base;
  return `${base}/${wire === 'gemini' ? 'v1beta' : 'v1'}`;
}

export function credentials(wire: Wire, key: string | null): Record<string, string> {
  if (wire === 'messages') {
    return { 'anthropic-version': '2023-06-01', ...(key === null ? {} : { 'x-api-key': key }) };
  }
  if (key === null) return {};
  return wire === 'gemini' ? { 'x-goog-api-key': key } : { authorization: `Bearer ${key}` };
}

function shown({ name, model, price, patience = PATIENCE }: HttpModel) {
  return { name, model, price, patience };
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
  const post = async (body: string, own: { headers: object; firstByteMs: number }) => {
    const sent = await send(
      {
        url: new URL(`${versioned(options.url, wire)}/${endpoint(wire, options, question)}`),
        method: 'POST',
        headers: { ...credentials(wire, options.key), ...own.headers, ...FIXED },
        body: Buffer.from(body),
        connectMs: patience.connectMs,
        firstByteMs: own.firstByteMs,
        idleMs: patience.idleMs,
        timers: options.timers,
      },
      signal,
    );
    signal.throwIfAborted();
    if (sent.ended !== 'answered') return { kind: sent.ended, message: sent.message };
    return sent.status === 200 ? sent : await refusal(sent, options.key);
  };
  if (question.protocol.wire !== wire) {
    const patient = { headers: {}, firstByteMs: patience.wholeAnswerMs };
    return askBridged({ wire, model: options.model, question }, (body) => post(body, patient));
  }
  const { firstByteMs } = patience;
  const { json, without } = passedOn(question, options.model);
  const sent = await post(json, { headers: forwarded(question), firstByteMs });
  if (!('ended' in sent)) return sent;
  const contentType = sent.headers['content-type'] ?? null;
  return { kind: 'raw', chunks: sent.chunks, contentType, ...(without ? { without } : {}) };
}

const FIXED = {
  'content-type': 'application/json',
  // The stream is read as it passes, so it must not be compressed.
  'accept-encoding': 'identity',
  'user-agent': 'proofhouse',
};

function endpoint(wire: Wire, { model }: HttpModel, { stream }: Question): string {
  switch (wire) {
    case 'responses':
      return 'responses';
    case 'chat':
      return 'chat/completions';
    case 'messages':
      return 'messages';
    case 'gemini': {
      const verb = stream ? 'streamGenerateContent?alt=sse' : 'generateContent';
      return `models/${encodeURIComponent(model)}:${verb}`;
    }
  }
}

function forwarded({ headers }: Question): Record<string, string> {
  const found = FORWARDED.flatMap((name) => {
    const value = headers[name];
    return typeof value === 'string' ? [[name, value]] : [];
  });
  return Object.fromEntries(found);
}

/** The request with its own bytes, but for the model's name and what the ledger needs to know. */
function passedOn(
  { protocol, json, body, stream }: Question,
  model: string,
): { json: string; without?: (data: string) => boolean } {
  // This one has its model in the path.
  const name = protocol.wire === 'gemini' ? `models/${model}` : model;
  const named = body['model'] === name ? json : swapModel(json, name);
  const isSilent = protocol.wire === 'chat' && stream && body['stream_options'] === undefined;
  if (!isSilent) return { json: named };
  // A stream of Chat tells what it took only when asked, and the agent did not ask.
  return {
    json: withField(named, 'stream_options', { include_usage: true }),
    without: isUsageChunk,
  };
}

async function refusal(sent: Incoming, key: string | null): Promise<Refusal> {
  const text = messageIn(await errorText(sent));
  return {
    kind: 'refused',
    status: sent.status,
    // Some servers quote the key that they refuse.
    message: key === null ? text : text.replaceAll(key, '«secret:known»'),
    retryAfterMs: retryAfter(sent.headers['retry-after']),
  };
}

/** Empty when it did not come whole; the status says enough. */
async function errorText({ chunks }: Incoming): Promise<string> {
  try {
    return (await collect(chunks, ERROR_BYTES_MAX))?.toString('utf8') ?? '';
  } catch (error) {
    return error instanceof Silence ? error.message : '';
  }
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
