/**
 * One model call from its request to the models that may answer it: what is no question to a model, or
 * would open a way to the network, ends here.
 */
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import { z } from 'zod';
import { CALL_MS_MAX, type ModelRole } from '../../orchestrator/domain/money.ts';
import { sessionOf } from '../session.ts';
import { withMessage } from './append-message.ts';
import { callerOf, KEEP_ALIVE_MS, sendError } from './caller.ts';
import type { Calls } from './calls.ts';
import { answerFromChain } from './chain.ts';
import { JsonObject } from './conversation.ts';
import { type Protocol, parsed } from './protocols/protocol.ts';
import { reachesOut } from './reach.ts';
import { type Question, understood } from './upstream.ts';

export type CallRequest = {
  readonly protocol: Protocol;
  readonly bytes: Uint8Array;
  readonly headers: IncomingHttpHeaders;
  /** Told by the address. An agent's own calls are for editing. */
  readonly role?: ModelRole;
};

const Outline = z.looseObject({ stream: z.boolean().nullish().catch(null) });

export async function answerCall(
  calls: Calls,
  { protocol, bytes, headers, role = 'edit' }: CallRequest,
  response: ServerResponse,
  signal: AbortSignal,
): Promise<void> {
  const refuse = (status: number, message: string) =>
    sendError(response, protocol, { status, message, again: false });
  const text = Buffer.from(bytes).toString('utf8');
  const read = JsonObject.safeParse(parsed(text)).data;
  if (read === undefined) return refuse(400, 'the body is not a JSON object');
  const outward = reachesOut(read);
  if (outward !== null) {
    calls.trip.saw({ kind: 'refused' });
    await calls.note('refused', `model call with ${outward}: it would open a way to the network`);
    return refuse(403, `${outward} is not allowed here: it would open a way to the network`);
  }
  const session = sessionOf(headers, read);
  const served = calls.chains.chain(role, session)[0]?.model ?? '';
  const unfit = await calls.harness?.({ wire: protocol.wire, body: read, headers, served });
  if (unfit) {
    calls.failed('harness_refused');
    return refuse(403, unfit);
  }
  const broken = calls.trip.broken();
  if (broken !== null) {
    calls.failed('limit_reached');
    await calls.note('limit', broken);
    return refuse(402, broken);
  }
  const notice = await calls.wrapUp(calls.note);
  const json = notice === null ? text : withMessage(text, protocol.wire, notice);
  const body = notice === null ? read : JsonObject.parse(parsed(json));
  const question = questionOf(calls, { protocol, json, body, headers });
  const stream = Outline.parse(body).stream ?? false;
  const late = AbortSignal.any([signal, AbortSignal.timeout(CALL_MS_MAX)]);
  const caller = callerOf(response, { protocol, stream }, late);
  caller.keepAwake(calls.keepAliveMs ?? KEEP_ALIVE_MS);
  const called = { role, session, question, body, bytes: Buffer.byteLength(json) };
  await answerFromChain(calls, called, caller, late);
  await noteAnswersIn(calls, question, session);
}

/** After the answer, so that nobody waits for it. */
async function noteAnswersIn(calls: Calls, question: Question, session: string): Promise<void> {
  if (calls.answers === undefined) return;
  const conversation = understood(question);
  if (!('kind' in conversation)) await calls.answers(session, conversation);
}

function questionOf(
  { run, attempt }: Calls,
  {
    protocol,
    json,
    body,
    headers,
  }: Pick<Question, 'protocol' | 'json' | 'headers'> & {
    body: JsonObject;
  },
): Question {
  return { protocol, json, headers, run, attempt, conversation: () => protocol.readRequest(body) };
}
