/**
 * Plain values that came out of somebody else's file: how large and deep they may be, and how to go
 * through all of them. Readers promise `isBounded`, so those who walk need no bounds of their own.
 */

export type DataPath = readonly (string | number)[];

export type Data = {
  readonly value: unknown;
  /** Where the value at the path is written, from 1; null when it is not written there itself. */
  line(path: DataPath): number | null;
};

export type Spot = {
  readonly path: DataPath;
  /** The last step of the path; empty for the whole. */
  readonly key: string | number;
  readonly value: unknown;
};

const DEPTH_MAX = 64;
/** Counted as a walk meets them: what an alias stands for counts once for each use. */
const NODES_MAX = 500_000;

export function isBounded(value: unknown): boolean {
  let nodes = 0;
  const within = (node: unknown, depth: number): boolean => {
    nodes++;
    if (nodes > NODES_MAX || depth > DEPTH_MAX) return false;
    return childrenOf(node).every(
      ([key, child]) => key !== '__proto__' && within(child, depth + 1),
    );
  };
  return within(value, 0);
}

/** The value and everything in it, from the outside in. */
export function* walk(value: unknown, path: DataPath = []): Generator<Spot> {
  yield { path, key: path.at(-1) ?? '', value };
  for (const [key, child] of childrenOf(value)) yield* walk(child, [...path, key]);
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

/** What stands under a key of a mapping; nothing for what is no mapping or has no such key. */
export function field(value: unknown, key: string): unknown {
  return isRecord(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

/** One step after the other, as `field`. */
export function fieldAt(value: unknown, ...keys: readonly string[]): unknown {
  return keys.reduce(field, value);
}

export function childrenOf(value: unknown): [string | number, unknown][] {
  if (Array.isArray(value)) return [...value.entries()];
  return isRecord(value) ? Object.entries(value) : [];
}
