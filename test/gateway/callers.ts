/** The same conversation as each of the four protocols says it, and what their answers look like. */
import { z } from 'zod';
import type { Wire } from '../../gateway/model/protocols/protocol.ts';

const PARAMETERS = { type: 'object', properties: { path: { type: 'string' } } };
const SYSTEM = 'You are an agent.';
const TASK = 'Do the task.';

type Dialect = {
  readonly path: (stream: boolean) => string;
  /** A system text, a task, a call of `read` with its result, and one tool. */
  readonly long: (stream: boolean) => object;
  /** A task that is a picture. */
  readonly picture: object;
  readonly error: z.ZodType;
  /** The last event of a stream that broke off. */
  readonly cut: RegExp;
};

const message = z.string().min(1);

export const DIALECTS: Readonly<Record<Wire, Dialect>> = {
  messages: {
    path: () => '/v1/messages',
    long: (stream) => ({
      model: 'any',
      stream,
      max_tokens: 500,
      system: [{ type: 'text', text: SYSTEM }],
      messages: [
        { role: 'user', content: TASK },
        {
          role: 'assistant',
          content: [{ type: 'tool_use', id: 'c1', name: 'read', input: { path: 'a' } }],
        },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'c1', content: 'A' }] },
      ],
      tools: [{ name: 'read', description: 'reads', input_schema: PARAMETERS }],
    }),
    picture: {
      model: 'any',
      max_tokens: 5,
      messages: [
        {
          role: 'user',
          content: [
            { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AA==' } },
          ],
        },
      ],
    },
    error: z.strictObject({
      type: z.literal('error'),
      error: z.strictObject({ type: z.string().regex(/_error$|^request_too_large$/), message }),
    }),
    cut: /event: error\ndata: \{"type":"error","error":\{.*\}\}\n\n$/,
  },
  responses: {
    path: () => '/v1/responses',
    long: (stream) => ({
      model: 'any',
      stream,
      max_output_tokens: 500,
      instructions: SYSTEM,
      input: [
        { type: 'message', role: 'user', content: [{ type: 'input_text', text: TASK }] },
        { type: 'function_call', call_id: 'c1', name: 'read', arguments: '{"path":"a"}' },
        { type: 'function_call_output', call_id: 'c1', output: 'A' },
      ],
      tools: [{ type: 'function', name: 'read', description: 'reads', parameters: PARAMETERS }],
    }),
    picture: {
      model: 'any',
      input: [
        {
          type: 'message',
          role: 'user',
          content: [{ type: 'input_image', image_url: 'data:image/png;base64,AA==' }],
        },
      ],
    },
    error: z.strictObject({
      error: z.strictObject({ message, type: z.string(), code: z.null() }),
    }),
    cut: /event: response.failed\ndata: \{"type":"response.failed".*\}\n\n$/,
  },
  chat: {
    path: () => '/v1/chat/completions',
    long: (stream) => ({
      model: 'any',
      stream,
      max_tokens: 500,
      messages: [
        { role: 'system', content: SYSTEM },
        { role: 'user', content: TASK },
        {
          role: 'assistant',
          content: null,
          tool_calls: [
            { id: 'c1', type: 'function', function: { name: 'read', arguments: '{"path":"a"}' } },
          ],
        },
        { role: 'tool', tool_call_id: 'c1', content: 'A' },
      ],
      tools: [
        {
          type: 'function',
          function: { name: 'read', description: 'reads', parameters: PARAMETERS },
        },
      ],
    }),
    picture: {
      model: 'any',
      messages: [
        {
          role: 'user',
          content: [{ type: 'image_url', image_url: { url: 'data:image/png;base64,AA==' } }],
        },
      ],
    },
    error: z.strictObject({
      error: z.strictObject({ message, type: z.string(), param: z.null(), code: z.null() }),
    }),
    cut: /data: \{"error":\{"message":.*"server_error".*\}\}\n\n$/,
  },
  gemini: {
    path: (stream) =>
      `/v1beta/models/any:${stream ? 'streamGenerateContent?alt=sse' : 'generateContent'}`,
    long: () => ({
      systemInstruction: { parts: [{ text: SYSTEM }] },
      contents: [
        { role: 'user', parts: [{ text: TASK }] },
        { role: 'model', parts: [{ functionCall: { name: 'read', args: { path: 'a' } } }] },
        {
          role: 'user',
          parts: [{ functionResponse: { name: 'read', response: { output: 'A' } } }],
        },
      ],
      tools: [
        {
          functionDeclarations: [
            {
              name: 'read',
              description: 'reads',
              parameters: { type: 'OBJECT', properties: { path: { type: 'STRING' } } },
            },
          ],
        },
      ],
      generationConfig: { maxOutputTokens: 500 },
    }),
    picture: {
      contents: [
        { role: 'user', parts: [{ inlineData: { mimeType: 'image/png', data: 'AA==' } }] },
      ],
    },
    error: z.strictObject({
      error: z.strictObject({ code: z.int(), message, status: z.string().regex(/^[A-Z_]+$/) }),
    }),
    cut: /data: \{"error":\{"code":500,.*"INTERNAL"\}\}\n\n$/,
  },
};

export const WIRES = Object.keys(DIALECTS) as Wire[];
