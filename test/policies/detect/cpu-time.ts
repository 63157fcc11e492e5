/** What some work costs, in milliseconds of processor time: a busy machine must not fail a bound. */
export function cpuMs(work: () => unknown): number {
  const start = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1_000;
}

/** Far above what linear work needs for a mebibyte, far below what quadratic work does. */
export const MEBIBYTE_MS = 5_000;
