/** The controller's own log: one JSON line per fact, for machines. What people read is `text/`. */
import { type Logger, pino } from 'pino';

export type { Logger };

export function openLog(level: string): Logger {
  return pino({ level, base: null }, pino.destination({ dest: 2, sync: true }));
}
