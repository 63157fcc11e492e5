/**
 * A controller that ends itself with SIGKILL: right after it wrote its first event, or right before it
 * would write its second. Argument: data directory, `after` or `before`.
 */

import { chooseModel, openFactory, openModel } from '../../../orchestrator/compose.ts';
import type { RunId } from '../../../orchestrator/domain/ids.ts';
import type { RunEvent } from '../../../orchestrator/domain/run-state.ts';
import type { Lease, Store } from '../../../orchestrator/ports.ts';
import { schedule } from '../../../orchestrator/scheduler.ts';

const [home = '', when = '', models = ''] = process.argv.slice(2);
const model = await openModel(chooseModel({}, models));
const factory = openFactory({ home, model, secrets: [], above: [], clock: () => new Date() });

const die = (): Promise<never> => {
  process.kill(process.pid, 'SIGKILL');
  return new Promise(() => {});
};
let written = 0;
const store: Store = {
  ...factory.store,
  append: async (run: RunId, seq: number, event: RunEvent, lease: Lease | null) => {
    if (when === 'before' && written === 1) await die();
    await factory.store.append(run, seq, event, lease);
    written += 1;
    if (when === 'after') await die();
  },
};
const runner = { ...factory.runner, store };
const onTrouble = (_: RunId, error: unknown): void => {
  throw error;
};
await schedule({ runner, concurrency: 1, onTrouble }, true, new AbortController().signal);
factory.close();
