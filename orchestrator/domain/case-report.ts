/** What running the cases of a policy came to. */

export type CaseOutcome = {
  readonly name: string;
  /** Where the case is written, as `file:line:column`. */
  readonly where: string;
  readonly misses: readonly {
    readonly key: string;
    readonly expected: string;
    readonly found: string;
  }[];
};

type Place = { readonly id: string; readonly where: string };

export type CaseReport = {
  readonly cases: readonly CaseOutcome[];
  /** Null when nobody asked for it. */
  readonly coverage: {
    readonly fired: number;
    readonly of: number;
    readonly percent: number;
    readonly rules: readonly Place[];
    readonly exemptions: readonly Place[];
    readonly classes: readonly string[];
    readonly idle: readonly string[];
  } | null;
};

/** How it can be shown. */
export const TEST_FORMATS = ['text', 'tap', 'junit'] as const;
export type TestFormat = (typeof TEST_FORMATS)[number];
