/** `gc`: keeps the data directory to a size, beside controllers at work or without any. */
import { openCollecting } from '../compose.ts';
import { gcText } from '../text/gc-report.ts';
import { type Context, type Exit, show } from './context.ts';

export type GcOptions = { readonly keepBytes: number; readonly isDryRun: boolean };

/** Exits with 1 when what is in use is more than what is to be kept. */
export async function gc(context: Context, { keepBytes, isDryRun }: GcOptions): Promise<Exit> {
  const { store } = context.ledgers();
  try {
    const collected = await openCollecting(context.home, store, context.clock)(keepBytes, isDryRun);
    show(
      context,
      () => gcText(context.home, collected, isDryRun),
      () => collected,
    );
    return collected.excessBytes > 0 ? 1 : 0;
  } finally {
    store.close();
  }
}
