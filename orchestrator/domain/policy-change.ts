/** How a policy and a new one differ: in what they say of one change, and in what they say at all. */

/** What of a judgement got less. */
export type LoosenedPart =
  | 'enforcement'
  | 'verdict'
  | 'class'
  | 'surface'
  | 'distinct'
  | 'gate'
  | 'bind'
  | 'carry forward'
  | 'expiry'
  | 'needs'
  | 'validator'
  | 'denial';

/** One way in which a new judgement of a change asks for less than the old one did. */
export type Loosening = {
  readonly part: LoosenedPart;
  /** The gate of the old judgement that it is about; null for the change as a whole. */
  readonly gate: string | null;
  readonly before: string;
  /** Empty for what is gone. */
  readonly after: string;
  /** Where the old policy asks for it, as `file:line:column`; empty when no line does. */
  readonly where: string;
};

/** From what a reviewer must see first to what they need not see. */
export const EFFECTS = ['looser', 'may be looser', 'tighter', 'neither'] as const;
export type Effect = (typeof EFFECTS)[number];

/** One difference between two policies. */
export type PolicyChange = {
  readonly effect: Effect;
  /** What it is about, as in `gate auth` or `limits`. */
  readonly about: string;
  readonly what: string;
  /** In the new policy, or in the old one for what is gone, as `file:line:column`. */
  readonly where: string;
};

/** A change that landed once. */
export type LandedName = {
  readonly commit: string;
  readonly title: string;
  /** ISO 8601, UTC. */
  readonly when: string;
};

/** What two policies say of the same changes. */
export type Replay = {
  /** Changes that both judged. */
  readonly judged: number;
  readonly loosened: readonly (LandedName & {
    readonly paths: readonly string[];
    readonly loosenings: readonly Loosening[];
    /** It was held or denied, and is neither any more. */
    readonly isFree: boolean;
  })[];
  /** Changes that went through and do not any more. */
  readonly gated: readonly (LandedName & {
    readonly paths: readonly string[];
    readonly gates: readonly string[];
  })[];
  /** On how many changes each gate asks. */
  readonly gates: readonly {
    readonly id: string;
    readonly before: number;
    readonly after: number;
  }[];
  /** Approvals that are asked of each group in a week, choices among groups left out. */
  readonly load: readonly {
    readonly group: string;
    readonly before: number;
    readonly after: number;
  }[];
  /** From the oldest to the newest change, and one at least. */
  readonly weeks: number;
  /** Changes that no policy judges: entries that never leave a workspace. */
  readonly refused: readonly (LandedName & { readonly why: string })[];
};
