/**
 * Finds what in a model request would make the provider's own servers go out to the network:
 * hosted tools, remote MCP servers, addresses to fetch. A sandbox has no network, and a model
 * provider that opens an address of the agent's choice would be one (the address can carry data).
 * What a tool of the agent's own is given as arguments is its own business and not looked at.
 */
import { JsonObject } from './conversation.ts';

/** Tools that the agent itself performs, and says so by their type. */
const OWN_TOOLS =
  /^(function|custom|namespace|local_shell|(bash|text_editor|computer|memory)_\d+)$/;
const OUTWARD_KEYS = ['mcp_servers', 'web_search_options', 'container', 'plugins', 'prompt'];
/** Fields of content parts that a provider may fetch from. */
const FETCHED_FIELDS = ['image_url', 'file_url', 'video_url', 'audio_url', 'url'];

/** What reaches out, in words; null when nothing does. */
export function reachesOut(body: JsonObject): string | null {
  const key = OUTWARD_KEYS.find((name) => isSet(body[name]));
  if (key !== undefined) return `the field ${key}`;
  const tool = listOf(body['tools'])
    .map(typeOf)
    .find((type) => !OWN_TOOLS.test(type));
  if (tool !== undefined) return `the hosted tool ${JSON.stringify(tool.slice(0, 60))}`;
  const parts = ['input', 'messages', 'system'].flatMap((name) => listOf(body[name]));
  return parts.some(fetches) ? 'an address for the provider to fetch' : null;
}

function fetches(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(fetches);
  const { data: part } = JsonObject.safeParse(value);
  if (part === undefined) return false;
  if (FETCHED_FIELDS.some((field) => isAddress(part[field]))) return true;
  return ['content', 'output', 'source', 'image_url', 'file'].some((name) => fetches(part[name]));
}

function isAddress(value: unknown): boolean {
  return typeof value === 'string' && !/^data:/i.test(value.trim());
}

function typeOf(tool: unknown): string {
  const type = JsonObject.safeParse(tool).data?.['type'];
  return typeof type === 'string' ? type : 'function';
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function isSet(value: unknown): boolean {
  return value !== undefined && value !== null && !(Array.isArray(value) && value.length === 0);
}
