/** Workspaces of large repositories with a long past, many at once, and many one after the other. */
import { execFileSync } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import path from 'node:path';
import type { Factory } from '../orchestrator/compose.ts';
import { mounts } from '../sandboxes/mounts.ts';
import { bareContainer } from './bare.ts';
import { fileAt, longRepository } from './long-repository.ts';
import { inTurn, type Row, timed } from './measure.ts';
import { EMPTY, hardened, opened, type Prepared, placeOf, worked } from './sandboxes.ts';

export type Size = {
  readonly n: number;
  readonly cycles: number;
  readonly commits: number;
  readonly files: readonly number[];
};

const CHANGED = 1000;
const WRITE_TREE = `git write-tree of ${CHANGED} changes + one bare container`;
const AT_ONCE = [1, 4, 8] as const;
const never = new AbortController().signal;

export async function workspaceRows(size: Size, factory: Factory, scratch: string): Promise<Row[]> {
  const { n, commits } = size;
  const image = await factory.tools.image('base');
  const one = await longRepository(factory, path.join(scratch, 'one'), { files: 1, commits: 1 });
  const firsts: Row[] = [];
  const large: { files: number; prepared: Prepared }[] = [];
  for (const files of size.files) {
    const folder = path.join(scratch, `files-${files}`);
    const prepared = await longRepository(factory, folder, { files, commits });
    large.push({ files, prepared });
    const what = `first workspace of a base, ${named(files, commits)}`;
    firsts.push({ what, unit: 'ms', values: [await opened(factory, prepared)], against: null });
  }
  const opening = await inTurn(n, [
    { what: EMPTY, against: null, go: () => opened(factory, one) },
    ...large.map(({ files, prepared }) => ({
      what: `workspace of ${named(files, commits)}, open to first output`,
      against: { floor: EMPTY, bound: '<= +50 ms' },
      go: () => opened(factory, prepared),
    })),
  ]);
  const [first] = large;
  if (first === undefined) throw new Error('there is no repository to change');
  return [
    ...firsts,
    ...opening,
    ...(await changeRows(n, factory, { image, ...first.prepared })),
    ...(await parallelRows(n, factory, image)),
    await cycleRow(size.cycles, factory, one),
  ];
}

const named = (files: number, commits: number): string => `${files} files, ${commits} commits`;

async function changeRows(
  n: number,
  factory: Factory,
  { image, folder, base }: Prepared & { readonly image: string },
): Promise<Row[]> {
  const git = (...args: string[]): void => {
    execFileSync('git', ['-C', folder, ...args], { stdio: 'ignore' });
  };
  git('checkout', '--quiet', '-f', 'main');
  const changed = Array.from({ length: CHANGED }, (_, at) => fileAt(at));
  return inTurn(n, [
    {
      what: WRITE_TREE,
      against: null,
      go: async () => {
        for (const file of changed) appendFileSync(path.join(folder, file), `// ${Date.now()}\n`);
        git('add', '--all');
        return (await timed(() => git('write-tree'))) + (await bareContainer(image));
      },
    },
    {
      what: `seal of ${CHANGED} changes`,
      against: { floor: WRITE_TREE, bound: '<= 1.5 x' },
      go: async () => {
        const place = placeOf(folder, base);
        const script = `for f in ${changed.join(' ')}; do echo "// ${place.run}" >> $f; done`;
        await worked(factory, place, ['sh', '-c', script], async () => {});
        const ms = await timed(async () => {
          const sealed = await factory.tools.workspaces.seal(place, null, never);
          if ('refused' in sealed) throw new Error(sealed.refused[0]?.message);
        });
        await factory.tools.workspaces.discard(place.run);
        return ms;
      },
    },
  ]);
}

function parallelRows(n: number, factory: Factory, image: string): Promise<Row[]> {
  const what = (count: number): string => `${count} sandboxes at once, all at their first output`;
  return inTurn(
    n,
    AT_ONCE.map((count) => ({
      what: what(count),
      against: count === 1 ? null : { floor: what(1), bound: `<= ${count} x` },
      go: () =>
        timed(() => Promise.all(Array.from({ length: count }, () => hardened(factory, image)))),
    })),
  );
}

/** Throws when anything is left: a number about speed would hide it. */
async function cycleRow(cycles: number, factory: Factory, one: Prepared): Promise<Row> {
  const values: number[] = [];
  for (let at = 0; at < cycles; at += 1) values.push(await timed(() => opened(factory, one)));
  const { sandboxes, volumes } = await factory.engine.mine();
  const left = [
    ...[...sandboxes, ...volumes].map(({ name }) => name),
    ...(await mounts()).filter(({ at }) => at.startsWith(`${factory.home}/`)).map(({ at }) => at),
  ];
  if (left.length > 0) throw new Error(`${cycles} workspaces left ${left.join(', ')}`);
  const what = `workspace opened and closed, nothing left after ${cycles}`;
  return { what, unit: 'ms', values, against: null };
}
