/**
 * The `dependencies` validator: packages that a change brings in. Which are new, which come from another
 * place, what runs when they are installed, and how long ago each version was published, as the registry
 * of this machine says. Whose age nobody can tell is not old enough.
 */
import type { Facts } from '../orchestrator/domain/change.ts';
import type { Inspector } from '../orchestrator/ports/inspection.ts';
import type { PackageVersion, PublishedAt } from '../orchestrator/ports/published.ts';
import { detected, fileChange } from '../policies/content.ts';
import { isUnreadable, textOf } from '../policies/detect/compare.ts';
import type { FileChange } from '../policies/detect/detector.ts';
import { newDependencies } from '../policies/detect/npm.ts';
import {
  LOCKFILE_NAMES,
  type LockedPackages,
  lockedPackages,
} from '../policies/locked-packages.ts';
import { type Found, firingsAs, type InspectionTools, inspectedCheck } from './inspected.ts';

export type DependenciesDefinition = {
  readonly kind: 'dependencies';
  readonly allow: readonly string[];
  readonly coolDownMs: number;
  readonly advisory: boolean;
};

type Tools = InspectionTools & { readonly publishedAt: PublishedAt; readonly clock: () => Date };

/** More new packages than these are not looked up: a change like that is for people. */
const LOOKED_UP_MAX = 200;
const HOUR_MS = 3_600_000;

export function dependenciesValidator(tools: Tools): Inspector<DependenciesDefinition> {
  return async (inspection, signal) => {
    const start = performance.now();
    const { facts, definition } = inspection;
    const isAllowed = allowedBy(definition.allow);
    const locked = newlyLocked(facts);
    // An agent writes what is in a lockfile: a name that nobody let in is not told to any registry.
    const isAsked = ({ name }: PackageVersion) => locked.known.has(name) || isAllowed(name);
    const asked = locked.packages.filter(isAsked);
    const found = [
      ...newNames(facts, isAllowed),
      ...firingsAs('dependency_refused', detected('lockfile.orphan', facts)),
      ...firingsAs('dependency_refused', detected('npm.lifecycle-script-changed', facts)),
      ...foreignSpecs(facts),
      ...locked.unknown,
      ...locked.packages.filter((one) => !isAsked(one)).map(notLetIn),
      ...(await ageFindings(tools, { packages: asked, definition }, signal)),
    ];
    const wallMs = Math.round(performance.now() - start);
    return inspectedCheck(tools, inspection, { found, wallMs });
  };
}

function changedFiles(facts: Facts): FileChange[] {
  return facts.entries.map((entry) => fileChange(facts, entry));
}

function notLetIn(one: PackageVersion): Found {
  const message = `the lockfile brings ${keyOf(one)}, and the policy does not allow it`;
  return { code: 'dependency_refused', message };
}

function newNames(facts: Facts, isAllowed: (name: string) => boolean): Found[] {
  return newDependencies(changedFiles(facts)).flatMap((found): Found[] => {
    const at = found.lastIndexOf(': ');
    const [where, name] = [found.slice(0, at), found.slice(at + 2)];
    if (isAllowed(name)) return [];
    const message = `${name} is new, and the policy does not allow it`;
    return [{ code: 'dependency_refused', message, where }];
  });
}

function allowedBy(globs: readonly string[]): (name: string) => boolean {
  const patterns = globs.map(namePattern);
  return (name) => patterns.some((pattern) => pattern.test(name));
}

/** `*` stands for any characters but a slash; names hold nothing else that a pattern would take for its own. */
function namePattern(glob: string): RegExp {
  const parts = glob.split('*').map((part) => part.replace(/[.~$^+?()[\]{}|\\/]/g, '\\$&'));
  return new RegExp(`^${parts.join('[^/]*')}$`);
}

/** What asks for git, a folder or an address, new or in place of a version. */
function foreignSpecs(facts: Facts): Found[] {
  const foreign = /`(?:git|https?|file|link|github|gitlab|bitbucket|ssh|[\w-]+\/)[^`]*`\.$/;
  return firingsAs(
    'dependency_refused',
    ['npm.dependency-added', 'npm.dependency-changed']
      .flatMap((id) => detected(id, facts))
      .filter(({ message }) => foreign.test(message)),
  );
}

type Locked = {
  readonly packages: readonly PackageVersion[];
  /** Names that the base commit locked already. */
  readonly known: ReadonlySet<string>;
  readonly unknown: readonly Found[];
};

/** Versions that a lockfile holds now and held nowhere before. */
export function newlyLocked(facts: Facts): Locked {
  const files = changedFiles(facts).filter(
    ({ path, after }) => after !== null && LOCKFILE_NAMES.includes(path.split('/').at(-1) ?? ''),
  );
  const read = files.map(({ path, before, after }) => ({
    path,
    old: before === null ? [] : tarballsIn(before, path),
    fresh: after === null ? [] : tarballsIn(after, path),
  }));
  const before = read.flatMap(({ old }) => ('why' in old ? [] : old));
  const known = new Set(before.map(keyOf));
  return {
    known: new Set(before.map(({ name }) => name)),
    packages: read
      .flatMap(({ fresh }) => ('why' in fresh ? [] : fresh))
      .filter((one) => !known.has(keyOf(one))),
    unknown: read.flatMap(({ path, fresh }): Found[] => {
      if (!('why' in fresh)) return [];
      const message = `nobody knows how old the packages of ${path} are: ${fresh.why}`;
      return [{ code: 'check_unknown', message, where: path }];
    }),
  };
}

const keyOf = ({ name, version }: PackageVersion): string => `${name}@${version}`;

type SideOf = NonNullable<FileChange['after']>;

function tarballsIn(side: SideOf, path: string): PackageVersion[] | { readonly why: string } {
  const text = textOf(side);
  if (isUnreadable(text)) return { why: text.unreadable };
  const locked = lockedPackages(text, path);
  if ('problems' in locked) return { why: locked.problems[0]?.message ?? 'it cannot be read' };
  return versionsOf(locked);
}

/** A tarball is called `NAME-VERSION.tgz`, without the scope. */
function versionsOf({ tarballs }: LockedPackages): PackageVersion[] {
  return tarballs.map(({ package: name, file }) => {
    const bare = name.slice(name.lastIndexOf('/') + 1);
    return { name, version: file.slice(bare.length + 1).replace(/\.tgz$/, '') };
  });
}

type Asked = {
  readonly packages: readonly PackageVersion[];
  readonly definition: DependenciesDefinition;
};

async function ageFindings(
  { publishedAt, clock }: Tools,
  { packages, definition }: Asked,
  signal: AbortSignal,
): Promise<Found[]> {
  if (packages.length > LOOKED_UP_MAX) {
    const message = `${packages.length} package versions are new; the age of more than ${LOOKED_UP_MAX} is not looked up`;
    return [{ code: 'check_unknown', message }];
  }
  const times = await publishedAt(packages, signal);
  const now = clock().getTime();
  return packages.flatMap((one, index) =>
    ageFinding(keyOf(one), times[index] ?? null, now, definition),
  );
}

function ageFinding(
  name: string,
  at: Date | null,
  nowMs: number,
  { coolDownMs }: DependenciesDefinition,
): Found[] {
  if (at === null) {
    const message = `nobody knows when ${name} was published: the registry of this machine does not say`;
    return [{ code: 'check_unknown', message }];
  }
  const ageMs = nowMs - at.getTime();
  if (ageMs >= coolDownMs) return [];
  const message = `${name} was published ${hours(ageMs)} ago; the policy waits for ${hours(coolDownMs)}`;
  return [{ code: 'dependency_refused', message }];
}

const hours = (ms: number): string => `${Math.max(0, Math.floor(ms / HOUR_MS))} hours`;
