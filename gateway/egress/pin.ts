/**
 * From a name to the addresses that are dialled. Every answer must be of the public network, one
 * that is not spoils the rest, and what was checked is what is dialled: a name that answers
 * differently a second time is not asked a second time.
 */
import type { IsGlobal } from './addresses.ts';

export type Resolved =
  | { readonly ended: 'answered'; readonly addresses: readonly string[] }
  | { readonly ended: 'failed'; readonly message: string };

/** All addresses of both families. Must not throw. */
export type Resolve = (host: string) => Promise<Resolved>;

export type Pinned =
  | { readonly addresses: readonly [string, ...string[]] }
  | {
      readonly refused: 'address_not_global' | 'name_unresolved';
      readonly message: string;
    };

export type Pin = (host: string) => Promise<Pinned>;

export type PinOptions = {
  readonly resolve: Resolve;
  readonly isGlobal: IsGlobal;
  /** Milliseconds of a clock that only goes forward. */
  readonly now: () => number;
  readonly keepMs: number;
};

/** Below a wildcard an agent may name as many hosts as it likes. */
const HOSTS_MAX = 256;

export function pinning({ resolve, isGlobal, now, keepMs }: PinOptions): Pin {
  const kept = new Map<string, { pinned: Pinned; until: number }>();
  return async (host) => {
    const known = kept.get(host);
    if (known !== undefined && now() < known.until) return known.pinned;
    const pinned = judged(await resolve(host), isGlobal);
    kept.delete(host);
    if ('addresses' in pinned) kept.set(host, { pinned, until: now() + keepMs });
    const [oldest] = kept.keys();
    if (kept.size > HOSTS_MAX && oldest !== undefined) kept.delete(oldest);
    return pinned;
  };
}

function judged(resolved: Resolved, isGlobal: IsGlobal): Pinned {
  if (resolved.ended === 'failed') {
    return { refused: 'name_unresolved', message: resolved.message };
  }
  const [first, ...rest] = resolved.addresses;
  if (first === undefined) return { refused: 'name_unresolved', message: 'it has no address' };
  const inside = resolved.addresses.find((address) => !isGlobal(address));
  if (inside !== undefined) {
    return { refused: 'address_not_global', message: `${inside} is not of the public network` };
  }
  return { addresses: [first, ...rest] };
}
