/** Validators that look at a change and run nothing of it. */
import type { Facts } from '../domain/change.ts';
import type { Check } from '../domain/check.ts';
import type { Sha } from '../domain/ids.ts';
import type { Place } from '../ports.ts';

/** No sandbox; else as a validator. */
export type Inspector<D> = (inspection: Inspection<D>, signal: AbortSignal) => Promise<Check>;

export type Inspection<D> = {
  readonly place: Place;
  readonly tree: Sha;
  readonly id: string;
  readonly definition: D;
  readonly facts: Facts;
  /** A validator over the base commit and over the change, where the definition names some. */
  readonly compared: readonly {
    readonly validator: string;
    readonly base: Check;
    readonly head: Check;
  }[];
};
