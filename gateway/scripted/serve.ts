/**
 * The scripted model as a server of its own: OpenAI- and Anthropic-compatible, so that any client
 * can be pointed at it. It serves one machine and asks for no key.
 */
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readBody } from '../incoming.ts';
import { callerOf, sendError } from '../model/caller.ts';
import { objectIn } from '../model/conversation.ts';
import { countTokens, modelList } from '../model/listing.ts';
import { PATHS, protocolAt } from '../model/protocols/all.ts';
import type { Protocol } from '../model/protocols/protocol.ts';
import { understood } from '../model/upstream.ts';
import { SCRIPTED, type ScriptedModel, scriptedModel } from './model.ts';
import { loadScenarios } from './scenario.ts';

export type ScriptedServer = {
  readonly url: string;
  /** Names of the scenarios. */
  readonly scenarios: readonly string[];
  close(): Promise<void>;
};

const BODY_BYTES_MAX = 32 * 1024 * 1024;
/** Nothing in a request over TCP says which run and attempt it is of. */
const ASKER = { run: 'tcp', attempt: 1 };

/** `named` is a scenario or a folder of them. Serves this machine only: there is no key to ask for. */
export async function serveScripted(
  named: string,
  { host, port }: { host: string; port: number },
): Promise<ScriptedServer> {
  const scenarios = await loadScenarios(named);
  const model = scriptedModel(scenarios);
  const server = http.createServer((request, response) => {
    route(model, request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const { port: bound } = server.address() as AddressInfo;
  return {
    scenarios: scenarios.map(({ scenario }) => scenario),
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
  const [path = ''] = url.split('?');
  if (method === 'GET' && path === '/v1/models')
    return sendJson(response, 200, modelList(SCRIPTED));
  const body = await readBody(request, BODY_BYTES_MAX);
  const counting = path === `${PATHS.messages}/count_tokens`;
  if (method === 'POST' && counting && body.ended === 'read') {
    return sendJson(response, 200, countTokens(body.bytes));
  }
  const protocol = method === 'POST' ? protocolAt(path) : null;
  if (protocol === null) return sendJson(response, 404, { error: { message: 'no such path' } });
  if (body.ended === 'refused') return sendError(response, protocol, { ...body, again: false });
  await answer(model, { protocol, json: Buffer.from(body.bytes).toString('utf8') }, response);
}

async function answer(
  model: ScriptedModel,
  { protocol, json }: { protocol: Protocol; json: string },
  response: ServerResponse,
): Promise<void> {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  const question = { protocol, json, headers: {}, ...ASKER };
  const read = () => protocol.readRequest(objectIn(json));
  const conversation = understood({ ...question, conversation: read });
  if ('kind' in conversation) {
    return sendError(response, protocol, { ...conversation, again: false });
  }
  const answered = await model.answer(conversation, ASKER, gone.signal);
  switch (answered.kind) {
    case 'reply':
      return callerOf(response, { protocol, stream: conversation.stream }, gone.signal).reply(
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
