/** One changed file from the texts of its two sides, and what a detector says of it. */

import { sha256 } from '../../../orchestrator/domain/canonical.ts';
import type { Operation } from '../../../orchestrator/domain/change.ts';
import type { Detector, FileChange, Side } from '../../../policies/detect/detector.ts';

/** `null` for a side that is not there, `unread` for one whose text nobody has. */
export type SideText = string | null | { readonly mode: string; readonly text: string | null };

export function change(path: string, before: SideText, after: SideText): FileChange {
  const operation: Operation = before === null ? 'add' : after === null ? 'delete' : 'modify';
  return { path, operation, before: side(before, 'before'), after: side(after, 'after') };
}

export const unread: SideText = { mode: '100644', text: null };

export function link(target: string): SideText {
  return { mode: '120000', text: target };
}

/** The sides never have the same object id, so that equal texts are compared and not passed over. */
function side(given: SideText, name: string): Side | null {
  if (given === null) return null;
  const { mode, text } = typeof given === 'string' ? { mode: '100644', text: given } : given;
  return { mode, oid: sha256(`${name} ${text}`), text };
}

/** The keys of what a detector finds, in order, each after its path when there are more files. */
export function keysOf<Options>(
  detector: Detector<Options>,
  files: readonly FileChange[],
  options: unknown = {},
): string[] {
  const subject = { files, all: files, roots: [] };
  const fired = detector.detect(subject, detector.options.parse(options));
  return fired.map(({ path, key }) => (files.length > 1 ? `${path} ${key}` : key)).sort();
}

/** For a text made to take long, on a machine that does other things; its square takes minutes. */
export const QUICK_MS = 10_000;
