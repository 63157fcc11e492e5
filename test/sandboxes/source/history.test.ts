import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Sha } from '../../../orchestrator/domain/ids.ts';
import { type HistoryRequest, makeHistory } from '../../../sandboxes/source/history.ts';
import { updateMirror } from '../../../sandboxes/source/mirror.ts';
import { commitAll, git, writeAll } from '../../orchestrator/intake/repositories.ts';
import { type Bench, bench, head } from './bench.ts';

async function committed(on: Bench, name: string): Promise<Sha> {
  writeAll(on.work, { [name]: `${name}\n` });
  commitAll(on.work);
  await updateMirror(on.at.mirror, on.work);
  return head(on.work);
}

async function historyOf(on: Bench, base: Sha, older: HistoryRequest['older'] = []) {
  const folder = join(on.folder, `history-${base}`);
  await makeHistory(folder, { mirror: on.at.mirror, base, older });
  return { base, folder };
}

const packsIn = (folder: string): string[] =>
  readdirSync(join(folder, 'objects', 'pack')).filter((name) => name.endsWith('.pack'));

const has = (folder: string, object: string): boolean =>
  git(folder, 'cat-file', '--batch-all-objects', '--batch-check').includes(object);

describe('the past of a base', () => {
  test('is whole, and has nothing that came after or beside it', async () => {
    const on = await bench({ a: 'a\n' });
    const base = await committed(on, 'b');
    const after = await committed(on, 'answer');
    git(on.work, 'checkout', '--quiet', '-b', 'beside', base);
    const beside = await committed(on, 'secret');
    const { folder } = await historyOf(on, base);
    expect(git(folder, 'rev-list', '--objects', '--count', 'HEAD').trim()).toBe('6');
    expect(git(folder, 'fsck', '--full', '--strict')).toBe('');
    for (const later of [after, beside]) {
      expect(has(on.at.mirror, later)).toBe(true);
      expect(has(folder, later)).toBe(false);
    }
    expect(has(folder, git(on.work, 'rev-parse', `${after}:answer`).trim())).toBe(false);
  });

  test('takes over what an older base has, and adds one pack', async () => {
    const on = await bench({ a: 'a\n' });
    const first = await historyOf(on, on.base);
    const second = await historyOf(on, await committed(on, 'b'), [first]);
    expect(packsIn(second.folder)).toHaveLength(2);
    const [shared = ''] = packsIn(first.folder);
    expect(statSync(join(second.folder, 'objects', 'pack', shared)).nlink).toBe(2);
    rmSync(first.folder, { recursive: true });
    expect(git(second.folder, 'fsck', '--full', '--strict')).toBe('');
    expect(git(second.folder, 'rev-list', '--count', 'HEAD').trim()).toBe('2');
  });

  test('is packed anew where an older base went meanwhile', async () => {
    const on = await bench({ a: 'a\n' });
    const first = await historyOf(on, on.base);
    rmSync(join(first.folder, 'objects'), { recursive: true });
    const second = await historyOf(on, await committed(on, 'b'), [first]);
    expect(packsIn(second.folder)).toHaveLength(1);
    expect(git(second.folder, 'rev-list', '--count', 'HEAD').trim()).toBe('2');
  });

  test('takes nothing from a base that did not lead to it, or is gone from the mirror', async () => {
    const on = await bench({ a: 'a\n' });
    const later = await committed(on, 'answer');
    const future = await historyOf(on, later);
    const gone = { base: 'f'.repeat(40) as Sha, folder: future.folder };
    const past = await historyOf(on, on.base, [future, gone]);
    expect(has(past.folder, later)).toBe(false);
    expect(packsIn(past.folder)).toHaveLength(1);
  });

  test('is packed anew once it is in twenty packs', async () => {
    const on = await bench({ a: 'a\n' });
    let last = await historyOf(on, on.base);
    for (let at = 0; at < 20; at += 1) {
      last = await historyOf(on, await committed(on, `f${at}`), [last]);
    }
    expect(packsIn(last.folder)).toHaveLength(1);
    expect(git(last.folder, 'rev-list', '--count', 'HEAD').trim()).toBe('21');
  });
});
