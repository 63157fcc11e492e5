/** What a check of a bundle is given: files, keys, and somebody to ask for a repository. */
import type { TrustedKey } from '../../../orchestrator/domain/dsse.ts';
import type { LoadedPolicy } from '../../../policies/parse.ts';
import type { Found, Kept } from './found.ts';
import type { Manifest } from './manifest.ts';
import type { RepositoryAnswer } from './repository.ts';

/** Counts of one report of a test runner. */
export type ReadReport = (
  text: string,
) => { readonly tests: { run: number; failed: number; skipped: number } } | { unreadable: string };

export type Given = {
  readonly found: readonly Found[];
  readonly kept: Kept;
  readonly trusted: readonly TrustedKey[];
  /** Null when nobody named a repository. */
  readonly repository:
    | ((manifest: Manifest, layers: readonly LoadedPolicy[]) => Promise<RepositoryAnswer>)
    | null;
  readonly readReport: ReadReport;
};

/** Lines with an end each; what follows the last one is a line that was cut. */
export function linesIn(kept: Kept, path: string): string[] {
  const text = Buffer.from(kept.get(path) ?? Buffer.alloc(0)).toString('utf8');
  const lines = text.split('\n');
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines;
}
