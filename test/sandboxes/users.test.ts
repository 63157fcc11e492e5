/** Each repository's sandboxes are a user of their own, the same one after every crash. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { folders } from '../../sandboxes/source/folders.ts';
import { openUsers } from '../../sandboxes/users.ts';

const BASE = 20_000;

function home() {
  const folder = mkdtempSync(path.join(tmpdir(), 'proofhouse-users-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folders(folder);
}

test('two repositories are two users, neither of them root or anybody else', async () => {
  const uidOf = openUsers(home(), BASE, true);
  const all = await Promise.all(['a', 'b', 'c', 'd'].map(uidOf));
  expect(new Set(all).size).toBe(4);
  for (const uid of all) expect(uid).toBeGreaterThan(BASE);
  for (const uid of all) expect(uid).toBeLessThanOrEqual(60_000);
});

test('the next controller, and another beside it, give a repository the same user', async () => {
  const at = home();
  const both = await Promise.all([openUsers(at, BASE, true)('a'), openUsers(at, BASE, true)('a')]);
  expect(both[0]).toBe(both[1]);
  expect(await openUsers(at, BASE, true)('a')).toBe(both[0]);
  expect(readdirSync(at.users)).toEqual([String(both[0])]);
});

test('a user that another repository has is passed over, and found again behind it', async () => {
  const at = home();
  const wanted = await openUsers(at, BASE, true)('a');
  rmSync(path.join(at.users, String(wanted)));
  symlinkSync('somebody-else', path.join(at.users, String(wanted)));
  expect(await openUsers(at, BASE, true)('a')).toBe(wanted + 1);
  expect(await openUsers(at, BASE, true)('a')).toBe(wanted + 1);
});

test('a repository whose layers are there already keeps the user that made them', async () => {
  const at = home();
  mkdirSync(path.join(at.repository('a'), 'snapshots'), { recursive: true });
  expect(await openUsers(at, BASE, true)('a')).toBe(BASE);
});

test('a controller that is not root is the only user that there is', async () => {
  const at = home();
  expect(await openUsers(at, 1000, false)('a')).toBe(1000);
  expect(() => readdirSync(at.users)).toThrow();
});
