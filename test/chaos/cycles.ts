/** Opens a workspace, lets something write in it and closes it, over and over. */
import { newRunId } from '../../orchestrator/commands/names.ts';
import { type House, orphans } from './house.ts';

const never = new AbortController().signal;
const COMMAND = {
  ...{ argv: ['sh', '-c', 'date > written'], env: {}, files: {}, image: 'base' },
  ...{ memoryBytes: 256 * 2 ** 20, wallMs: 60_000 },
};

/** What was left after the first cycle that left anything; empty when none did. */
export async function cycles(
  { factory, repository }: House,
  count: number,
  told: (done: number) => void,
): Promise<string[]> {
  const { workspaces, source } = factory.tools;
  const base = await factory.forge.tip(repository, 'main');
  if (base === null) throw new Error(`${repository} has no main`);
  await source.update(repository, factory.forge.remote(repository));
  for (let done = 1; done <= count; done += 1) {
    const place = { run: newRunId(), attempt: 1, repository, base };
    await workspaces.open(place, null, null, never);
    await workspaces.runAgent(place, COMMAND, async () => {}, never);
    await workspaces.discard(place.run);
    const left = await orphans(factory);
    if (left.length > 0) return left;
    told(done);
  }
  return [];
}
