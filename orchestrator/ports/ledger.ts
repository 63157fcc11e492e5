/** What model calls take and may take. One row for each question that was put to a model. */
import type { RunId } from '../domain/ids.ts';
import type { ModelRole, ModelUsage } from '../domain/money.ts';

/** One model call as the gateway saw it. Money in millionths of a dollar; null is "nobody said". */
export type ModelCall = {
  readonly id: string;
  readonly run: RunId;
  readonly attempt: number;
  readonly at: string;
  readonly role: ModelRole;
  readonly model: string;
  /** Who runs the model; empty in rows of releases that did not note it. */
  readonly vendor: string;
  /** `expired`: the gateway that reserved it died, and what it had reserved was given back. */
  readonly state: 'reserved' | 'settled' | 'failed' | 'expired';
  readonly usage: ModelUsage;
  /** Computed from the usage and a price. */
  readonly microUsd: number | null;
  readonly wallMs: number;
  /** Fault code of a failed call. */
  readonly failure: string | null;
};

/** Null is "as much as you like". */
export type Ceiling = {
  readonly microUsd: number | null;
  readonly tokens: number | null;
  readonly calls: number | null;
};

/** A ceiling on what one account uses up within a day or a month (UTC). */
export type SpendWindow = Ceiling & { readonly account: string; readonly per: 'day' | 'month' };

export type Budget = {
  readonly microUsd: number | null;
  readonly tokens: number | null;
  readonly turns: number | null;
  /** Of each role within the run. */
  readonly roles?: Readonly<Partial<Record<ModelRole, Ceiling>>>;
  /** What a call counts for beside its run, as `repository:/repositories/shop`. */
  readonly accounts?: readonly string[];
  readonly windows?: readonly SpendWindow[];
  /** No vendor answers both of these in one run. */
  readonly apart?: readonly (readonly [ModelRole, ModelRole])[];
};

export type Refused = {
  readonly refused: string;
  /** True when another vendor may answer, and no limit is met. */
  readonly isVendor?: boolean;
};

/** Money and tokens. A call is reserved before it is made and settled after. */
export type Ledger = {
  /**
   * In one transaction: either every level of the budget holds with this call, or nothing is written.
   * Reservations of gateways that died are given back first.
   */
  reserve(call: ModelCall, budget: Budget): Promise<Refused | null>;
  /** The first settlement stands. One that comes after its reservation ran out still counts. */
  settle(call: ModelCall): Promise<void>;
};

/** What the policy says of the calls behind one door. */
export type ModelPlan = {
  /** Of each role the names of the models that may answer, first to last; null for the usual one. */
  readonly routes: Readonly<Record<ModelRole, readonly string[] | null>>;
  /** Models that cost nothing. */
  readonly free: readonly string[];
  /** Whether what only looks like a key may reach a model; a secret that is known never may. */
  readonly secretShapes: 'block' | 'allow';
  readonly refusals: number | null;
  readonly cacheMisses: number | null;
  /** When the agent is told to come to an end, in milliseconds since 1970. */
  readonly wrapUpAtMs: number;
};
