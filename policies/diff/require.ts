/** Differences of what the machine must have. */
import { isAtLeast } from '../../orchestrator/domain/versions.ts';
import type { Policy } from '../schema.ts';
import { type Difference, flag } from './compare.ts';

export function requirements({ require: old }: Policy, { require: now }: Policy): Difference[] {
  const versions = (['engine', 'runc', 'kernel', 'git'] as const).flatMap((key) =>
    atLeast(key, [old[key], now[key]]),
  );
  return [
    ...versions,
    ...flag('runtime: runsc', [old.runtime !== null, now.runtime !== null]),
    ...flag('cgroups: 2', [old.cgroups !== null, now.cgroups !== null]),
    ...flag('hard_quota', [old.hardQuota, now.hardQuota]),
    ...flag('user_namespace', [old.userNamespace, now.userNamespace]),
    ...flag('lsm', [old.lsm, now.lsm]),
    ...flag('swap_accounting', [old.swapAccounting, now.swapAccounting]),
    ...flag('io_uring_disabled', [old.ioUringDisabled, now.ioUringDisabled]),
    ...flag('no_known_bad', [old.noKnownBad, now.noKnownBad]),
  ];
}

/** A newer one is the tighter; null asks for none. */
function atLeast(
  key: string,
  [before, after]: readonly [string | null, string | null],
): Difference[] {
  if (before === after) return [];
  const isLooser = after === null || (before !== null && !isAtLeast(after, before));
  const what = `${key}: ${before ?? 'none'} became ${after ?? 'none'}`;
  return [{ effect: isLooser ? 'looser' : 'tighter', what }];
}
