/** Counting the approvals of a bundle, as publishing counts them, at the moment that it names. */

import type { TrustedKey } from '../../../orchestrator/domain/dsse.ts';
import { Fault } from '../../../orchestrator/domain/faults.ts';
import { type Signatures, signaturesWith } from '../../../orchestrator/domain/signed.ts';
import { momentOf } from '../../../policies/moment.ts';
import { type Tally, tally } from '../../../policies/tally.ts';
import type { Claims } from './claims.ts';
import type { Outcome } from './statements.ts';

export function countedIn(claims: Claims, holds: Signatures['holds']): Tally {
  const { task, facts, decision, records } = claims;
  const { judgement, evidence, at } = decision;
  const run = { change: facts.change, judgement, evidence, records };
  return tally(momentOf(task, run, holds, new Date(at)));
}

export function outcomeOf({ open, opened }: Pick<Tally, 'open' | 'opened'>): Outcome {
  return { isSatisfied: open.length === 0, isGlassBroken: opened.length > 0 };
}

/** Whether a trusted key signed a record; nothing can be signed by who only has these. */
export function holdsBy(trusted: readonly TrustedKey[]): Signatures['holds'] {
  return signaturesWith({
    signer: () => {
      throw new Fault('internal', 'whoever checks a bundle signs nothing');
    },
    trusted: () => trusted,
  }).holds;
}
