/**
 * Refuses a model call before any model is asked: in the caller's own protocol, with a line in the
 * trace, and with a failed call in the ledger that cost nothing. Bounded, because whoever is refused
 * may go on trying; the answer is given always.
 */
import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { FaultCode } from '../../orchestrator/domain/faults.ts';
import type { RunId } from '../../orchestrator/domain/ids.ts';
import type { Budget, Ledger } from '../../orchestrator/ports.ts';
import { sendError } from './caller.ts';
import type { Protocol } from './protocols/protocol.ts';

export type CallRefusal = { readonly status: number; readonly message: string };

export type Refuser = {
  refuse(protocol: Protocol, refusal: CallRefusal, response: ServerResponse): Promise<void>;
  /** Without an answer: whoever asked has left, or is answered by others. */
  record(protocol: Protocol, message: string): Promise<void>;
};

export type RefuserOptions = {
  readonly run: RunId;
  readonly attempt: number;
  readonly budget: Budget;
  readonly ledger: Ledger;
  readonly refusalsMax: number;
  note(kind: 'refused', text: string): Promise<void>;
  failed(code: FaultCode): void;
};

/** Nobody was asked, so no model is named. */
const NO_MODEL = 'none';

export function refuser(options: RefuserOptions): Refuser {
  const refused = { count: 0 };
  const record = async (protocol: Protocol, message: string) => {
    options.failed('call_refused');
    refused.count += 1;
    const { refusalsMax } = options;
    if (refused.count > refusalsMax + 1) return;
    const line = `${protocol.wire} call (call_refused): ${message}`;
    const last = `more than ${refusalsMax} refused model calls; further ones are not noted`;
    await options.note('refused', refused.count > refusalsMax ? last : line);
    if (refused.count <= refusalsMax) await enter(options);
  };
  return {
    record,
    refuse: async (protocol, refusal, response) => {
      await record(protocol, refusal.message);
      sendError(response, protocol, { ...refusal, again: false });
    },
  };
}

async function enter({ run, attempt, budget, ledger }: RefuserOptions): Promise<void> {
  const call = {
    id: randomUUID(),
    run,
    attempt,
    at: new Date().toISOString(),
    model: NO_MODEL,
    state: 'reserved' as const,
    usage: { inputTokens: 0, outputTokens: 0 },
    microUsd: 0,
    wallMs: 0,
    failure: null,
  };
  // A budget that is spent has its own end of the run.
  if ((await ledger.reserve(call, budget)) !== null) return;
  await ledger.settle({ ...call, state: 'failed', failure: 'call_refused' });
}
