/** When versions of packages were published. */
export type PackageVersion = { readonly name: string; readonly version: string };

/**
 * One answer for each, in that order; null where nobody can tell: no registry answers, it knows no such
 * version, or it says no time. Never throws for that; bounded in time.
 */
export type PublishedAt = (
  packages: readonly PackageVersion[],
  signal: AbortSignal,
) => Promise<readonly (Date | null)[]>;
