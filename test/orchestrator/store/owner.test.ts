import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { isDead, thisProcess } from '../../../orchestrator/store/owner.ts';

const HAS_PROC = existsSync('/proc/self/stat');
const [boot, namespace, pid, started] = thisProcess().split(' ');

test('a process that lives is not dead', () => {
  expect(isDead(thisProcess())).toBe(false);
});

test.runIf(HAS_PROC)('a pid that was given out again is another process', () => {
  expect(isDead([boot, namespace, pid, `${started}0`].join(' '))).toBe(true);
});

test.runIf(HAS_PROC)('a process that was killed and not yet looked at is dead', async () => {
  const child = spawn('sh', ['-c', 'sleep 60 & echo $!; exec sleep 60'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const [said] = await once(child.stdout, 'data');
    const zombie = String(said).trim();
    const stat = (): string[] => readFileSync(`/proc/${zombie}/stat`, 'utf8').split(') ');
    // A shell would look at its dead child; what it has become by then does not.
    const parent = (): string => readFileSync(`/proc/${child.pid}/comm`, 'utf8').trim();
    while (parent() !== 'sleep') await new Promise(setImmediate);
    process.kill(Number(zombie), 'SIGKILL');
    while (!stat()[1]?.startsWith('Z')) await new Promise(setImmediate);
    const startedAt = stat()[1]?.split(' ')[19];
    expect(isDead([boot, namespace, zombie, startedAt].join(' '))).toBe(true);
  } finally {
    child.kill('SIGKILL');
  }
});

test('of a process of another boot or another container nothing is known', () => {
  expect(isDead(['another-boot', namespace, '1', '0'].join(' '))).toBe(false);
  expect(isDead([boot, 'pid:[1]', '1', '0'].join(' '))).toBe(false);
});

test('without a start time, only a pid that nobody has is dead', async () => {
  expect(isDead([boot, namespace, pid, ''].join(' '))).toBe(false);
  const child = spawn('true');
  await once(child, 'close');
  expect(isDead([boot, namespace, child.pid, ''].join(' '))).toBe(true);
});
