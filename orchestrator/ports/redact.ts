/** Stands where a value stood that the controller knows as a secret. */
export const KNOWN_SECRET = '«secret:known»';

/** Takes secrets out of what is to be stored. Must not throw; what it cannot read it withholds. */
export type Redact = {
  readonly text: (text: string) => string;
  readonly bytes: (bytes: Uint8Array) => Uint8Array;
};
