/**
 * Finds what in a model request would make the provider's own servers go out to the network:
 * hosted tools, remote MCP servers, addresses to fetch. A sandbox has no network, and a model
 * provider that opens an address of the agent's choice would be one (the address can carry data).
 * What a tool of the agent's own is given as arguments is its own business and not looked at.
 */
import { asObject, type JsonObject } from './conversation.ts';
import type { Wire } from './protocols/protocol.ts';

/** Tools that the agent itself performs, and says so by their type. */
const OWN_TOOLS =
  /^(function|custom|namespace|local_shell|(bash|text_editor|computer|memory)_\d+)$/;
const OUTWARD_KEYS = ['mcp_servers', 'web_search_options', 'container', 'plugins', 'prompt'];
/** Fields of content parts that a provider may fetch from. */
const FETCHED_FIELDS = ['image_url', 'file_url', 'video_url', 'audio_url', 'url'];

/** Gemini tells hosted tools by their field, so only the one that holds the agent's own may be there. */
const OWN_GEMINI_TOOLS = /^function_?declarations$/i;
/** What lies at the provider may have been put there by anybody with the key. */
const GEMINI_KEYS = ['cachedContent', 'cached_content'];
const GEMINI_FETCHED = ['fileData', 'file_data'];
const DEPTH_MAX = 32;

/** What reaches out, in words; null when nothing does. */
export function reachesOut(body: JsonObject, wire: Wire): string | null {
  return wire === 'gemini' ? geminiReach(body) : openReach(body);
}

function geminiReach(body: JsonObject): string | null {
  const key = GEMINI_KEYS.find((name) => isSet(body[name]));
  if (key !== undefined) return `the field ${key}`;
  const tools = [body['tools']].flat();
  const hosted = tools
    .flatMap((tool) => Object.keys(asObject(tool) ?? {}))
    .find((name) => !OWN_GEMINI_TOOLS.test(name));
  if (hosted !== undefined) return `the hosted tool ${JSON.stringify(hosted.slice(0, 60))}`;
  const said = ['contents', 'systemInstruction', 'system_instruction'].map((name) => body[name]);
  return said.some((value) => holds(value, GEMINI_FETCHED, DEPTH_MAX)) ? FETCH : null;
}

/** Anywhere but in what a tool of the agent's own was given or gave. */
function holds(value: unknown, names: readonly string[], depth: number): boolean {
  if (depth === 0) return true;
  if (Array.isArray(value)) return value.some((item) => holds(item, names, depth - 1));
  const part = asObject(value);
  if (part === undefined) return false;
  if (names.some((name) => isSet(part[name]))) return true;
  const result = part['functionResponse'] ?? part['function_response'];
  const inner = asObject(result)?.['parts'];
  return [part['parts'], inner].some((one) => holds(one, names, depth - 1));
}

const FETCH = 'an address for the provider to fetch';

function openReach(body: JsonObject): string | null {
  const key = OUTWARD_KEYS.find((name) => isSet(body[name]));
  if (key !== undefined) return `the field ${key}`;
  const tool = listOf(body['tools'])
    .map(typeOf)
    .find((type) => !OWN_TOOLS.test(type));
  if (tool !== undefined) return `the hosted tool ${JSON.stringify(tool.slice(0, 60))}`;
  const parts = ['input', 'messages', 'system'].flatMap((name) => listOf(body[name]));
  return parts.some((part) => fetches(part, DEPTH_MAX)) ? FETCH : null;
}

/** Nobody nests what they say so deeply that we cannot look at all of it. */
function fetches(value: unknown, depth: number): boolean {
  if (depth === 0) return true;
  if (Array.isArray(value)) return value.some((item) => fetches(item, depth - 1));
  const part = asObject(value);
  if (part === undefined) return false;
  if (FETCHED_FIELDS.some((field) => isAddress(part[field]))) return true;
  return ['content', 'output', 'source', 'image_url', 'file'].some((name) =>
    fetches(part[name], depth - 1),
  );
}

function isAddress(value: unknown): boolean {
  return typeof value === 'string' && !/^data:/i.test(value.trim());
}

function typeOf(tool: unknown): string {
  const type = asObject(tool)?.['type'];
  return typeof type === 'string' ? type : 'function';
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function isSet(value: unknown): boolean {
  return value !== undefined && value !== null && !(Array.isArray(value) && value.length === 0);
}
