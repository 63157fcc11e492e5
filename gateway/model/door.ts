/** Takes what a request asks of a model: an answer, a count, a list, a sign of life. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RunToken } from '../../orchestrator/domain/ids.ts';
import { type BodyLimits, readBody } from '../incoming.ts';
import { type Asked, type Called, foreign, isRole, shownKeys } from './address.ts';
import { answerCall } from './call.ts';
import type { Calls } from './calls.ts';
import { countTokens, modelList } from './listing.ts';
import { tokenCheck } from './token.ts';

export type ModelDoor = (
  asked: Asked,
  request: IncomingMessage,
  response: ServerResponse,
) => Promise<void>;

const NO_TOKEN = 'the key is not the token of this run, or there is none';
const AS_EVENTS = 'a stream is given as server-sent events only: ask with ?alt=sse';

/** `model` is the usual one, whatever name a client asks for. */
type Models = Calls & { readonly model: string; readonly token: RunToken };

export function modelDoor(calls: Models, limits: BodyLimits, closing: AbortSignal): ModelDoor {
  const isShown = tokenCheck(calls.token);
  return async (asked, request, response) => {
    const { protocol, action, role } = asked;
    const refuse = (status: number, message: string) =>
      calls.refuser.refuse(protocol, { status, message }, response);
    const wrong = foreign(asked, { run: calls.run, headers: request.headers });
    if (wrong !== null || !isRole(role)) return refuse(403, wrong ?? 'no such role');
    const called = { run: calls.run, role, protocol, model: asked.model };
    if (action === 'alive') return void response.writeHead(200).end();
    if (action === 'list') {
      return sendJson(response, modelList(calls.model, asked, request.headers));
    }
    if (!isShown(shownKeys(asked, request.headers))) return refuse(403, NO_TOKEN);
    if (isList(asked)) return refuse(400, AS_EVENTS);
    await withBody({ calls, limits, closing }, { asked, called, request }, response);
  };
}

async function withBody(
  { calls, limits, closing }: { calls: Models; limits: BodyLimits; closing: AbortSignal },
  { asked, called, request }: { asked: Asked; called: Called; request: IncomingMessage },
  response: ServerResponse,
): Promise<void> {
  const { protocol, stream } = asked;
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  const body = await readBody(request, limits);
  if (body.ended === 'gone') return calls.refuser.record(protocol, 'it left in its body');
  if (body.ended === 'refused') {
    response.setHeader('connection', 'close');
    return calls.refuser.refuse(protocol, body, response);
  }
  const { bytes } = body;
  // An estimate of our own: asking the model would be a call outside the ledger.
  if (asked.action === 'count') return sendJson(response, countTokens(bytes, protocol.wire));
  const signal = AbortSignal.any([gone.signal, closing]);
  await answerCall(calls, { called, stream, bytes, headers: request.headers }, response, signal);
}

/** Of Gemini without that: one long list, which nobody reads as it comes. */
function isList({ stream, query }: Asked): boolean {
  return stream === true && query.get('alt') !== 'sse';
}

function sendJson(response: ServerResponse, value: object): void {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify(value));
}
