import type { Check } from '../domain/check.ts';
import type { Digest, RunId } from '../domain/ids.ts';

/** A check that was made for an attempt of a run, under a digest of all that decides it. */
export type KeptCheck = {
  readonly key: Digest;
  readonly run: RunId;
  readonly attempt: number;
  readonly check: Check;
};
