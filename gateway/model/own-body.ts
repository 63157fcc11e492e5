/** A question of the controller's own, as each protocol writes it. Pure. */
import type { OwnQuestion } from '../../orchestrator/ports/own-question.ts';
import type { JsonObject } from './conversation.ts';
import { chat } from './protocols/chat.ts';
import { gemini } from './protocols/gemini.ts';
import { messages } from './protocols/messages.ts';
import type { Protocol } from './protocols/protocol.ts';
import type { ModelUpstream, Question } from './upstream.ts';

type Asked = Pick<OwnQuestion, 'instructions' | 'text' | 'schema' | 'outputTokens'>;

/** In the model's own protocol, so that the schema and the temperature reach it. */
export function questionFor(
  { wire }: Pick<ModelUpstream, 'wire'>,
  asked: Asked & Pick<OwnQuestion, 'run' | 'attempt'>,
): Question {
  const protocol = protocolOf(wire);
  const body = bodyIn(protocol, asked);
  const { run, attempt } = asked;
  return {
    ...{ protocol, body, json: JSON.stringify(body), stream: false, headers: {}, run, attempt },
    conversation: () => protocol.readRequest(body),
  };
}

/** Servers of Responses take Chat too. */
function protocolOf(wire: ModelUpstream['wire']): Protocol {
  if (wire === 'messages') return messages;
  return wire === 'gemini' ? gemini : chat;
}

function bodyIn({ wire }: Protocol, asked: Asked): JsonObject {
  if (wire === 'messages') return inMessages(asked);
  return wire === 'gemini' ? inGemini(asked) : inChat(asked);
}

function inChat({ instructions, text, schema, outputTokens }: Asked): JsonObject {
  const format = { name: 'answer', strict: true, schema };
  return {
    model: '',
    messages: [
      { role: 'system', content: instructions },
      { role: 'user', content: text },
    ],
    temperature: 0,
    max_tokens: outputTokens,
    ...(schema && { response_format: { type: 'json_schema', json_schema: format } }),
  };
}

function inMessages({ instructions, text, schema, outputTokens }: Asked): JsonObject {
  return {
    model: '',
    system: instructions,
    messages: [{ role: 'user', content: text }],
    temperature: 0,
    max_tokens: outputTokens,
    ...(schema && { output_config: { format: { type: 'json_schema', schema } } }),
  };
}

function inGemini({ instructions, text, schema, outputTokens }: Asked): JsonObject {
  const json = schema && { responseMimeType: 'application/json', responseJsonSchema: schema };
  return {
    systemInstruction: { parts: [{ text: instructions }] },
    contents: [{ role: 'user', parts: [{ text }] }],
    generationConfig: { temperature: 0, maxOutputTokens: outputTokens, ...json },
  };
}
