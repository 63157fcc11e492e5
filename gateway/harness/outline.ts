/**
 * What a request says of the harness, read from each protocol's own places. Pure and lenient: whatever
 * is not understood counts as the JSON that it is, so nothing escapes a digest by being odd.
 *
 * A further protocol is one more function in the table.
 */
import { asObject, type JsonObject } from '../model/conversation.ts';
import type { Wire } from '../model/protocols/protocol.ts';

export type OfferedTool = {
  readonly name: string;
  readonly description: string;
  /** All else that the request says of it. */
  readonly schema: unknown;
};

export type Outline = {
  readonly model: string;
  /** Instructions, block by block. */
  readonly system: readonly string[];
  /** What the user's side says before the model first answers: some agents put rules there. */
  readonly user: readonly string[];
  readonly tools: readonly OfferedTool[];
  readonly parameters: JsonObject;
};

export const OUTLINES: Readonly<Record<Wire, (body: JsonObject) => Outline>> = {
  messages: (body) => ({
    ...{ model: textOf(body['model']), parameters: besides(body, ['messages', 'system']) },
    system: [...blocksOf(body['system']), ...said(body['messages'], SYSTEM)],
    user: said(body['messages'], USER),
    tools: listOf(body['tools']).map((tool) => named(tool, tool)),
  }),
  responses: (body) => ({
    ...{ model: textOf(body['model']), parameters: besides(body, ['input', 'instructions']) },
    system: [...blocksOf(body['instructions']), ...said(body['input'], SYSTEM)],
    user: typeof body['input'] === 'string' ? [body['input']] : said(body['input'], USER),
    tools: listOf(body['tools']).flatMap(inNamespace),
  }),
  chat: (body) => ({
    ...{ model: textOf(body['model']), parameters: besides(body, ['messages']) },
    system: said(body['messages'], SYSTEM),
    user: said(body['messages'], USER),
    tools: listOf(body['tools']).map((tool) => {
      const { function: described, custom } = objectOf(tool);
      return named(described ?? custom ?? tool, tool);
    }),
  }),
  // Names of fields in either spelling that its API takes; the model is told by the path.
  gemini: (body) => ({
    model: '',
    parameters: besides(body, ['contents', 'systemInstruction', 'system_instruction']),
    system: partsOf(body['systemInstruction'] ?? body['system_instruction']),
    user: leadingParts(body['contents']),
    tools: listOf(body['tools']).flatMap(declared),
  }),
};

/** What the user's side says before the model's first turn. */
function leadingParts(contents: unknown): string[] {
  const turns = listOf(contents).map(objectOf);
  const first = turns.findIndex(({ role }) => role === 'model');
  return (first < 0 ? turns : turns.slice(0, first)).flatMap(partsOf);
}

function partsOf(content: unknown): string[] {
  return typeof content === 'string' ? [content] : blocksOf(objectOf(content)['parts']);
}

/** A tool of the provider's own is an entry with no declaration, named by its key. */
function declared(tool: unknown): OfferedTool[] {
  const entry = objectOf(tool);
  const functions = entry['functionDeclarations'] ?? entry['function_declarations'];
  if (Array.isArray(functions)) return functions.map((one) => named(one, one));
  return Object.entries(entry).map(([name, schema]) => ({ name, description: '', schema }));
}

const SYSTEM = new Set(['system', 'developer']);
const USER = new Set(['user']);

/** Texts of these roles before the model's first turn. */
function said(messages: unknown, roles: ReadonlySet<string>): string[] {
  const items = listOf(messages).map(objectOf);
  const first = items.findIndex(({ role, type }) => {
    return role === 'assistant' || role === 'tool' || (type !== undefined && type !== 'message');
  });
  const leading = first < 0 ? items : items.slice(0, first);
  return leading.flatMap(({ role, content }) => (roles.has(textOf(role)) ? blocksOf(content) : []));
}

function blocksOf(content: unknown): string[] {
  if (content === undefined || content === null || content === '') return [];
  if (typeof content === 'string') return [content];
  return listOf(content).map((block) => {
    const { text } = objectOf(block);
    return typeof text === 'string' ? text : JSON.stringify(block);
  });
}

/** Codex groups the tools of an MCP server under its name. */
function inNamespace(tool: unknown): OfferedTool[] {
  const { type, name, tools } = objectOf(tool);
  if (type !== 'namespace') return [named(tool, tool)];
  return listOf(tools).map((inner) => {
    const found = named(inner, inner);
    return { ...found, name: `${textOf(name)}.${found.name}` };
  });
}

/** A tool of the provider's own has a type and perhaps no name. */
function named(described: unknown, tool: unknown): OfferedTool {
  const { name, description, ...schema } = objectOf(described);
  const called = textOf(name) || textOf(objectOf(tool)['type']);
  return { name: called, description: textOf(description), schema };
}

/** Says which call it is, or is told elsewhere; differs from call to call of one harness. */
const NO_PARAMETERS = [
  ...['model', 'tools', 'stream', 'stream_options', 'metadata', 'user', 'prompt_cache_key'],
  ...['client_metadata', 'previous_response_id', 'safety_identifier', 'conversation'],
];

function besides(body: JsonObject, texts: readonly string[]): JsonObject {
  const left = new Set([...NO_PARAMETERS, ...texts]);
  return Object.fromEntries(Object.entries(body).filter(([name]) => !left.has(name)));
}

function objectOf(value: unknown): JsonObject {
  return asObject(value) ?? {};
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
