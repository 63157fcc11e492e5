/** `serve`: the controller. Drives every run that can go on, several at once. */
import { availableParallelism, freemem } from 'node:os';
import type { Runtime } from '../compose.ts';
import { asFault } from '../domain/faults.ts';
import { openLog } from '../log.ts';
import { fitting, schedule } from '../scheduler.ts';
import type { Context, Exit } from './context.ts';

export type ServeOptions = {
  readonly untilIdle: boolean;
  readonly concurrency: number | null;
  /** Folder of scenario files that answer in the model's place. */
  readonly scripted: string | null;
  /** Size that the data directory is kept to. */
  readonly keepBytes: number;
  readonly logLevel: string;
  /** What sandboxes run under; null for the engine's own choice. */
  readonly runtime: Runtime | null;
};

export async function serve(context: Context, options: ServeOptions): Promise<Exit> {
  const factory = await context.factory(options.scripted, options.runtime);
  const log = openLog(options.logLevel, factory.tools.redact);
  const concurrency = options.concurrency ?? fitting(availableParallelism(), freemem());
  const { model } = factory.tools;
  log.info({ home: factory.home, model: model.shown, concurrency }, 'controller started');
  try {
    await factory.engine.needRuntime();
    // What a controller that was killed had committed and not yet brought into the log's files.
    await factory.store.audit.publish();
    await schedule(
      {
        runner: factory.runner,
        concurrency,
        onTrouble: (run, error) =>
          log.error(
            { run, fault: asFault(error).code, message: asFault(error).message },
            run === null ? 'nothing cleared away' : 'run not driven',
          ),
        reap: async () => {
          const { removed, failed } = await factory.reap();
          for (const one of removed) log.info(one, 'cleared away');
          for (const { run, error } of failed)
            log.warn({ run, message: asFault(error).message }, 'not cleared away');
        },
        collect: async () => {
          const collected = await factory.collect(options.keepBytes, false);
          const { removed, images, volumes, totalBytes, freedBytes, excessBytes } = collected;
          for (const one of removed) log.info(one, 'not used for longest, removed');
          for (const image of images) log.info({ image }, 'image of an earlier version removed');
          for (const volume of volumes) log.info({ volume }, 'volume not used for a week, removed');
          if (excessBytes > 0) {
            const sizes = { totalBytes, freedBytes, excessBytes };
            log.warn(sizes, 'more is in use than is to be kept');
          }
        },
      },
      options.untilIdle,
      context.signal,
    );
  } finally {
    factory.close();
  }
  log.info('controller stopped');
  return context.signal.aborted ? 130 : 0;
}
