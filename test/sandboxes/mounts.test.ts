import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { isOver, untilOver } from '../../sandboxes/folder-watch.ts';
import { readMounts } from '../../sandboxes/mounts.ts';
import { mountedRuns, needMemory, WORKSPACE_SIZE } from '../../sandboxes/quota.ts';

const MIB = 2 ** 20;

describe('what the kernel says is mounted', () => {
  test('is read with its type, whatever stands between, and with blanks in its path', () => {
    const text = [
      '22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw',
      '90 22 7:0 / /a\\040b/runs/r1/1/workspace rw,nosuid,nodev,noatime shared:5 master:2 - ext4 /dev/loop0 rw',
      '91 22 0:50 / /x rw - tmpfs proofhouse rw,size=4k',
      '',
    ].join('\n');
    expect(readMounts(text)).toEqual([
      { at: '/', type: 'ext4' },
      { at: '/a b/runs/r1/1/workspace', type: 'ext4' },
      { at: '/x', type: 'tmpfs' },
    ]);
  });

  test('is nothing where nothing is', async () => {
    expect(readMounts('')).toEqual([]);
    expect(await mountedRuns('/nowhere/runs')).toEqual([]);
  });
});

describe('a folder that is only watched', () => {
  test('is over with one file too many, at any depth, and with names that are no text', async () => {
    const folder = filled(9);
    writeFileSync(Buffer.concat([Buffer.from(`${folder}/`), Buffer.from([0xff, 0xfe])]), '');
    expect(await isOver(folder, { bytes: MIB, inodes: 10 })).toBe(false);
    expect(await isOver(folder, { bytes: MIB, inodes: 9 })).toBe(true);
  });

  test('is over by what lies on the disk, and not by holes', async () => {
    const folder = filled(0);
    const file = path.join(folder, 'file');
    writeFileSync(file, '');
    truncateSync(file, 1024 * MIB);
    expect(await isOver(folder, { bytes: MIB, inodes: 10 })).toBe(false);
    writeFileSync(file, Buffer.alloc(2 * MIB, 1));
    expect(await isOver(folder, { bytes: MIB, inodes: 10 })).toBe(true);
  });

  test('is watched until it is over, or until nobody writes any more', async () => {
    const watched = { folder: filled(3), size: { bytes: MIB, inodes: 2 } };
    expect(await untilOver(watched, new AbortController().signal)).toBe(true);
    const room = { ...watched, size: { bytes: MIB, inodes: 3 } };
    const ended = new AbortController();
    const watching = untilOver(room, ended.signal);
    ended.abort();
    expect(await watching).toBe(false);
  });
});

function filled(files: number): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'proofhouse-watched-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (let at = 0; at < files; at += 1) writeFileSync(path.join(folder, `f${at}`), '');
  return folder;
}

test('a quota in memory is refused while there is too little of it, and never made soft', () => {
  const GIB = 2 ** 30;
  expect(() => needMemory(WORKSPACE_SIZE, 4 * GIB)).not.toThrow();
  expect(() => needMemory(WORKSPACE_SIZE, 4 * GIB - 1)).toThrow('twice as much');
});
