/**
 * A change that makes its own exam easier: tests that are gone, switched off or say less, recordings
 * that were made to agree, and runners told to look at less.
 *
 * Every file of the rule counts as a test unless its name says that it configures a runner, is a
 * recording or is prose. A determined author can write a test that tests nothing; that is why
 * validators also run the tests of the base.
 */
import { z } from 'zod';
import { type Detector, type FileChange, type Firing, type Side, unreadable } from './detector.ts';
import { capped, contentName } from './firings.ts';
import { isBinaryName } from './readable.ts';
import { weakenedCode } from './test-code.ts';
import { weakenedConfig } from './test-config.ts';
import { CONFIG_PATHS, isCollectedLike, TEST_PATHS, testFileKind } from './test-files.ts';

export const testsWeakened: Detector<Record<string, never>> = {
  summary: 'tests were deleted, switched off or emptied, or their runner was told to look at less',
  paths: [...TEST_PATHS, ...CONFIG_PATHS],
  options: z.strictObject({}),
  detect({ files }) {
    const changed = files.filter(({ before, after }) => !isSame(before, after));
    const moved = movedFiles(changed);
    return capped([
      ...changed.filter((file) => !moved.has(file)).flatMap(fileFirings),
      ...onlySnapshots(changed),
    ]);
  },
};

function isSame(before: Side | null, after: Side | null): boolean {
  return before?.oid === after?.oid && isRegular(before) === isRegular(after);
}

function isRegular(side: Side | null): side is Side {
  return side?.mode.startsWith('100') === true;
}

/** Files of one content are rarely many; a search among more of them would take too long. */
const TWINS_MAX = 100;

/** Deleted files for which one was added that has the same content and that a runner collects alike. */
function movedFiles(files: readonly FileChange[]): Set<FileChange> {
  const added = files.filter(({ before, after }) => !before && isRegular(after));
  const twins = Map.groupBy(added, ({ after }) => after?.oid ?? '');
  const moved = new Set<FileChange>();
  for (const file of files) {
    if (!file.before || file.after) continue;
    const candidates = twins.get(file.before.oid) ?? [];
    const place = candidates
      .slice(0, TWINS_MAX)
      .findIndex(({ path }) => isCollectedLike(file.path, path));
    if (place < 0) continue;
    // Each added file explains one deleted file.
    candidates.splice(place, 1);
    moved.add(file);
  }
  return moved;
}

function fileFirings(file: FileChange): Firing[] {
  const { path, before, after } = file;
  const kind = testFileKind(path);
  if (kind === 'prose' || kind === 'snapshot') return [];
  if (isRegular(before) && !isRegular(after)) return [gone(file)];
  if (!after) return [];
  const old = isRegular(before) ? before : null;
  if (after.text === null || old?.text === null) {
    return isBinaryName(path) ? [] : [unreadable(path, 'it is binary or too large to read')];
  }
  const found =
    kind === 'config'
      ? weakenedConfig(path, old?.text ?? null, after.text)
      : weakenedCode(path, old?.text ?? '', after.text);
  return found.map(({ line, key, what }) => ({ path, line, key, message: `${path} ${what}` }));
}

function gone({ path, after }: FileChange): Firing {
  const what =
    testFileKind(path) === 'config' ? 'configures a test runner and' : 'is a test file and';
  const message = `${path} ${what} ${after ? 'is no regular file any more' : 'was deleted'}`;
  return { path, line: null, key: after ? 'replaced' : 'deleted', message };
}

/** New recordings with old tests: the tests now agree with whatever the code does. */
function onlySnapshots(files: readonly FileChange[]): Firing[] {
  const kinds = Map.groupBy(files, ({ path }) => testFileKind(path));
  if (kinds.has('test')) return [];
  return (kinds.get('snapshot') ?? []).flatMap(({ path, before, after }) => {
    if (!before) return [];
    const key = `snapshot-only:${after ? contentName(after) : 'deleted'}`;
    const message = `${path} is a recording that tests compare with, and changed without any test`;
    return [{ path, line: null, key, message }];
  });
}
