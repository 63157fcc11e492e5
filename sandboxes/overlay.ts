/** Folders over folders, as one that a sandbox may write to. */
import { Fault } from '../orchestrator/domain/faults.ts';

export type Overlay = {
  /** Folders from top to bottom. */
  readonly lower: readonly string[];
  /** Where writes go; null for a read-only view, which needs two lower folders. */
  readonly upper: { readonly folder: string; readonly work: string } | null;
};

/** Overlay options split on `,` and `:`, so a path with either would mean something else. */
export function overlayOptions({ lower, upper }: Overlay): string {
  const all = upper === null ? lower : [...lower, upper.folder, upper.work];
  const odd = all.find((folder) => !/^\/[\w./+@-]+$/.test(folder));
  if (odd !== undefined) {
    throw new Fault(
      'engine_failed',
      `the path ${odd} holds a character that an overlay mount cannot take`,
    );
  }
  const rest = upper === null ? [] : [`upperdir=${upper.folder}`, `workdir=${upper.work}`];
  return [`lowerdir=${lower.join(':')}`, ...rest].join(',');
}
