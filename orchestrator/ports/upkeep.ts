/** What clearing away came to: what no run needs, and what a data directory has no room for. */
import type { Digest, RunId } from '../domain/ids.ts';

/** What was cleared away because no run needs it, and what could not be. */
export type Reaped = {
  readonly removed: readonly Removed[];
  readonly failed: readonly { readonly run: RunId | null; readonly error: unknown }[];
};

export type Removed = {
  readonly run: RunId | null;
  /** Name of a sandbox or volume, or `folders`. */
  readonly what: string;
  readonly why: string;
};

/** What went so that a data directory keeps to its size. */
export type Collected = {
  readonly totalBytes: number;
  readonly freedBytes: number;
  readonly removed: readonly {
    readonly kind: string;
    readonly path: string;
    readonly bytes: number;
    /** Milliseconds since 1970. */
    readonly usedAt: number;
  }[];
  /** False where no engine answered: nobody knows of its images and volumes. */
  readonly isEngineAsked: boolean;
  /** Tags of images made from earlier recipes. */
  readonly images: readonly string[];
  /** Names of volumes with layers, on an engine that does not see our folders. */
  readonly volumes: readonly string[];
  /** Bytes that are too much still: what is left is needed. */
  readonly excessBytes: number;
};

/** Evidence as the journals name it. What none names may be of a run that wrote its journal never. */
export type NamedEvidence = ReadonlyMap<Digest, NamedFile>;

export type NamedFile = {
  /** Of a run that goes on, waits or was published; whatever its age. */
  readonly isKept: boolean;
  /** Pictures, videos and traces take the room, and are looked at in the first days. */
  readonly isMedia: boolean;
  /** When the last run that names it had its last event, in milliseconds since 1970. */
  readonly at: number;
};
