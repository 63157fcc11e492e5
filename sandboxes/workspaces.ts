/**
 * Workspaces of attempts and the sandboxes over them.
 *
 * A workspace is an overlay: the attempt's own folder on top, then the previous tree, the dependency
 * layer and the base's snapshot, all read-only below. Opening one costs the same for a small and a
 * large repository. An empty tree layer is impossible to mount twice, so a place has one volume at a time.
 */

import { chmod, mkdir, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Sha } from '../orchestrator/domain/ids.ts';
import type {
  CheckCommand,
  CheckRun,
  DependencyPlan,
  Launch,
  OnLine,
  Place,
  SandboxCommand,
  SandboxEnd,
  Workspaces,
} from '../orchestrator/ports.ts';
import { exportTree } from './export.ts';
import { needFreeSpace } from './free-space.ts';
import { onceEach } from './once-each.ts';
import { readOut } from './out-folder.ts';
import { removeTree } from './remove-tree.ts';
import type { Folders } from './source/folders.ts';
import { type Layers, openLayers } from './source/layers.ts';
import { ingest } from './source/quarantine.ts';
import type { Role, SandboxSpec } from './spec.ts';
import { emptyFolder, folderMount, keepTail, type Shop, volumeMount } from './tool.ts';

const MIB = 2 ** 20;
const GATEWAY_PORT = 8080;
export const GATEWAY_URL = `http://127.0.0.1:${GATEWAY_PORT}`;
const DEPENDENCIES = { memoryBytes: 3072 * MIB, wallMs: 15 * 60_000 } as const;
const TAIL_LINES = 200;
const STOP_MS = 30_000;

export type WorkspacesOptions = Shop & {
  readonly folders: Folders;
  /** Short path for sockets: a Unix socket's address ends at 107 bytes. */
  readonly runtime: string;
};

export function openWorkspaces(options: WorkspacesOptions): Workspaces {
  const { engine, folders } = options;
  const layers = openLayers(options, folders);
  const house = { ...options, layers };
  const once = onceEach<SandboxEnd>();

  return {
    socketPath: async (place, part) =>
      path.join(await launchFolder(options.runtime, place, part), 'gateway.sock'),
    hasDependencies: layers.hasDependencies,
    buildDependencies: (place, plan, onLine, signal) =>
      once(`${place.repository} ${plan.key}`, async () =>
        (await layers.hasDependencies(place, plan))
          ? { ended: 'exited', exitCode: 0, wallMs: 0 }
          : buildDependencies(house, place, plan, onLine, signal),
      ),
    open: (place, previous, plan, signal) => openWorkspace(house, place, previous, plan, signal),
    runAgent: async (place, command, onLine, signal) => {
      const spec = await specOf(house, place, {
        ...command,
        part: 'agent',
        role: 'agent',
        door: true,
        mounts: [
          volumeMount(volumeName(place), '/workspace', true),
          folderMount(folders.mirror(place.repository), '/mirror'),
        ],
      });
      await engine.ensure(spec);
      return engine.follow(spec, onLine, signal);
    },
    seal: (place, plan, signal) => seal(house, place, plan, signal),
    check: async (place, tree, plan, command, signal) => {
      const running = await startCheck(house, place, tree, plan, command, signal);
      return running.finish(signal);
    },
    serve: async (place, tree, plan, command, signal) => {
      const running = await startCheck(house, place, tree, plan, command, signal);
      return { stop: () => running.stop() };
    },
    discard: async (run) => {
      await engine.removeAll({ run });
      await removeTree(path.join(options.runtime, run));
      await dropWorkspaces(folders.run(run));
    },
  };
}

type House = WorkspacesOptions & { readonly layers: Layers };

async function openWorkspace(
  house: House,
  place: Place,
  previous: Sha | null,
  plan: DependencyPlan | null,
  signal: AbortSignal,
) {
  const { engine, folders } = house;
  await needFreeSpace(folders.home);
  await engine.remove(sandboxName(place, 'agent'));
  await engine.removeVolume(volumeName(place));
  // The tree of the attempt before lies in that attempt's quarantine.
  const from = previous === null ? place : { ...place, attempt: place.attempt - 1 };
  const lower = await house.layers.stack(from, previous, plan, signal);
  const folder = await emptyFolder(folders.upper(place.run, place.attempt), house.uid);
  const work = await emptyFolder(folders.work(place.run, place.attempt), house.uid);
  await engine.freshOverlay(volumeName(place), place.run, { lower, upper: { folder, work } });
}

async function buildDependencies(
  house: House,
  place: Place,
  plan: DependencyPlan,
  onLine: OnLine,
  signal: AbortSignal,
): Promise<SandboxEnd> {
  const { engine, folders } = house;
  const base = await house.layers.snapshot(place, signal);
  const scratch = `${folders.dependencies(place.repository, plan.key)}.${place.run}`;
  const upper = await emptyFolder(path.join(scratch, 'upper'), house.uid);
  const work = await emptyFolder(path.join(scratch, 'work'), house.uid);
  const cache = await emptyFolder(path.join(scratch, 'cache'), house.uid);
  const volume = `${sandboxName(place, 'dependencies')}`;
  await engine.remove(volume);
  await engine.freshOverlay(volume, place.run, { lower: [base], upper: { folder: upper, work } });
  try {
    const spec = await specOf(house, place, {
      part: 'dependencies',
      role: 'dependencies',
      image: 'base',
      door: true,
      ...DEPENDENCIES,
      argv: [
        'sh',
        '-ec',
        plan.run.map((_, at) => `sh "$0/run-${at}"`).join('\n'),
        '/home/agent/steps',
      ],
      env: PACKAGE_CLIENT,
      files: Object.fromEntries(plan.run.map((argv, at) => [`steps/run-${at}`, stepScript(argv)])),
      mounts: [
        volumeMount(volume, '/workspace', true),
        folderMount(folders.mirror(place.repository), '/mirror'),
        folderMount(cache, '/out', true),
      ],
    });
    await engine.ensure(spec);
    const end = await engine.follow(spec, onLine, signal);
    await engine.remove(volume);
    if (end.ended === 'exited' && end.exitCode === 0)
      await house.layers.keepDependencies(place, plan, upper, signal);
    return end;
  } finally {
    await engine.remove(volume);
    await engine.removeVolume(volume);
    await removeTree(scratch);
  }
}

/** How package clients reach the one registry there is: through the door, whatever a lock file says. */
const PACKAGE_CLIENT = {
  npm_config_registry: `${GATEWAY_URL}/registry/`,
  npm_config_replace_registry_host: 'always',
  npm_config_cache: '/out/npm',
  npm_config_audit: 'false',
  npm_config_fund: 'false',
  npm_config_update_notifier: 'false',
} as const;

function stepScript(argv: readonly string[]): string {
  const quoted = argv.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
  return `exec ${quoted}\n`;
}

async function seal(
  house: House,
  place: Place,
  plan: DependencyPlan | null,
  signal: AbortSignal,
): ReturnType<Workspaces['seal']> {
  const { engine, folders } = house;
  // Every process of the agent dies with its sandbox; nothing writes while the tree is read.
  await engine.remove(sandboxName(place, 'agent'));
  const out = await emptyFolder(folders.out(place.run, place.attempt, 'export'), house.uid);
  const launch = await launchFolder(house.runtime, place, 'export');
  await writeFile(path.join(launch, 'exclude'), await dependencyNames(house, place, plan));
  const base = await house.layers.snapshot(place, signal);
  const exported = await exportTree(
    house,
    {
      name: sandboxName(place, 'export'),
      run: place.run,
      role: 'exporter',
      script: 'export.sh',
      env: { BASE: place.base },
      mounts: [
        volumeMount(volumeName(place), '/workspace'),
        folderMount(folders.mirror(place.repository), '/mirror'),
        folderMount(base, '/snapshot'),
        folderMount(launch, '/run/proofhouse'),
        folderMount(out, '/out', true),
      ],
      workingDir: '/workspace',
      out,
    },
    signal,
  );
  if ('refused' in exported) return exported;
  const into = {
    folder: folders.quarantine(place.run, place.attempt),
    mirror: folders.mirror(place.repository),
  };
  return ingest(into, exported.pack, exported.tree, place.base);
}

/** What the dependency commands put at the top of the work tree is no part of a change. */
async function dependencyNames(
  house: House,
  place: Place,
  plan: DependencyPlan | null,
): Promise<string> {
  if (plan === null) return '';
  const names = await readdir(house.folders.dependencies(place.repository, plan.key));
  return names.map((name) => `/${name.replaceAll(/[\\*?[\] #!]/g, '\\$&')}\n`).join('');
}

type Running = { finish(signal: AbortSignal): Promise<CheckRun>; stop(): Promise<CheckRun> };

/** A check sees the sealed tree, a writable top that is thrown away, and a folder for its reports. */
async function startCheck(
  house: House,
  place: Place,
  tree: Sha,
  plan: DependencyPlan | null,
  command: CheckCommand,
  signal: AbortSignal,
): Promise<Running> {
  const { engine, folders } = house;
  const { part } = command;
  const name = sandboxName(place, part);
  await engine.remove(name);
  const out = await emptyFolder(folders.out(place.run, place.attempt, part), house.uid);
  const lower = await house.layers.stack(place, tree, plan, signal);
  const scratch = path.join(folders.attempt(place.run, place.attempt), `scratch-${part}`);
  const upper = {
    folder: await emptyFolder(path.join(scratch, 'upper'), house.uid),
    work: await emptyFolder(path.join(scratch, 'work'), house.uid),
  };
  await engine.freshOverlay(name, place.run, { lower, upper });
  const spec = await specOf(house, place, {
    ...command,
    door: false,
    mounts: [
      volumeMount(name, '/workspace', true),
      folderMount(folders.mirror(place.repository), '/mirror'),
      folderMount(out, '/out', true),
    ],
  });
  await engine.ensure(spec);
  const tail = keepTail(TAIL_LINES);
  const clear = async (): Promise<void> => {
    await engine.remove(name);
    await engine.removeVolume(name);
    await removeTree(scratch);
  };
  let stopping: { readonly ended: Promise<CheckRun> } | undefined;
  return {
    finish: async (until) => {
      try {
        const end = await engine.follow(spec, tail.onLine, until);
        const left = await readOut(out);
        return 'tooMuch' in left
          ? { end, tail: [...tail.lines, left.tooMuch], files: [] }
          : { end, tail: tail.lines, files: left.files };
      } finally {
        await clear();
      }
    },
    stop: async () => {
      stopping ??= { ended: stopApp({ engine, spec, tail, clear }) };
      return stopping.ended;
    },
  };
}

type App = {
  readonly engine: WorkspacesOptions['engine'];
  readonly spec: SandboxSpec;
  readonly tail: ReturnType<typeof keepTail>;
  readonly clear: () => Promise<void>;
};

async function stopApp({ engine, spec, tail, clear }: App): Promise<CheckRun> {
  try {
    await engine.kill(spec.name);
    const end = await engine.follow(spec, tail.onLine, AbortSignal.timeout(STOP_MS));
    return { end, tail: tail.lines, files: [] };
  } finally {
    await clear();
  }
}

type Wanted = SandboxCommand & {
  readonly part: string;
  readonly role: Role;
  readonly door: boolean;
  readonly mounts: SandboxSpec['mounts'];
  readonly joins?: CheckCommand['joins'];
};

async function specOf(house: House, place: Place, wanted: Wanted): Promise<SandboxSpec> {
  const launch = await launchFolder(house.runtime, place, wanted.part);
  await writeFile(path.join(launch, 'launch.json'), launchFile(wanted));
  const joins = wanted.joins ?? null;
  return {
    name: sandboxName(place, wanted.part),
    run: place.run,
    role: wanted.role,
    image: await house.image(wanted.image),
    mounts: [...wanted.mounts, folderMount(launch, '/run/proofhouse')],
    env: { HOME: '/home/agent' },
    argv: ['/usr/local/bin/node', '/opt/proofhouse/launch.mjs'],
    workingDir: '/workspace',
    joins: joins === null ? null : sandboxName(place, joins.part),
    limits: { memoryBytes: wanted.memoryBytes, wallMs: wanted.wallMs, cpus: 2, pids: 512 },
  };
}

function launchFile({
  argv,
  env,
  files,
  door,
  joins,
}: Launch & Pick<Wanted, 'door' | 'joins'>): string {
  return JSON.stringify({
    argv,
    env,
    files,
    cwd: '/workspace',
    door: door ? { port: GATEWAY_PORT, socket: '/run/proofhouse/gateway.sock' } : null,
    waitFor: joins ? { port: joins.port, timeoutMs: joins.waitMs } : null,
  });
}

const sandboxName = (place: Place, part: string): string =>
  `proofhouse-${place.run}-${place.attempt}-${part}`;
const volumeName = (place: Place): string => sandboxName(place, 'workspace');

/** The one folder of the host that a sandbox sees: what to start, and the socket. Read-only inside. */
async function launchFolder(runtime: string, place: Place, part: string): Promise<string> {
  const folder = path.join(runtime, place.run, `${place.attempt}-${part}`);
  await mkdir(folder, { recursive: true, mode: 0o755 });
  await chmod(folder, 0o755);
  return folder;
}

/** Workspaces and outputs go; quarantines stay, they hold what was sealed. */
async function dropWorkspaces(run: string): Promise<void> {
  const attempts = await readdir(run).catch(() => []);
  for (const attempt of attempts) {
    const parts = await readdir(path.join(run, attempt)).catch(() => []);
    for (const part of parts.filter((name) => name !== 'change.git')) {
      await removeTree(path.join(run, attempt, part));
    }
  }
}
