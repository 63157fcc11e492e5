/**
 * Asks the name servers of this machine for both families. Not through the system's own lookup: that
 * knows the names of this machine and its neighbours, and runs on a handful of threads that slow
 * names could take up.
 */
import { Resolver } from 'node:dns/promises';
import type { Resolve } from './pin.ts';

const TIMEOUT_MS = 3_000;
const TRIES = 2;
/** There is no such record, or no such name: an answer, not a failure. */
const NONE = ['ENODATA', 'ENOTFOUND'];

export function nameServers(): Resolve {
  const resolver = new Resolver({ timeout: TIMEOUT_MS, tries: TRIES });
  return async (host) => {
    const [four, six] = await Promise.all([
      answers(resolver.resolve4(host)),
      answers(resolver.resolve6(host)),
    ]);
    // Half an answer is none: the other half may be what must not be dialled.
    if (typeof four === 'string') return { ended: 'failed', message: four };
    if (typeof six === 'string') return { ended: 'failed', message: six };
    return { ended: 'answered', addresses: [...four, ...six] };
  };
}

async function answers(asked: Promise<string[]>): Promise<string[] | string> {
  try {
    return await asked;
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    return NONE.includes(code) ? [] : `the name server answered ${code}`;
  }
}
