/**
 * Builds the sandbox images that this machine lacks.
 *
 * Packages from the npm registry are fetched on the host with its own client and copied in, so a
 * build needs no registry, no proxy and no certificate of the host. An image is tagged only when it
 * is whole: a build that was cut short leaves nothing that a run could pick up.
 */
import { execFile } from 'node:child_process';
import { cp, readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import type Docker from 'dockerode';
import { Fault } from '../../orchestrator/domain/faults.ts';
import { agentPackages } from './agent-packages.ts';
import { type Inside, type Recipe, recipes, wantedRecipes } from './recipes.ts';
import { importRoot } from './root-filesystem.ts';

const run = promisify(execFile);
const LABEL = { proofhouse: 'image' };

export type BuildProgress = (image: string, what: string) => void;

export type BuildOptions = {
  /** Scratch folder for build contexts; emptied afterwards. */
  readonly scratch: string;
  /** The Node binary that goes into the images. */
  readonly node: string;
  readonly inside: Inside;
  /** Names of services and agents whose images are wanted besides. */
  readonly wanted: readonly string[];
  readonly progress: BuildProgress;
};

/** Builds what is missing, in order, and returns the tag of every image. */
export async function buildImages(
  docker: Docker,
  options: BuildOptions,
): Promise<ReadonlyMap<string, string>> {
  const wanted = wantedRecipes(options.inside).filter(({ name }) => options.wanted.includes(name));
  const all = [...recipes(options.inside), ...wanted];
  const missing: Recipe[] = [];
  for (const recipe of all) if (!(await exists(docker, recipe.tag))) missing.push(recipe);
  try {
    // Contexts come in while the first image is made: the one waits for a network, the other computes.
    const contexts = missing.map((recipe) => fill(recipe, options));
    const filled = Promise.all(contexts);
    filled.catch(() => {});
    for (const [at, recipe] of missing.entries()) {
      await contexts[at];
      await built(docker, recipe, options);
    }
  } finally {
    await rm(options.scratch, { recursive: true, force: true });
  }
  return new Map(all.map(({ name, tag }) => [name, tag]));
}

async function built(docker: Docker, recipe: Recipe, options: BuildOptions): Promise<void> {
  options.progress(recipe.name, 'building');
  const started = performance.now();
  await build(docker, recipe, options);
  options.progress(recipe.name, `built in ${Math.round((performance.now() - started) / 1000)} s`);
}

export async function exists(docker: Docker, tag: string): Promise<boolean> {
  return docker
    .getImage(tag)
    .inspect()
    .then(() => true)
    .catch((error: { statusCode?: number }) => {
      if (error.statusCode === 404) return false;
      throw error;
    });
}

async function build(docker: Docker, recipe: Recipe, options: BuildOptions): Promise<void> {
  const context = contextOf(recipe, options);
  if (recipe.name === 'root' && !(await pull(docker, 'debian:bookworm-slim'))) {
    const why = 'no image registry answers; making it from the package sources of this machine';
    options.progress('root', why);
    return importRoot(docker, { recipe, label: LABEL, context });
  }
  await buildFrom(docker, context, recipe);
}

function contextOf(recipe: Recipe, { scratch }: BuildOptions): string {
  return path.join(scratch, recipe.name);
}

/** Everything that goes into an image, in one folder. */
async function fill(recipe: Recipe, options: BuildOptions): Promise<void> {
  const context = contextOf(recipe, options);
  await rm(context, { recursive: true, force: true });
  await cp(recipe.folder, context, { recursive: true });
  if (recipe.agent !== null) {
    const files = agentPackages(recipe.name, recipe.agent, process.arch);
    for (const [file, text] of Object.entries(files))
      await writeFile(path.join(context, file), text);
  }
  if (!(await readdir(context)).includes('package.json')) return;
  if (recipe.name === 'base') await cp(options.node, path.join(context, 'node'));
  try {
    await run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: context });
  } catch (cause) {
    const why = `npm ci failed for the ${recipe.name} image: ${lastLines(cause)}`;
    throw new Fault('image_missing', why, { cause });
  }
}

/** True when the image is there or an image registry gave it. */
async function pull(docker: Docker, name: string): Promise<boolean> {
  if (await exists(docker, name)) return true;
  try {
    await finished(docker, await docker.pull(name, { abortSignal: AbortSignal.timeout(60_000) }));
    return true;
  } catch {
    return false;
  }
}

async function buildFrom(docker: Docker, context: string, recipe: Recipe): Promise<void> {
  const stream = await docker.buildImage(
    { context, src: await readdir(context) },
    {
      t: recipe.tag,
      buildargs: recipe.args,
      labels: LABEL,
      networkmode: recipe.network,
      rm: true,
      forcerm: true,
    },
  );
  const output: string[] = [];
  try {
    await finished(docker, stream, (line) => output.push(line));
  } catch (cause) {
    const said = output.join('').trim().split('\n').slice(-8).join('\n');
    throw new Fault('image_missing', `building the ${recipe.name} image failed:\n${said}`, {
      cause,
    });
  }
}

function finished(
  docker: Docker,
  stream: NodeJS.ReadableStream,
  onOutput: (line: string) => void = () => {},
): Promise<void> {
  return new Promise((resolve, reject) => {
    docker.modem.followProgress(
      stream,
      (error) => (error === null ? resolve() : reject(error)),
      (event: { stream?: string; error?: string }) => onOutput(event.stream ?? event.error ?? ''),
    );
  });
}

function lastLines(cause: unknown): string {
  const { stderr } = cause as { stderr?: string };
  return (stderr ?? String(cause)).trim().split('\n').slice(-4).join(' ');
}
