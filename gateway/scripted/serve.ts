/**
 * The scripted model as a server of its own: OpenAI- and Anthropic-compatible, so that any client
 * can be pointed at it. It serves one machine and asks for no key.
 */
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readBody } from '../incoming.ts';
import { type Asked, askedAt } from '../model/address.ts';
import { callerOf, sendError } from '../model/caller.ts';
import { objectIn } from '../model/conversation.ts';
import { countTokens, modelList } from '../model/listing.ts';
import { understood } from '../model/upstream.ts';
import { SCRIPTED, type ScriptedModel, scriptedModel } from './model.ts';
import { loadScenarios } from './scenario.ts';

export type ScriptedServer = { readonly url: string; close(): Promise<void> };

const LIMITS = { bodyBytes: 32 * 1024 * 1024, bodyMs: 60_000 };
/** Nothing in a request over TCP says which run and attempt it is of. */
const ASKER = { run: 'tcp', attempt: 1 };

export async function serveScripted(
  folder: string,
  { host, port }: { host: string; port: number },
): Promise<ScriptedServer> {
  const model = scriptedModel(await loadScenarios(folder));
  const server = http.createServer((request, response) => {
    route(model, request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const { port: bound } = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${bound}`,
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function route(
  model: ScriptedModel,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { method = '', url = '' } = request;
  const asked = askedAt(method, url);
  if (asked === null) return sendJson(response, 404, { error: { message: 'no such path' } });
  const { protocol, action, model: named } = asked;
  if (action === 'alive') return void response.writeHead(200).end();
  if (action === 'list') return sendJson(response, 200, modelList(SCRIPTED, protocol.wire, named));
  const body = await readBody(request, LIMITS);
  if (body.ended === 'gone') return;
  if (body.ended === 'refused') return sendError(response, protocol, { ...body, again: false });
  if (action === 'count') return sendJson(response, 200, countTokens(body.bytes, protocol.wire));
  await answer(model, { asked, json: Buffer.from(body.bytes).toString('utf8') }, response);
}

async function answer(
  model: ScriptedModel,
  { asked, json }: { asked: Asked; json: string },
  response: ServerResponse,
): Promise<void> {
  const { protocol } = asked;
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  const read = () => protocol.readRequest(objectIn(json));
  const conversation = understood({ protocol, conversation: read });
  if ('kind' in conversation) {
    return sendError(response, protocol, { ...conversation, again: false });
  }
  const stream = asked.stream ?? conversation.stream;
  const answered = await model.answer(conversation, ASKER, gone.signal);
  switch (answered.kind) {
    case 'reply':
      return callerOf(response, { protocol, stream }, gone.signal).reply(
        answered.reply,
        conversation,
      );
    case 'refused':
      return sendError(response, protocol, { ...answered, again: answered.status >= 500 });
    case 'garbage':
      response.writeHead(200, { 'content-type': 'text/html' }).end(answered.text);
  }
}

function sendJson(response: ServerResponse, status: number, value: object): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(value));
}
