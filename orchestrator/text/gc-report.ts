/** What a collection removed, or would remove, for people. */
import type { Collected } from '../ports/upkeep.ts';
import { columns } from './columns.ts';

const MIB = 2 ** 20;

/** `home` is left out of paths. */
export function gcText(home: string, collected: Collected, isDryRun: boolean): string {
  const { removed, images, volumes, isEngineAsked, totalBytes, freedBytes, excessBytes } =
    collected;
  const rows = removed.map(({ kind, path, bytes, usedAt }) => [
    kind,
    size(bytes),
    usedAt === 0 ? 'never used' : `last used ${new Date(usedAt).toISOString().slice(0, 16)}`,
    path.startsWith(`${home}/`) ? path.slice(home.length + 1) : path,
  ]);
  const all = [
    ...rows,
    ...images.map((tag) => ['image', '', 'of an earlier version', tag]),
    ...volumes.map((name) => ['volume', '', 'not used for a week', name]),
  ];
  const would = isDryRun ? 'would free' : 'freed';
  const sum = `${would} ${size(freedBytes)} of ${size(totalBytes)}`;
  const rest =
    excessBytes > 0 ? `; ${size(excessBytes)} more is over the size, and all of it in use` : '';
  return [
    ...(all.length > 0 ? [columns(all)] : []),
    `${sum}${rest}`,
    ...(isEngineAsked ? [] : ['no engine answered: its images and volumes were not looked at']),
  ].join('\n');
}

const size = (bytes: number): string => `${(bytes / MIB).toFixed(1)} MiB`;
