/**
 * One model call from its request to the models that may answer it: what is no question to a model, or
 * would open a way to the network, ends here.
 */
import { isUtf8 } from 'node:buffer';
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import { CALL_MS_MAX } from '../../orchestrator/domain/money.ts';
import { viewOf } from '../bytes.ts';
import { sessionOf } from '../session.ts';
import type { Timers } from '../timers.ts';
import type { Called } from './address.ts';
import { withMessage } from './append-message.ts';
import { callerOf, KEEP_ALIVE_MS, sendError } from './caller.ts';
import type { Calls } from './calls.ts';
import { answerFromChain } from './chain.ts';
import { asObject, type JsonObject } from './conversation.ts';
import { parsed } from './protocols/protocol.ts';
import { reachesOut } from './reach.ts';
import { type Question, understood } from './upstream.ts';

export type CallRequest = {
  readonly called: Called;
  /** From the path, where the protocol has it there. */
  readonly stream: boolean | null;
  readonly bytes: Uint8Array;
  readonly headers: IncomingHttpHeaders;
};

export async function answerCall(
  calls: Calls,
  { called, stream: inPath, bytes, headers }: CallRequest,
  response: ServerResponse,
  signal: AbortSignal,
): Promise<void> {
  const { protocol, role } = called;
  const refuse = (status: number, message: string) =>
    calls.refuser.refuse(protocol, { status, message }, response);
  const text = isUtf8(bytes) ? viewOf(bytes).toString('utf8') : '';
  const read = asObject(parsed(text));
  if (read === undefined) return refuse(400, 'the body is not a JSON object');
  const outward = reachesOut(read, protocol.wire);
  if (outward !== null) {
    calls.trip.saw({ kind: 'refused' });
    return refuse(403, `${outward} is not allowed here: it would open a way to the network`);
  }
  const session = sessionOf(headers, read);
  const secret = calls.outbound({ session, bytes, body: read });
  if (secret !== null) {
    calls.trip.saw({ kind: 'refused' });
    return refuse(403, secret);
  }
  const ended = await endedBefore(calls, { called, body: read, headers, session });
  if (ended !== null) return sendError(response, protocol, { ...ended, again: false });
  const notice = await calls.wrapUp(calls.note);
  const json = notice === null ? text : withMessage(text, protocol.wire, notice);
  const body = notice === null ? read : (asObject(parsed(json)) ?? read);
  const stream = inPath ?? body['stream'] === true;
  const question = questionOf(calls, { protocol, json, body, stream, headers });
  const late = AbortSignal.any([signal, AbortSignal.timeout(CALL_MS_MAX)]);
  const caller = callerOf(response, { protocol, stream, ...timersOf(calls) }, late);
  caller.keepAwake(calls.keepAliveMs ?? KEEP_ALIVE_MS);
  const asked = { role, session, question, body, bytes: Buffer.byteLength(json) };
  await answerFromChain(calls, asked, caller, late);
  await noteAnswersIn(calls, question, session);
}

type Shown = {
  readonly called: Called;
  readonly body: JsonObject;
  readonly headers: IncomingHttpHeaders;
  readonly session: string;
};

/** Why the run goes no further: by what it shows of its harness, or by what it did so often. */
async function endedBefore(
  calls: Calls,
  { called: { protocol, role, model }, body, headers, session }: Shown,
): Promise<{ status: number; message: string } | null> {
  const served = calls.chains.chain(role, session)[0]?.model ?? '';
  const seen = { wire: protocol.wire, role, body, headers, served, model };
  const unfit = (await calls.harness?.(seen)) ?? null;
  if (unfit !== null) {
    calls.failed('harness_refused');
    return { status: 403, message: unfit };
  }
  const broken = calls.trip.broken();
  if (broken === null) return null;
  calls.failed('limit_reached');
  await calls.note('limit', broken);
  return { status: 402, message: broken };
}

function timersOf({ timers }: Calls): { timers?: Timers } {
  return timers === undefined ? {} : { timers };
}

/** After the answer, so that nobody waits for it. */
async function noteAnswersIn(calls: Calls, question: Question, session: string): Promise<void> {
  if (calls.answers === undefined) return;
  const conversation = understood(question);
  if (!('kind' in conversation)) await calls.answers(session, conversation);
}

function questionOf(
  { run, attempt }: Calls,
  asked: Pick<Question, 'protocol' | 'json' | 'body' | 'stream' | 'headers'>,
): Question {
  return { ...asked, run, attempt, conversation: () => asked.protocol.readRequest(asked.body) };
}
