/**
 * Which process holds a lease, written so that another process on this machine can tell whether
 * it still lives: `boot id, pid namespace, pid, start time`.
 *
 * A pid alone would not do: the kernel gives it out again. Where there is no /proc, the pid is all
 * there is; then only "no such process" counts as dead and everything else waits for the timeout.
 */
import { readFileSync, readlinkSync } from 'node:fs';

export function thisProcess(): string {
  return [...thisMachine(), process.pid, startTime(process.pid) ?? ''].join(' ');
}

/** True only when it is certain that the owner will never write again. */
export function isDead(owner: string): boolean {
  const [boot, namespace, pid, started] = owner.split(' ');
  const [ourBoot, ourNamespace] = thisMachine();
  // A pid of another boot or another container says nothing here.
  if (boot !== ourBoot || namespace !== ourNamespace) return false;
  return started === '' ? isGone(Number(pid)) : startTime(Number(pid)) !== started;
}

function thisMachine(): readonly [string, string] {
  return [
    orEmpty(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()),
    orEmpty(() => readlinkSync('/proc/self/ns/pid')),
  ];
}

/** Clock ticks since boot (field 22 of proc(5) stat); null when there is no such living process. */
function startTime(pid: number): string | null {
  const stat = orEmpty(() => readFileSync(`/proc/${pid}/stat`, 'utf8'));
  // The second field is the program's name in brackets and may hold anything, brackets too.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const state = fields[0];
  // A zombie was killed and only waits for its parent to look.
  return state === 'Z' || state === 'X' ? null : (fields[19] ?? null);
}

function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch (thrown) {
    return (thrown as { code?: unknown }).code === 'ESRCH';
  }
}

function orEmpty(read: () => string): string {
  try {
    return read();
  } catch {
    return '';
  }
}
