/** Builds the dependency layer of a base commit in a sandbox that reaches the registry and nothing else. */
import path from 'node:path';
import { Fault } from '../../orchestrator/domain/faults.ts';
import type { DependencyPlan, OnLine, Place, SandboxEnd } from '../../orchestrator/ports.ts';
import { removeTree } from '../remove-tree.ts';
import type { SandboxSpec } from '../spec.ts';
import { emptyFolder, folderMount, volumeMount } from '../tool.ts';
import type { Ground, House } from './house.ts';
import { GATEWAY_URL, specOf } from './launch.ts';
import { sandboxName } from './names.ts';
import { followWatched } from './watched.ts';

const MIB = 2 ** 20;
const DEPENDENCIES = { memoryBytes: 3072 * MIB, wallMs: 15 * 60_000 } as const;

/**
 * Counted and never mounted: what is made here is moved to where it stays, and a move keeps to one file
 * system. Its commands are the base commit's, so they are not the first to be feared.
 */
export const LAYER_SIZE = { bytes: 16_384 * MIB, inodes: 2_000_000 } as const;
export const tooLarge = (): Fault =>
  new Fault(
    'dependencies_failed',
    `the dependency commands wrote more than ${LAYER_SIZE.bytes / MIB} MiB or ${LAYER_SIZE.inodes} files`,
  );

export async function buildDependencies(
  house: House,
  place: Place,
  plan: DependencyPlan,
  onLine: OnLine,
  signal: AbortSignal,
): Promise<SandboxEnd> {
  const { engine, folders } = house;
  const base = await house.layers.snapshot(place, signal);
  const uid = await house.uidOf(place.repository);
  const scratch = `${folders.dependencies(place.repository, plan.key)}.${place.run}`;
  const upper = await emptyFolder(path.join(scratch, 'upper'), uid);
  const work = await emptyFolder(path.join(scratch, 'work'), uid);
  const cache = await emptyFolder(path.join(scratch, 'cache'), uid);
  const volume = `${sandboxName(place, 'dependencies')}`;
  await engine.remove(volume);
  await engine.freshOverlay(volume, place.run, { lower: [base], upper: { folder: upper, work } });
  try {
    const spec = await dependenciesSpec(house, place, plan, [
      volumeMount(volume, '/workspace', true),
      folderMount(await house.layers.history(place), '/mirror'),
      folderMount(cache, '/out', true),
    ]);
    await engine.ensure(spec);
    const { end, isOver } = await followWatched(
      house,
      { spec, onLine, room: scratch, size: LAYER_SIZE },
      signal,
    );
    await engine.remove(volume);
    if (isOver) throw tooLarge();
    if (end.ended === 'exited' && end.exitCode === 0)
      await house.layers.keepDependencies(place, plan, upper, signal);
    return end;
  } finally {
    await engine.remove(volume);
    await engine.removeVolume(volume);
    await removeTree(scratch);
  }
}

export function dependenciesSpec(
  house: Ground,
  place: Place,
  plan: DependencyPlan,
  mounts: SandboxSpec['mounts'],
): Promise<SandboxSpec> {
  const script = plan.run.map((_, at) => `sh "$0/run-${at}"`).join('\n');
  return specOf(house, place, {
    part: 'dependencies',
    role: 'dependencies',
    image: plan.image,
    door: true,
    ...DEPENDENCIES,
    argv: ['sh', '-ec', script, '/home/agent/steps'],
    env: PACKAGE_CLIENT,
    files: Object.fromEntries(plan.run.map((argv, at) => [`steps/run-${at}`, stepScript(argv)])),
    mounts,
  });
}

/** How package clients reach the one registry there is: through the door, whatever a lock file says. */
const PACKAGE_CLIENT = {
  npm_config_registry: `${GATEWAY_URL}/registry/`,
  npm_config_replace_registry_host: 'always',
  npm_config_cache: '/out/npm',
  // Scripts of packages run only for a step that says --ignore-scripts=false.
  npm_config_ignore_scripts: 'true',
  npm_config_audit: 'false',
  npm_config_fund: 'false',
  npm_config_update_notifier: 'false',
} as const;

function stepScript(argv: readonly string[]): string {
  const quoted = argv.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
  return `exec ${quoted}\n`;
}
