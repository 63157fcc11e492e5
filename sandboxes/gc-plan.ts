/**
 * What goes so that a data directory keeps to its size: what was not used for longest, first. Pure.
 *
 * Whatever goes can be made again, but for the quarantine of a run that is over: its change is in the
 * forge if it was published. A mirror goes only with everything that borrows its objects.
 */
export type Item = {
  readonly kind: 'snapshot' | 'history' | 'dependencies' | 'tree' | 'change' | 'mirror' | 'package';
  readonly path: string;
  /** Folder of the repository that it belongs to; null when nobody knows. */
  readonly repository: string | null;
  readonly bytes: number;
  /** Milliseconds since 1970. */
  readonly usedAt: number;
  /** A run that goes on stacks on it, or somebody has still to decide about it. */
  readonly isNeeded: boolean;
};

export type Room = {
  /** Bytes of the data directory, items and all the rest. */
  readonly totalBytes: number;
  /** Free on its file system. */
  readonly freeBytes: number;
  readonly keepBytes: number;
  readonly floorBytes: number;
};

/** How much too much there is: over the size to keep, or under the least that must be free. */
export function excess({ totalBytes, freeBytes, keepBytes, floorBytes }: Room): number {
  return Math.max(0, totalBytes - keepBytes, floorBytes - freeBytes);
}

export function planGc(items: readonly Item[], room: Room): readonly Item[] {
  const going = new Set<Item>();
  let left = excess(room);
  const take = (item: Item): void => {
    going.add(item);
    left -= item.bytes;
  };
  const oldest = items.filter(({ isNeeded }) => !isNeeded).sort((a, b) => a.usedAt - b.usedAt);
  for (const item of oldest) if (left > 0 && item.kind !== 'mirror') take(item);
  // A change nobody can place may be any repository's.
  const isAlone = (mirror: Item): boolean =>
    items.every(
      (one) =>
        going.has(one) ||
        one === mirror ||
        one.kind === 'package' ||
        (one.repository !== null && one.repository !== mirror.repository),
    );
  for (const item of oldest) if (left > 0 && item.kind === 'mirror' && isAlone(item)) take(item);
  return [...going];
}

/** An image that an engine has. */
export type FoundImage = {
  readonly tags: readonly string[];
  /** Milliseconds since 1970. */
  readonly madeAt: number;
};

/** Another checkout on the same engine may be of another version, and work with what looks old from here. */
const IMAGE_AGE_MS = 7 * 24 * 3_600_000;
const TAG = /^proofhouse\/[a-z]+:[0-9a-f]{12}$/;

/** Tags of earlier recipes. */
export function oldTags(
  images: readonly FoundImage[],
  current: ReadonlySet<string>,
  now: number,
): readonly string[] {
  return images
    .filter(({ madeAt }) => now - madeAt > IMAGE_AGE_MS)
    .flatMap(({ tags }) => tags.filter((tag) => TAG.test(tag) && !current.has(tag)));
}
