/** The packages of a repository: who installs them, and what their manifests say. Pure. */
import { z } from 'zod';
import type { Repo } from './repo.ts';

export const MANIFESTS_MAX = 50;

const LOCKS = {
  npm: ['package-lock.json', 'npm-shrinkwrap.json'],
  pnpm: ['pnpm-lock.yaml'],
  yarn: ['yarn.lock'],
  bun: ['bun.lock', 'bun.lockb'],
} as const;
export type PackageManager = keyof typeof LOCKS;

export type Packages = {
  /** Null when there is no manifest at the root. */
  readonly manager: PackageManager | null;
  /** Every lock file at the root, the manager's own first. */
  readonly locks: readonly string[];
  /** Every `package.json`, the root's first. */
  readonly manifests: readonly string[];
  readonly scripts: Readonly<Record<string, string>>;
  /** Names the root manifest depends on, of every kind. */
  readonly dependencies: readonly string[];
  /** Names that only manifests below the root depend on. */
  readonly nestedDependencies: readonly string[];
  readonly hasWorkspaces: boolean;
  /** What could not be read, in a sentence; null when all could. */
  readonly problem: string | null;
};

const Names = z.record(z.string(), z.string()).catch({});
const Manifest = z.object({
  scripts: Names,
  dependencies: Names,
  devDependencies: Names,
  optionalDependencies: Names,
  peerDependencies: Names,
  packageManager: z.string().catch(''),
  workspaces: z.unknown().optional(),
});
type Manifest = z.output<typeof Manifest>;

/** The root's first, then by depth, so that a bound cuts off the deepest. */
export function manifestsIn(paths: readonly string[]): string[] {
  const depth = (path: string): number => path.split('/').length;
  return paths
    .filter((path) => /(^|\/)package\.json$/.test(path) && !path.includes('node_modules/'))
    .sort((a, b) => depth(a) - depth(b) || (a < b ? -1 : 1));
}

export function packagesOf(repo: Repo): Packages {
  const manifests = manifestsIn(repo.paths);
  const isRooted = manifests[0] === 'package.json';
  const root = isRooted ? manifestOf(repo, 'package.json') : null;
  const manager = isRooted ? managerOf(repo.paths, root) : null;
  const dependencies = root ? namesOf(root) : [];
  const nested = manifests
    .slice(isRooted ? 1 : 0, MANIFESTS_MAX)
    .flatMap((path) => namesOf(manifestOf(repo, path)));
  return {
    manager,
    locks: locksIn(repo.paths, manager),
    manifests,
    scripts: root?.scripts ?? {},
    dependencies,
    nestedDependencies: [...new Set(nested)].filter((name) => !dependencies.includes(name)),
    hasWorkspaces: root?.workspaces !== undefined || repo.paths.includes('pnpm-workspace.yaml'),
    problem: isRooted && root === null ? 'package.json is not JSON that npm would read.' : null,
  };
}

function managerOf(paths: readonly string[], root: Manifest | null): PackageManager {
  const [said = ''] = (root?.packageManager ?? '').split('@');
  const known = Object.keys(LOCKS) as PackageManager[];
  return (
    known.find((name) => name === said) ??
    known.find((name) => LOCKS[name].some((lock) => paths.includes(lock))) ??
    'npm'
  );
}

function locksIn(paths: readonly string[], manager: PackageManager | null): string[] {
  const own: readonly string[] = manager ? LOCKS[manager] : [];
  const found = Object.values(LOCKS)
    .flat()
    .filter((lock) => paths.includes(lock));
  return [
    ...found.filter((lock) => own.includes(lock)),
    ...found.filter((lock) => !own.includes(lock)),
  ];
}

/** The manager's own lock file, if it has one here. */
export function lockOf({ manager, locks }: Packages): string | null {
  const own: readonly string[] = manager ? LOCKS[manager] : [];
  return locks.find((lock) => own.includes(lock)) ?? null;
}

function manifestOf(repo: Repo, path: string): Manifest | null {
  const text = repo.read(path);
  if (text === null) return null;
  try {
    return Manifest.safeParse(JSON.parse(text.replace(/^\ufeff/, ''))).data ?? null;
  } catch {
    return null;
  }
}

function namesOf(manifest: Manifest | null): string[] {
  if (!manifest) return [];
  const { dependencies, devDependencies, optionalDependencies, peerDependencies } = manifest;
  return Object.keys({
    ...dependencies,
    ...devDependencies,
    ...optionalDependencies,
    ...peerDependencies,
  });
}
