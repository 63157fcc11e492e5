/** Changes of files as detectors see them, from texts. */
import { createHash } from 'node:crypto';
import type { Operation } from '../../../orchestrator/domain/change.ts';
import type { Detector, FileChange, Firing, Side } from '../../../policies/detect/detector.ts';

/** A text, `null` for a file that is not there, or what cannot be read. */
type Content = string | null | { readonly unreadable: true; readonly oid?: string };
type Modes = { readonly before?: string; readonly after?: string };

export const UNREADABLE: Content = { unreadable: true };
const REGULAR = '100644';

export function fileChange(
  path: string,
  before: Content,
  after: Content,
  modes: Modes = {},
): FileChange {
  const old = side(before, modes.before ?? REGULAR, 'b');
  const now = side(after, modes.after ?? REGULAR, 'a');
  return { path, operation: operationOf(old, now), before: old, after: now };
}

export const added = (path: string, text: Content, mode = REGULAR): FileChange =>
  fileChange(path, null, text, { after: mode });
export const deleted = (path: string, text: Content): FileChange => fileChange(path, text, null);

/** What a detector without options says. */
export function firingsOf(
  detector: Detector<Record<string, never>>,
  files: readonly FileChange[],
  roots: readonly string[] = [],
): Firing[] {
  return detector.detect({ files, all: files, roots }, {});
}

/** Keys of the firings on one changed file. */
export function keysOf(
  detector: Detector<Record<string, never>>,
  ...change: Parameters<typeof fileChange>
): string[] {
  return firingsOf(detector, [fileChange(...change)]).map(({ key }) => key);
}

function side(content: Content, mode: string, name: string): Side | null {
  if (content === null) return null;
  if (typeof content === 'string') return { mode, oid: blobId(content), text: content };
  return { mode, oid: content.oid ?? name.repeat(40), text: null };
}

function blobId(text: string): string {
  const bytes = Buffer.from(text);
  return createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');
}

function operationOf(before: Side | null, after: Side | null): Operation {
  if (!before) return 'add';
  if (!after) return 'delete';
  if (before.mode.slice(0, 3) !== after.mode.slice(0, 3)) return 'type';
  return before.oid === after.oid ? 'mode' : 'modify';
}
