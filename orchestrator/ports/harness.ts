/** What an agent may run with, as a door is told of it. */
import type { Digest } from '../domain/ids.ts';

/** What the controller chose for an agent, and what its policy says of what the agent brings along. */
export type HarnessTerms = {
  /** The agent and its version, and the id of its image. */
  readonly agent: string;
  readonly image: string;
  readonly policy: Digest;
  /** Rules that it was fed from the base commit. */
  readonly rules: readonly {
    readonly path: string;
    readonly digest: Digest;
    readonly text: string;
  }[];
  /** Why a tool of this name may not be offered to it; null when it may. Pure. */
  readonly toolProblem: (tool: string) => string | null;
  /** Null: it may run with anything. */
  readonly expected: {
    readonly digests: readonly string[];
    readonly onOther: 'alarm' | 'refuse';
    readonly where: string;
  } | null;
  /** Keeps what is told of it, as evidence. */
  readonly keep: (bytes: Uint8Array) => Promise<Digest>;
};
