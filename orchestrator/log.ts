/** The controller's own log: one JSON line per fact, for machines. What people read is `text/`. */
import { type Logger, pino } from 'pino';

export type { Logger };

/** Every line loses its secrets on its way out. */
export function openLog(level: string, redact: (text: string) => string): Logger {
  const hooks = { streamWrite: redact };
  return pino({ level, base: null, hooks }, pino.destination({ dest: 2, sync: true }));
}
