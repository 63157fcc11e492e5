import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ageMs } from '../../sandboxes/age.ts';
import { LIFECYCLE_ROWS } from '../red-team/lifecycle/rows.ts';

const ID = 'a'.repeat(64);
const STARTED = '2026-03-01T10:00:00Z';
const HOUR_MS = 3_600_000;
const hours = (count: number): Date => new Date(Date.parse(STARTED) + count * HOUR_MS);
const running = { id: ID, pid: 42, startedAt: STARTED };

/** What the kernel says: started 100 s after boot, and it is 160 s now. */
function procWith(group: string): string {
  const proc = mkdtempSync(path.join(tmpdir(), 'proofhouse-test-proc-'));
  onTestFinished(() => rmSync(proc, { recursive: true }));
  mkdirSync(path.join(proc, '42'));
  const fields = ['S', ...Array.from({ length: 18 }, () => '0'), '10000', '0'];
  writeFileSync(path.join(proc, '42/stat'), `42 (odd) name) ${fields.join(' ')}\n`);
  writeFileSync(path.join(proc, '42/cgroup'), `0::/docker/${group}\n`);
  writeFileSync(path.join(proc, 'uptime'), '160.00 300.00\n');
  return proc;
}

describe(`${LIFECYCLE_ROWS.clock.id}: ${LIFECYCLE_ROWS.clock.attack}`, () => {
  test.each([
    ['a limit of an hour ends an agent that began just now', 1],
    ['an agent has no age at all', -1],
  ])('by the time of day alone %s', async (_, jump) => {
    expect(await ageMs({ ...running, pid: 0 }, hours(jump))).toBe(jump * HOUR_MS);
  });

  test.each([-1, 0, 1, 24])('a jump by %i hours changes no age', async (jump) => {
    expect(await ageMs(running, hours(jump), procWith(ID))).toBe(60_000);
  });
});

test('another process that was given the number since is not taken for it', async () => {
  expect(await ageMs(running, hours(1), procWith('b'.repeat(64)))).toBe(HOUR_MS);
});
