/**
 * A controller that ends itself with SIGKILL: right after it wrote its first event, right before it
 * would write its second, when the engine has made the agent's sandbox and not started it, or in the
 * middle of the agent's work, when the first command of the agent comes to its ears. Arguments: data
 * directory, `after`, `before`, `created` or `working`, folder of scenarios.
 */
import Docker from 'dockerode';
import { chooseModel, openFactory, openModel } from '../../../orchestrator/compose.ts';
import type { RunId } from '../../../orchestrator/domain/ids.ts';
import type { RunEvent } from '../../../orchestrator/domain/run-state.ts';
import type { Activity, Lease, Store } from '../../../orchestrator/ports.ts';
import { schedule } from '../../../orchestrator/scheduler.ts';

const [home = '', when = '', models = ''] = process.argv.slice(2);
const model = await openModel(chooseModel({}, models));
const factory = openFactory({
  home,
  model,
  secrets: [],
  above: [],
  runtime: null,
  clock: () => new Date(),
});

type Create = (this: Docker, options: Docker.ContainerCreateOptions) => Promise<Docker.Container>;

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
if (when === 'created') {
  // Only what this controller made: the next one finds it, and starts it.
  const made = new Set<string>();
  const { createContainer } = Docker.prototype as { createContainer: Create };
  Object.assign(Docker.prototype, {
    createContainer: function (this: Docker, options: Docker.ContainerCreateOptions) {
      made.add(`/${options.name}`);
      return createContainer.call(this, options);
    },
  });
  const { start } = Docker.Container.prototype;
  Docker.Container.prototype.start = async function (this: Docker.Container) {
    const { Name } = await this.inspect();
    return made.has(Name) && Name.endsWith('-agent') ? die() : start.call(this);
  };
}
// The stages hold the factory's own store, so this one is changed in place.
const note = factory.tools.store.note;
Object.assign(factory.tools.store, {
  note: async (activity: Activity) => {
    const before = when === 'working' ? await factory.store.activity(activity.run) : [];
    await note(activity);
    const isFirst = before.every(({ source }) => source !== 'agent');
    if (when === 'working' && activity.source === 'agent' && isFirst) await die();
  },
});
const runner = { ...factory.runner, store };
const onTrouble = (_: RunId | null, error: unknown): void => {
  throw error;
};
const upkeep = {
  reap: async () => void (await factory.reap()),
  collect: async () => void (await factory.collect(2 ** 40, false)),
};
const options = { runner, concurrency: 1, onTrouble, ...upkeep };
await schedule(options, true, new AbortController().signal);
factory.close();
