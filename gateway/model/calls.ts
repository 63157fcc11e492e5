/** What every model call of one door shares. */
import type { FaultCode } from '../../orchestrator/domain/faults.ts';
import type { RunId } from '../../orchestrator/domain/ids.ts';
import type { Budget, Ledger } from '../../orchestrator/ports.ts';
import type { AnswerNotes } from '../answers.ts';
import type { HarnessWatch } from '../harness/watch.ts';
import type { Timers } from '../timers.ts';
import type { Outbound } from './outbound.ts';
import type { Refuser } from './refuse.ts';
import type { Chains } from './routing.ts';
import type { TripWire } from './trip-wires.ts';
import type { WrapUp } from './wrap-up.ts';

/** What a question to a chain of models needs, whoever asks it. */
export type ChainCalls = {
  readonly run: RunId;
  readonly attempt: number;
  readonly chains: Chains;
  /** Names of models that the policy says cost nothing. */
  readonly free: readonly string[];
  readonly budget: Budget;
  readonly ledger: Ledger;
  readonly trip: TripWire;
  note(kind: 'model' | 'limit' | 'refused' | 'wrap-up', text: string): Promise<void>;
  failed(code: FaultCode): void;
  answered(): void;
};

export type Calls = ChainCalls & {
  readonly wrapUp: WrapUp;
  readonly refuser: Refuser;
  readonly keepAliveMs?: number;
  readonly timers?: Timers | undefined;
  /** Why a call is not made, by what it shows of the harness. Left out, nothing is looked at. */
  readonly harness?: HarnessWatch;
  /** Why a request is not passed on, by what it holds. */
  readonly outbound: Outbound;
  /** Hears what the model answered before. */
  readonly answers?: AnswerNotes;
};
