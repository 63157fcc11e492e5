/**
 * The root file system from the distribution's own packages, for machines on which no image registry
 * answers. Uses the package sources this host is configured with, whatever they are.
 */
import { execFile, spawn } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import type Docker from 'dockerode';
import { Fault } from '../../orchestrator/domain/faults.ts';
import type { Recipe } from './recipes.ts';

const run = promisify(execFile);
const SUITE = 'bookworm';
const KEEP_OUT = ['man', 'doc', 'info', 'locale', 'lintian'];

export async function importRoot(
  docker: Docker,
  { recipe, label, context }: { recipe: Recipe; label: Record<string, string>; context: string },
): Promise<void> {
  const list = path.join(context, 'sources.list');
  await writeFile(list, `${(await packageSources()).join('\n')}\n`);
  const packages = (await readFile(path.join(recipe.folder, 'packages.txt'), 'utf8'))
    .trim()
    .split('\n');
  const tool = spawn('mmdebstrap', await toolArguments(packages, list), {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said: Buffer[] = [];
  tool.stderr.on('data', (bytes: Buffer) => said.push(bytes));
  const ended = new Promise<void>((resolve, reject) => {
    tool.once('error', reject);
    tool.once('close', (code) =>
      code === 0 ? resolve() : reject(new Error(`mmdebstrap ended with ${code}`)),
    );
  });
  try {
    const imported = docker.importImage(tool.stdout as never, {
      changes: Object.entries(label).map(([key, value]) => `LABEL ${key}=${value}`),
    });
    const [stream] = await Promise.all([imported, ended]);
    // Named only now: the archive of a tool that failed half-way imports just as well.
    await docker.getImage(await importedId(docker, stream)).tag(nameOf(recipe.tag));
  } catch (cause) {
    const lines = Buffer.concat(said).toString().trim().split('\n').slice(-6).join('\n');
    throw new Fault(
      'image_missing',
      `making the root file system failed:\n${lines || String(cause)}`,
      { cause },
    );
  }
}

async function toolArguments(packages: readonly string[], list: string): Promise<string[]> {
  return [
    '--variant=minbase',
    `--include=${packages.join(',')}`,
    ...(await hostAptOptions()).map((option) => `--aptopt=${option}`),
    ...KEEP_OUT.map((folder) => `--dpkgopt=path-exclude=/usr/share/${folder}/*`),
    '--customize-hook=rm -rf "$1"/var/cache/apt/* "$1"/var/lib/apt/lists/*',
    SUITE,
    '-',
    list,
  ];
}

function importedId(docker: Docker, stream: NodeJS.ReadableStream): Promise<string> {
  return new Promise((resolve, reject) => {
    docker.modem.followProgress(stream, (error, events: { status?: string }[]) =>
      error === null ? resolve(events.at(-1)?.status ?? '') : reject(error),
    );
  });
}

function nameOf(tag: string): { repo: string; tag: string } {
  const [repo = '', name = ''] = tag.split(':');
  return { repo, tag: name };
}

/** The host's own Debian sources, one line each, exactly as its package client reads them. */
async function packageSources(): Promise<string[]> {
  const { stdout } = await run('apt-get', [
    'indextargets',
    '--format',
    'deb $(REPO_URI) $(RELEASE) $(COMPONENT)|$(IDENTIFIER)|$(ORIGIN)|',
  ]).catch((cause: unknown) => {
    throw new Fault(
      'image_missing',
      'no image registry answers, and this machine has no apt to make an image from',
      { cause },
    );
  });
  const lines = stdout.split('\n').filter((line) => line.includes('|Packages|Debian|'));
  const sources = new Set(lines.map((line) => line.slice(0, line.indexOf('|'))));
  const wanted = [...sources].filter((source) => source.includes(` ${SUITE}`));
  if (wanted.length === 0) {
    throw new Fault(
      'image_missing',
      `no image registry answers, and the package sources of this machine have no Debian ${SUITE}`,
    );
  }
  return wanted;
}

/** How the host's client reaches its sources: proxies, certificates, validity checks. */
async function hostAptOptions(): Promise<string[]> {
  const { stdout } = await run('apt-config', ['dump', '--format', '%F "%v";%n', 'Acquire']);
  return stdout
    .split('\n')
    .filter((line) => /^Acquire::(?:Check-|https?::|Retries)/.test(line) && !line.includes('""'));
}
