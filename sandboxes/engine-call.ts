/** One call to the engine: it ends, well or badly, and its failures have our names. */
import { setTimeout as later } from 'node:timers/promises';
import { Fault } from '../orchestrator/domain/faults.ts';

/** Waits for one engine call, but not for ever. Nothing is tried twice: whoever asks knows what may be. */
export type Call = <T>(what: string, promise: Promise<T>) => Promise<T>;

export const callWithin =
  (ms: number): Call =>
  async (what, promise) => {
    const stop = new AbortController();
    const late = later(ms, undefined, { signal: stop.signal }).then(() => {
      throw new Fault('engine_failed', `the engine did not answer "${what}" within ${ms / 1000} s`);
    });
    try {
      return await Promise.race([promise, late]);
    } catch (cause) {
      throw named(what, cause as EngineError);
    } finally {
      stop.abort();
      late.catch(() => {});
    }
  };

export type EngineError = {
  readonly statusCode?: number;
  readonly code?: string;
  readonly message?: string;
};

/** With the engine's own status, so that nobody has to read its words. */
export class EngineFault extends Fault {
  readonly status: number | null;
  constructor(what: string, error: EngineError) {
    const why = error.message ?? error.code ?? 'no reason given';
    super('engine_failed', `the engine refused "${what}": ${why}`, { cause: error });
    this.status = error.statusCode ?? null;
  }
}

/** Of the socket, not of anything that was asked for. A reset ends a call that was under way. */
const UNREACHABLE = new Set([
  ...['ENOENT', 'ECONNREFUSED', 'EACCES', 'ECONNRESET', 'EPIPE'],
  'ERR_STREAM_PREMATURE_CLOSE',
]);

export function named(what: string, error: EngineError | Fault): Fault {
  if (error instanceof Fault) return error;
  const { code, message } = error;
  if (code !== undefined && UNREACHABLE.has(code)) {
    const why = `no Docker engine answers at its socket (${code})`;
    return new Fault('docker_missing', why, { cause: error });
  }
  if (/no space left on device/i.test(message ?? '')) {
    return new Fault('disk_full', `the engine has no space left: ${message}`, { cause: error });
  }
  return new EngineFault(what, error);
}

const unless =
  (...statuses: number[]) =>
  (error: unknown): null => {
    if (error instanceof EngineFault && error.status !== null && statuses.includes(error.status))
      return null;
    throw error;
  };
export const alreadySo = unless(304);
export const absent = unless(404);
/** 409: another removal of the same thing is on its way. */
export const absentOrGoing = unless(404, 409);
