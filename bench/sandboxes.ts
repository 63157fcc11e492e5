/** A hardened sandbox, a workspace of a large repository, and taking a small change out again. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { newRunId } from '../orchestrator/commands/names.ts';
import type { Factory } from '../orchestrator/compose.ts';
import { type RunId, Sha } from '../orchestrator/domain/ids.ts';
import type { Place } from '../orchestrator/ports.ts';
import { bareContainer } from './bare.ts';
import { inTurn, type Row, timed } from './measure.ts';

const FILES = 13_000;
const MIB = 2 ** 20;
const never = new AbortController().signal;
const quiet = async (): Promise<void> => {};
const BARE = 'bare container, create to first output';
export const EMPTY = 'workspace of 1 file, open to first output';
const WRITE_TREE = 'git write-tree + one bare container';

export async function sandboxRows(n: number, factory: Factory, scratch: string): Promise<Row[]> {
  const image = await factory.tools.image('base');
  const small = await repositoryOf(factory, path.join(scratch, 'small'), 1);
  const large = await repositoryOf(factory, path.join(scratch, 'large'), FILES);
  return [
    ...(await inTurn(n, [
      { what: BARE, against: null, go: () => bareContainer(image) },
      {
        what: 'hardened sandbox, create to first output',
        against: { floor: BARE, bound: '<= 1.15 x' },
        go: () => hardened(factory, image),
      },
    ])),
    ...(await inTurn(n, [
      { what: EMPTY, against: null, go: () => opened(factory, small) },
      {
        what: `workspace of ${FILES} files, open to first output`,
        against: { floor: EMPTY, bound: '<= +50 ms' },
        go: () => opened(factory, large),
      },
    ])),
    ...(await inTurn(n, [
      { what: WRITE_TREE, against: null, go: () => written(large, image) },
      {
        what: 'seal of a small change',
        against: { floor: WRITE_TREE, bound: '<= 1.5 x' },
        go: () => sealed(factory, large),
      },
    ])),
  ];
}

export type Prepared = { readonly folder: string; readonly base: Sha };

async function repositoryOf(factory: Factory, folder: string, files: number): Promise<Prepared> {
  for (let at = 0; at < files; at += 1) {
    const below = path.join(folder, `p${at % 130}`);
    mkdirSync(below, { recursive: true });
    writeFileSync(path.join(below, `file-${at}.ts`), `export const value${at} = ${at};\n`);
  }
  const git = (...args: string[]): string =>
    execFileSync(
      'git',
      ['-C', folder, '-c', 'user.name=Bench', '-c', 'user.email=bench@localhost.invalid', ...args],
      { encoding: 'utf8' },
    );
  git('init', '--quiet', '--initial-branch=main');
  git('add', '--all');
  git('commit', '--quiet', '--message', 'First');
  await factory.forge.branches(folder);
  await factory.tools.source.update(folder, factory.forge.remote(folder));
  return { folder, base: Sha.parse(git('rev-parse', 'HEAD').trim()) };
}

export async function hardened({ engine }: Factory, image: string): Promise<number> {
  const run = newRunId();
  const name = `proofhouse-${run}-1-bench`;
  const limits = { memoryBytes: 512 * MIB, cpus: 2, pids: 128, wallMs: 60_000 };
  const spec = {
    ...{ name, run, role: 'exporter' as const, image, mounts: [], env: {}, joins: null, limits },
    argv: ['/bin/echo', 'ready'],
    workingDir: '/',
  };
  const ms = await toFirstLine(async (onLine) => {
    await engine.ensure(spec);
    await engine.follow(spec, onLine, never);
  });
  await engine.remove(name);
  return ms;
}

export async function opened(factory: Factory, { folder, base }: Prepared): Promise<number> {
  const place = placeOf(folder, base);
  const ms = await toFirstLine((onLine) => worked(factory, place, ['echo', 'ready'], onLine));
  await factory.tools.workspaces.discard(place.run);
  return ms;
}

async function sealed(factory: Factory, { folder, base }: Prepared): Promise<number> {
  const place = placeOf(folder, base);
  await worked(factory, place, ['sh', '-c', 'echo more >> p0/file-0.ts; echo new > new.ts'], quiet);
  const ms = await timed(() => factory.tools.workspaces.seal(place, null, never));
  await factory.tools.workspaces.discard(place.run);
  return ms;
}

async function written({ folder }: Prepared, image: string): Promise<number> {
  const git = (...args: string[]): void => {
    execFileSync('git', ['-C', folder, ...args], { stdio: 'ignore' });
  };
  writeFileSync(path.join(folder, 'p0/file-0.ts'), `// ${newRunId()}\n`);
  git('add', '--all');
  const tree = await timed(() => git('write-tree'));
  return tree + (await bareContainer(image));
}

export async function worked(
  { tools }: Factory,
  place: Place,
  argv: readonly string[],
  onLine: (line: { text: string }) => Promise<void>,
): Promise<void> {
  const { workspaces } = tools;
  await workspaces.open(place, null, null, never);
  const launch = { argv, env: {}, files: {}, image: 'base' };
  await workspaces.runAgent(
    place,
    { ...launch, memoryBytes: 512 * MIB, wallMs: 60_000 },
    onLine,
    never,
  );
}

async function toFirstLine(work: (onLine: () => Promise<void>) => Promise<void>): Promise<number> {
  const from = performance.now();
  let first: number | undefined;
  await work(async () => {
    first ??= performance.now() - from;
  });
  if (first === undefined) throw new Error('the sandbox printed nothing');
  return first;
}

export function placeOf(repository: string, base: Sha): Place {
  const run: RunId = newRunId();
  return { run, attempt: 1, repository, base };
}
