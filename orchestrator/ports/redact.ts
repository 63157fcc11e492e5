/** Takes secrets out of what is to be stored. Must not throw; what it cannot read it withholds. */
export type Redact = {
  readonly text: (text: string) => string;
  readonly bytes: (bytes: Uint8Array) => Uint8Array;
};
