/**
 * Lockfiles that say something their manifests do not: nobody reads the thousand lines in which one
 * package comes from somewhere else.
 */
import { z } from 'zod';
import { canonical, type Json } from '../../orchestrator/domain/canonical.ts';
import { field } from '../plain-data.ts';
import { compareFiles, type Finding, isUnreadable, keyOf, shown, textOf } from './compare.ts';
import type { Detector, FileChange, Side } from './detector.ts';
import { type LockEntry, readLockfile } from './lock-entries.ts';
import { readManifest } from './package-json.ts';

const Options = z.strictObject({});

export const lockfileOrphan: Detector<z.output<typeof Options>> = {
  summary: 'a lockfile changes alone, or takes a package from another host, unhashed or rehashed',
  paths: [
    'package-lock.json',
    'npm-shrinkwrap.json',
    'yarn.lock',
    'pnpm-lock.yaml',
    'bun.lock',
  ].map((name) => `**/${name}`),
  options: Options,
  detect: ({ files, all }) => {
    const manifests = all.filter(changesWhatIsLocked).map(({ path }) => folderOf(path));
    return compareFiles(files, readLockfile, (before, after, path) => {
      const folder = folderOf(path);
      const isOrphan = !manifests.some((manifest) => manifest.startsWith(folder));
      return [
        ...(isOrphan ? [orphan(path)] : []),
        ...(after ? sourceFindings(before ?? [], after) : []),
      ];
    });
  },
};

function orphan(path: string): Finding {
  const message = `${path} changes and no package.json beside or below it does.`;
  return { key: 'orphan', line: null, message };
}

/** With its slash at the end; empty for the root. */
function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/') + 1);
}

/** What a lockfile repeats of its manifest, next to the dependencies. */
const REPEATED = ['name', 'version', 'license', 'bin', 'engines', 'os', 'cpu', 'workspaces'];
const PACKAGE_MANAGER = ['packageManager', 'pnpm', 'resolutions', 'overrides', 'dependenciesMeta'];

function changesWhatIsLocked({ path, before, after }: FileChange): boolean {
  const name = path.slice(folderOf(path).length);
  if (/^(pnpm-workspace\.yaml|\.yarnrc\.yml)$/.test(name)) return true;
  if (name !== 'package.json') return false;
  const [old, fresh] = [before, after].map(lockedPart);
  // One that cannot be read excuses nothing: nobody knows what it asks for.
  return old !== null && fresh !== null && old !== fresh;
}

function lockedPart(side: Side | null): string | null {
  const text = side ? textOf(side) : '{}';
  const manifest = isUnreadable(text) ? text : readManifest(text);
  if (isUnreadable(manifest)) return null;
  const asked = [...manifest.dependencies].map(([id, { spec }]) => [id, spec]);
  const rest = [...REPEATED, ...PACKAGE_MANAGER].map((key) => field(manifest.value, key) ?? null);
  return canonical([asked.sort(), rest] as Json);
}

function sourceFindings(before: readonly LockEntry[], after: readonly LockEntry[]): Finding[] {
  const hosts = new Set(before.map(({ from }) => hostOf(from)));
  const known = new Map(before.map((entry) => [entry.id, entry]));
  const found = new Map<string, Finding>();
  for (const entry of after) {
    const old = known.get(entry.id);
    for (const [key, message] of reasons(entry, old, hosts)) {
      if (!found.has(key)) found.set(key, { key: keyOf(key), line: entry.line, message });
    }
  }
  return [...found.values()];
}

type Reason = readonly [key: string, message: string];

function reasons(
  entry: LockEntry,
  old: LockEntry | undefined,
  hosts: Set<string | null>,
): Reason[] {
  const { id, from, integrity } = entry;
  const name = shown(id);
  const host = hostOf(from);
  const found: Reason[] = [];
  if (host && !hosts.has(host)) {
    found.push([`host: ${host}`, `\`${name}\` comes from ${host}, which nothing did before.`]);
  }
  if (from && !isSecure(from) && from !== old?.from) {
    found.push([`insecure: ${id} ${from}`, `\`${name}\` does not come by https: ${shown(from)}.`]);
  }
  if (!integrity && !isGit(from) && !(old && !old.integrity)) {
    found.push([`unhashed: ${id}`, `\`${name}\` has no hash that would show another content.`]);
  }
  if (integrity && old?.integrity && old.integrity !== integrity && isSame(entry, old)) {
    const message = `\`${name}\` comes from the same place and has another hash than before.`;
    found.push([`rehashed: ${id} ${integrity}`, message]);
  }
  return found;
}

function isSame(one: LockEntry, other: LockEntry): boolean {
  return one.from === other.from && one.version === other.version;
}

/** Null for what names no host. `git@host:path` is how git writes a host. */
function hostOf(from: string | null): string | null {
  if (from === null) return null;
  const short = /^(?:[\w.-]+@)?([\w.-]+\.[\w-]+):(?!\/\/)/.exec(from)?.[1];
  if (short) return short.toLowerCase();
  const parsed = URL.parse(from.replace(/^\w+\+(?=\w+:)/, '').replace(/^git:/, 'https:'));
  if (parsed?.host) return parsed.host.toLowerCase();
  const [, known] = /^(github|gitlab|bitbucket|gist):/.exec(from) ?? [];
  return known ?? null;
}

function isSecure(from: string): boolean {
  return /^https:\/\//i.test(from);
}

/** git names a commit, which is a hash. */
function isGit(from: string | null): boolean {
  return (
    from !== null && /^(git[+:@]|ssh:|git\+|(github|gitlab|bitbucket|gist):)|\.git(#|$)/.test(from)
  );
}
