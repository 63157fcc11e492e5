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
