/**
 * What the detectors that read structured files share: both sides of a file are read in full, and
 * what only one of them holds is what changed.
 */
import { sha256 } from '../../orchestrator/domain/canonical.ts';
import { type FileChange, type Firing, type Side, unreadable } from './detector.ts';

export type Finding = Omit<Firing, 'path'>;

/** Why a text says nothing that could be relied on. */
export type Unreadable = { readonly unreadable: string };
export type Read<T> = (text: string, path: string) => T | Unreadable;

/** Nobody reads further; a change this large is held by its first finding. */
const FIRINGS_MAX = 100;
const KEY_MAX = 200;
const SHOWN_MAX = 120;

/** Reads both sides of each file; a side that is not there is null. */
export function compareFiles<T>(
  files: readonly FileChange[],
  read: Read<T>,
  compare: (before: T | null, after: T | null, path: string) => readonly Finding[],
): Firing[] {
  return firings(files, ({ path, before, after }) => {
    const sides = [before, after].map((side) => (side ? readSide(side, path, read) : null));
    const [old = null, fresh = null] = sides;
    if (isUnreadable(old)) return [unreadable(path, `before the change, ${old.unreadable}`)];
    if (isUnreadable(fresh)) return [unreadable(path, fresh.unreadable)];
    return compare(old, fresh, path);
  });
}

/** What the new side of a file holds and the old one did not, by key and as often. */
export function whatAppeared(
  files: readonly FileChange[],
  read: Read<readonly Finding[]>,
): Firing[] {
  const kept = files.filter(({ after }) => after !== null);
  return compareFiles(kept, read, (before, after) => newOf(before ?? [], after ?? []));
}

/** At most so many, each at its file. Files with the same content on both sides say nothing. */
export function firings(
  files: readonly FileChange[],
  find: (file: FileChange) => readonly Finding[],
): Firing[] {
  const found: Firing[] = [];
  for (const file of files.filter(hasOtherContent)) {
    for (const finding of find(file)) {
      if (found.length === FIRINGS_MAX) return found;
      found.push({ ...finding, path: file.path });
    }
  }
  return found;
}

export function newOf<F extends Finding>(before: readonly Finding[], after: readonly F[]): F[] {
  const left = new Map<string, number>();
  for (const { key } of before) left.set(key, (left.get(key) ?? 0) + 1);
  return after.filter(({ key }) => {
    const count = left.get(key) ?? 0;
    left.set(key, count - 1);
    return count <= 0;
  });
}

/** One line of at most 200 characters, cut so that two texts that differ stay apart. */
export function keyOf(text: string): string {
  const line = visible(text);
  if (line.length <= KEY_MAX) return line;
  return `${line.slice(0, KEY_MAX - 20).toWellFormed()}... ${sha256(line).slice(-16)}`;
}

/** Somebody else's text as part of a sentence. */
export function shown(text: string): string {
  const line = visible(text);
  return line.length > SHOWN_MAX ? `${line.slice(0, SHOWN_MAX).toWellFormed()}...` : line;
}

/** Blanks run together, and what would hide or move other text is spelt out. */
function visible(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/[\p{Cc}\p{Cf}\p{Cs}]/gu, (character) => {
      return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
    });
}

export function isUnreadable(value: unknown): value is Unreadable {
  return value !== null && typeof value === 'object' && 'unreadable' in value;
}

/** The text of a side, or why it has none that says what the path holds. */
export function textOf({ mode, text }: Side): string | Unreadable {
  if (!mode.startsWith('100')) return { unreadable: 'it is a link and not a file' };
  return text ?? { unreadable: 'it is binary or too large' };
}

function readSide<T>(side: Side, path: string, read: Read<T>): T | Unreadable {
  const text = textOf(side);
  return isUnreadable(text) ? text : read(text, path);
}

function hasOtherContent({ before, after }: FileChange): boolean {
  return before?.oid !== after?.oid || before?.mode.slice(0, 3) !== after?.mode.slice(0, 3);
}
