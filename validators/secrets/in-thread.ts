/** Asks secretlint in a thread that is ended when it takes too long or too much memory. */
import { Worker } from 'node:worker_threads';
import { z } from 'zod';
import { type Linted, SecretFinding } from './linted.ts';

const MEMORY_MIB = 512;

/** Null where it could not be carried through, whatever for. */
export function secretsIn(
  files: readonly Linted[],
  atMostMs: number,
  signal: AbortSignal,
): Promise<readonly SecretFinding[] | null> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./secretlint.ts', import.meta.url), {
      workerData: files,
      resourceLimits: { maxOldGenerationSizeMb: MEMORY_MIB },
      env: {},
      stdout: true,
      stderr: true,
    });
    const end = (settle: () => void): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', stop);
      void worker.terminate();
      settle();
    };
    const stop = (): void => end(() => reject(signal.reason));
    const timer = setTimeout(() => end(() => resolve(null)), atMostMs);
    signal.addEventListener('abort', stop, { once: true });
    worker.once('message', (said: unknown) => {
      const read = z.array(SecretFinding).safeParse(said);
      end(() => resolve(read.success ? read.data : null));
    });
    worker.once('error', () => end(() => resolve(null)));
    worker.once('exit', () => end(() => resolve(null)));
  });
}
