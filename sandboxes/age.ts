/**
 * How long a sandbox has run. A limit on time is kept by a clock that nobody sets: the engine tells a
 * time of day, and a host whose clock jumps an hour ahead would end every agent at once, and one that
 * jumps back would let them run on. The kernel counts since boot, so it is asked first.
 */
import { readFile } from 'node:fs/promises';

export type Running = {
  /** The engine's id of it. */
  readonly id: string;
  /** Its first process as the host counts; 0 when it has none. */
  readonly pid: number;
  /** Time of day at which the engine started it. */
  readonly startedAt: string;
};

/** Clock ticks a second in /proc (USER_HZ), the same on every Linux that Node runs on. */
const TICKS = 100;

export async function ageMs(running: Running, now: Date, proc = '/proc'): Promise<number> {
  return (await ageSinceBoot(running, proc)) ?? now.getTime() - Date.parse(running.startedAt);
}

/** Null where the process cannot be seen: an engine elsewhere, or a controller in a container. */
async function ageSinceBoot({ id, pid }: Running, proc: string): Promise<number | null> {
  if (pid <= 0) return null;
  const read = (file: string): Promise<string> => readFile(`${proc}/${file}`, 'utf8');
  try {
    // The number may be another process of ours; the group it is in names the sandbox.
    if (!(await read(`${pid}/cgroup`)).includes(id)) return null;
    const stat = await read(`${pid}/stat`);
    const started = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]);
    const uptime = Number((await read('uptime')).split(' ')[0]);
    const age = (uptime - started / TICKS) * 1000;
    return Number.isFinite(age) ? Math.max(0, age) : null;
  } catch {
    return null;
  }
}
