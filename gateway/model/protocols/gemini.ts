/**
 * Gemini generateContent. Roles are `user` and `model`, the system stands apart, and a result finds
 * its call by the name of the tool where no id was given. The API takes field names in camelCase
 * and in snake_case; what is read here is read in both.
 */
import { z } from 'zod';
import {
  allTokens,
  answerTokens,
  type ModelUsage,
  promptTokens,
} from '../../../orchestrator/domain/money.ts';
import {
  addAssistant,
  argumentsOf,
  type Conversation,
  JsonObject,
  type Message,
  type Reply,
  type Tool,
  type ToolCall,
} from '../conversation.ts';
import type { PieceWriter } from '../pieces.ts';
import { COMMENT, count, data, type Protocol, parsed, type Seen } from './protocol.ts';
import { splitUsage } from './usage.ts';

export const gemini: Protocol = {
  wire: 'gemini',
  stopStatus: null,
  keepAlive: COMMENT,
  readRequest,
  readReply,
  writeReply,
  streamWriter,
  writeError: (status, message) => ({ error: errorOf(status, message) }),
  writeStreamError: (message) => data({ error: errorOf(500, message) }),
  telling: /"usageMetadata"|"finishReason"|"blockReason"|"error"/,
  watch,
};

const Part = z.looseObject({
  text: z.string().optional(),
  thought: z.boolean().nullish(),
  functionCall: z
    .looseObject({ id: z.string().nullish(), name: z.string(), args: JsonObject.nullish() })
    .optional(),
  functionResponse: z
    .looseObject({ id: z.string().nullish(), name: z.string(), response: JsonObject.nullish() })
    .optional(),
});
type Part = z.infer<typeof Part>;

const parts = z.array(z.preprocess(camelCased, Part));
const Content = z.looseObject({ role: z.string().nullish(), parts: parts.nullish() });
const System = z.union([z.string(), Content]).nullish();

const Declaration = z.preprocess(
  camelCased,
  z.looseObject({
    name: z.string(),
    description: z.string().nullish(),
    parameters: JsonObject.nullish(),
    parametersJsonSchema: JsonObject.nullish(),
  }),
);
const Request = z.preprocess(
  camelCased,
  z.looseObject({
    contents: z.array(Content),
    systemInstruction: System,
    tools: z
      .array(
        z.preprocess(
          camelCased,
          z.looseObject({ functionDeclarations: z.array(Declaration).nullish() }),
        ),
      )
      .nullish(),
    generationConfig: z
      .preprocess(camelCased, z.looseObject({ maxOutputTokens: z.int().positive().nullish() }))
      .nullish(),
  }),
);

function camelCased(value: unknown): unknown {
  const { data: fields } = JsonObject.safeParse(value);
  if (fields === undefined) return value;
  const renamed = Object.entries(fields).map(([name, field]) => [
    name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
    field,
  ]);
  return Object.fromEntries(renamed);
}

/** The model and whether to stream are in the path, so they are not known here. */
function readRequest(body: unknown): Conversation {
  const request = Request.parse(body);
  const { systemInstruction } = request;
  const system =
    typeof systemInstruction === 'string'
      ? systemInstruction
      : saidIn(systemInstruction?.parts ?? []);
  const messages: Message[] = system === '' ? [] : [{ role: 'system', text: system }];
  const calls = callNames();
  for (const content of request.contents) {
    addContent(messages, content.role ?? 'user', { said: content.parts ?? [], calls });
  }
  return {
    model: '',
    stream: false,
    streamUsage: true,
    messages,
    tools: (request.tools ?? []).flatMap(({ functionDeclarations }) =>
      (functionDeclarations ?? []).map(readTool),
    ),
    maxOutputTokens: request.generationConfig?.maxOutputTokens ?? null,
  };
}

type CallNames = ReturnType<typeof callNames>;

/** Ids for calls that have none: each result belongs to the oldest open call of its name. */
function callNames() {
  const open: { id: string; name: string }[] = [];
  let made = 0;
  return {
    called: (name: string, given: string | null | undefined): string => {
      made += 1;
      const id = given || `call_${made}`;
      open.push({ id, name });
      return id;
    },
    answered: (name: string, given: string | null | undefined): string => {
      const at = open.findIndex((one) => (given ? one.id === given : one.name === name));
      const [found] = at < 0 ? [] : open.splice(at, 1);
      return given || found?.id || `call_of_${name}`;
    },
  };
}

function addContent(
  messages: Message[],
  role: string,
  { said, calls }: { said: readonly Part[]; calls: CallNames },
): void {
  const text = saidIn(said);
  if (role === 'model') {
    const made = said.flatMap(({ functionCall: call }) =>
      call ? [readCall(call, calls.called(call.name, call.id))] : [],
    );
    addAssistant(messages, { text, calls: made });
    return;
  }
  for (const { functionResponse: result } of said) {
    if (!result) continue;
    const callId = calls.answered(result.name, result.id);
    messages.push({ role: 'tool', callId, text: resultText(result.response ?? {}) });
  }
  if (text !== '') messages.push({ role: 'user', text });
}

function saidIn(said: readonly Part[]): string {
  return said.flatMap(({ text, thought }) => (text && !thought ? [text] : [])).join('\n');
}

function readCall({ name, args }: NonNullable<Part['functionCall']>, id: string): ToolCall {
  return { id, name, input: JSON.stringify(args ?? {}), custom: false };
}

function resultText(response: JsonObject): string {
  const [only, ...more] = Object.values(response);
  return typeof only === 'string' && more.length === 0 ? only : JSON.stringify(response);
}

function readTool(declared: z.infer<typeof Declaration>): Tool {
  const { name, description, parametersJsonSchema, parameters } = declared;
  const shape = parametersJsonSchema ?? lowerTypes(parameters ?? { type: 'object' }, DEPTH_MAX);
  return {
    name,
    description: description ?? '',
    parameters: JsonObject.parse(shape),
    custom: false,
  };
}

const DEPTH_MAX = 32;

/** `OBJECT` and `STRING` are how this API writes what JSON Schema calls `object` and `string`. */
function lowerTypes(value: unknown, depth: number): unknown {
  if (depth === 0) return value;
  if (Array.isArray(value)) return value.map((item) => lowerTypes(item, depth - 1));
  const { data: fields } = JsonObject.safeParse(value);
  if (fields === undefined) return value;
  return Object.fromEntries(
    Object.entries(fields).map(([name, field]) => [
      name,
      name === 'type' && typeof field === 'string'
        ? field.toLowerCase()
        : lowerTypes(field, depth - 1),
    ]),
  );
}

const Usage = z.looseObject({
  promptTokenCount: count,
  toolUsePromptTokenCount: count,
  candidatesTokenCount: count,
  thoughtsTokenCount: count,
  cachedContentTokenCount: z.int().nonnegative().nullish().catch(null),
});

/** Thoughts are beside the candidates and are charged as output; what was cached is in the prompt. */
function readUsage(usage: z.infer<typeof Usage>): ModelUsage {
  const { thoughtsTokenCount: thoughts, cachedContentTokenCount: cached } = usage;
  return splitUsage({
    input: usage.promptTokenCount + usage.toolUsePromptTokenCount,
    output: usage.candidatesTokenCount + thoughts,
    cached: { cached_tokens: cached, cache_write_tokens: 0 },
    reasoned: { reasoning_tokens: thoughts },
  });
}

const Answer = z
  .looseObject({
    responseId: z.string().default('response'),
    modelVersion: z.string().default(''),
    candidates: z
      .array(z.looseObject({ content: Content.nullish(), finishReason: z.string().nullish() }))
      .optional(),
    promptFeedback: z.looseObject({ blockReason: z.string().nullish() }).nullish(),
    usageMetadata: Usage.nullish(),
  })
  .refine(({ candidates, promptFeedback }) => candidates !== undefined || promptFeedback);

function readReply(body: unknown): Reply {
  const { responseId, modelVersion, candidates, usageMetadata } = Answer.parse(body);
  const [candidate] = candidates ?? [];
  const said = candidate?.content?.parts ?? [];
  const names = callNames();
  return {
    id: responseId,
    model: modelVersion,
    text: saidIn(said),
    calls: said.flatMap(({ functionCall: call }) =>
      call ? [readCall(call, names.called(call.name, call.id))] : [],
    ),
    cutShort: candidate?.finishReason === 'MAX_TOKENS',
    usage: usageMetadata ? readUsage(usageMetadata) : null,
  };
}

type Head = Pick<Reply, 'id' | 'model'>;

function writeReply(reply: Reply): JsonObject {
  const said = reply.text === '' && reply.calls.length > 0 ? [] : [{ text: reply.text }];
  return {
    ...chunk(reply, [...said, ...reply.calls.map(callPart)], finish(reply.cutShort)),
    ...writeUsage(reply.usage),
  };
}

function chunk({ id, model }: Head, said: readonly JsonObject[], finishReason?: string) {
  const end = finishReason === undefined ? {} : { finishReason };
  return {
    candidates: [{ content: { role: 'model', parts: said }, ...end, index: 0 }],
    modelVersion: model,
    responseId: id,
  };
}

function callPart(call: ToolCall): JsonObject {
  return { functionCall: { id: call.id, name: call.name, args: argumentsOf(call) } };
}

function finish(cutShort: boolean): string {
  return cutShort ? 'MAX_TOKENS' : 'STOP';
}

function writeUsage(usage: ModelUsage | null): JsonObject {
  if (usage === null) return {};
  return {
    usageMetadata: {
      promptTokenCount: promptTokens(usage),
      candidatesTokenCount: answerTokens(usage),
      totalTokenCount: allTokens(usage),
    },
  };
}

/** The protocol has no part of a call: one goes out when all of its arguments are there. */
function streamWriter(): PieceWriter {
  let head: Head = { id: '', model: '' };
  let call: ToolCall | null = null;
  return (piece) => {
    switch (piece.kind) {
      case 'start':
        head = piece;
        return '';
      case 'text':
        return data(chunk(head, [{ text: piece.text }]));
      case 'call':
        call = { ...piece, input: '' };
        return '';
      case 'input':
        if (call !== null) call = { ...call, input: call.input + piece.input };
        return '';
      case 'called': {
        const said = call === null ? [] : [callPart(call)];
        call = null;
        return data(chunk(head, said));
      }
      case 'end':
        return data({
          ...chunk(head, [{ text: '' }], finish(piece.cutShort)),
          ...writeUsage(piece.usage),
        });
    }
  };
}

const Chunk = z.looseObject({
  candidates: z.array(z.looseObject({ finishReason: z.string().nullish() })).optional(),
  promptFeedback: z.looseObject({ blockReason: z.string().nullish() }).nullish(),
  usageMetadata: Usage.nullish(),
  error: z.unknown().optional(),
});

function watch(text: string, seen: Seen): Seen | null {
  const read = Chunk.safeParse(parsed(text));
  if (!read.success) return null;
  const { candidates, promptFeedback, usageMetadata, error } = read.data;
  if (!(candidates || promptFeedback || usageMetadata || error)) return null;
  const finished = (candidates ?? []).some(({ finishReason }) => Boolean(finishReason));
  return {
    // Each chunk holds the totals so far.
    usage: usageMetadata ? readUsage(usageMetadata) : seen.usage,
    ended: seen.ended || finished || Boolean(promptFeedback?.blockReason),
    failed: seen.failed || Boolean(error),
  };
}

function errorOf(status: number, message: string): JsonObject {
  const names: Record<number, string> = {
    400: 'INVALID_ARGUMENT',
    401: 'UNAUTHENTICATED',
    403: 'PERMISSION_DENIED',
    404: 'NOT_FOUND',
    408: 'DEADLINE_EXCEEDED',
    413: 'INVALID_ARGUMENT',
    429: 'RESOURCE_EXHAUSTED',
    503: 'UNAVAILABLE',
  };
  const other = status < 500 ? 'FAILED_PRECONDITION' : 'INTERNAL';
  return { code: status, message, status: names[status] ?? other };
}
