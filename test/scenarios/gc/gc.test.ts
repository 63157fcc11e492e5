/** What was used and may go is made again when it is needed; what is in use stays, whatever is asked. */
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import type { Factory } from '../../../orchestrator/compose.ts';
import { outcomeOf, shellAgent } from '../steps.ts';
import { queue, settle, testFactory } from '../support.ts';
import { proofhouse, succeeded, tinyRepository } from '../tiny.ts';

const AGENT = shellAgent('echo "export const x = 1;" > src/added.mjs\n');

function layers({ home }: Factory): string[] {
  const repositories = path.join(home, 'repositories');
  return readdirSync(repositories).flatMap((repository) =>
    ['snapshots', 'histories', 'trees', 'mirror.git'].flatMap((kind) => {
      const folder = path.join(repositories, repository, kind);
      if (!existsSync(folder)) return [];
      return kind === 'mirror.git' ? [kind] : readdirSync(folder).map(() => kind);
    }),
  );
}

/** As if nothing were to be kept. */
const collected = (factory: Factory) => factory.collect(1, false);

it('layers of a run that is over go, and the next run makes them again', async () => {
  const factory = await testFactory('gc');
  const repository = tinyRepository(path.join(factory.home, 'tiny'), AGENT);
  const first = await queue(factory, repository, 'Add a file');
  expect(outcomeOf(await settle(factory, first.id))).toMatchObject({ kind: 'published' });
  expect(layers(factory)).toContain('snapshots');

  const asked = await factory.collect(1, true);
  expect(asked.removed.map(({ kind }) => kind)).toEqual(
    expect.arrayContaining(['snapshot', 'history', 'tree', 'change', 'mirror']),
  );
  expect(layers(factory)).toContain('snapshots');

  await collected(factory);
  expect(layers(factory)).toEqual([]);
  const second = await queue(factory, repository, 'Add it again');
  expect(outcomeOf(await settle(factory, second.id))).toMatchObject({ kind: 'published' });
});

it('nothing goes from under a run, however little is to be kept', async () => {
  const factory = await testFactory('gc-live');
  const repository = tinyRepository(path.join(factory.home, 'tiny'), AGENT);
  const { id } = await queue(factory, repository, 'Add a file');
  const { workspaces } = factory.tools;
  // Collected at the worst of moments: the workspace is open, and nothing has started in it.
  const open: typeof workspaces.open = async (...given) => {
    const opened = await workspaces.open(...given);
    const { removed, excessBytes } = await collected(factory);
    expect(removed).toEqual([]);
    expect(excessBytes).toBeGreaterThan(0);
    return opened;
  };
  Object.assign(factory.tools, { workspaces: { ...workspaces, open } });
  expect(outcomeOf(await settle(factory, id))).toMatchObject({ kind: 'published' });
});

it('is asked by hand, for people and for machines', async () => {
  const factory = await testFactory('gc-command');
  const said = await proofhouse({ home: factory.home }, 'gc', '--dry-run', '--keep-bytes', '20g');
  succeeded(said);
  expect(said.out).toMatch(/^would free 0\.0 MiB of \d/m);
  const json = await proofhouse({ home: factory.home }, '--json', 'gc', '--keep-bytes', '1');
  expect(JSON.parse(json.out)).toMatchObject({ removed: [], images: [] });
  // All that there is cannot be made again.
  expect(json.code).toBe(1);
  const odd = await proofhouse({ home: factory.home }, 'gc', '--keep-bytes', '1.5x');
  expect(odd.code).toBe(2);
  expect(odd.err).toContain('as in 500m or 20g');
});
