/**
 * What a lockfile pins, whichever program wrote it: for each package where it comes from and the
 * hash it must have.
 */
import { parseJsonData } from '../json-data.ts';
import { childrenOf, type Data, field, isRecord } from '../plain-data.ts';
import { parseYamlData } from '../yaml-data.ts';
import type { Unreadable } from './compare.ts';

export type LockEntry = {
  /** Names the package and, where the format does, its version or place. */
  readonly id: string;
  readonly version: string | null;
  /** Where it is fetched from; null when that is left to the registry in use. */
  readonly from: string | null;
  readonly integrity: string | null;
  readonly line: number | null;
};

/** A lockfile of a large repository; nobody writes one by hand. */
const CHARACTERS_MAX = 1_024 * 1_024;

const NO_LOCKFILE: Unreadable = { unreadable: 'it is not what a package manager writes' };

export function readLockfile(text: string, path: string): LockEntry[] | Unreadable {
  if (path.endsWith('yarn.lock')) {
    return /^__metadata:/m.test(text) ? fromData(yaml(text), yarnBerry) : yarnClassic(text);
  }
  if (path.endsWith('pnpm-lock.yaml')) return fromData(yaml(text), pnpm);
  // Its commas before a closing bracket are no JSON; they are YAML.
  if (path.endsWith('bun.lock')) return fromData(yaml(text), bun);
  return fromData(parseJsonData(text), npm);
}

function yaml(text: string): Data | null {
  const documents = parseYamlData(text, CHARACTERS_MAX) ?? [];
  return documents.length === 1 ? (documents[0] ?? null) : null;
}

function fromData(
  data: Data | null,
  entries: (data: Data) => LockEntry[] | Unreadable,
): LockEntry[] | Unreadable {
  return data && isRecord(data.value) ? entries(data) : NO_LOCKFILE;
}

function npm({ value, line }: Data): LockEntry[] {
  const packages = childrenOf(field(value, 'packages')).flatMap(([id, entry]) => {
    // Links and the folders they lead to are part of the repository.
    if (!String(id).includes('node_modules/') || isLocal(entry)) return [];
    return [npmEntry(String(id), entry, line(['packages', id]))];
  });
  return [...packages, ...npmTree(value, [], line)];
}

/** The form that npm 6 reads; later ones write it too, for its sake. */
function npmTree(value: unknown, path: readonly string[], line: Data['line']): LockEntry[] {
  return childrenOf(field(value, 'dependencies')).flatMap(([name, entry]) => {
    const at = [...path, 'dependencies', String(name)];
    const id = at.filter((step) => step !== 'dependencies').join('>');
    const own = isLocal(entry) ? [] : [npmEntry(id, entry, line(at))];
    return [...own, ...npmTree(entry, at, line)];
  });
}

function isLocal(entry: unknown): boolean {
  if (['link', 'inBundle', 'bundled'].some((key) => field(entry, key) === true)) return true;
  // In the old form a folder is a version.
  return textOf(field(entry, 'version'))?.startsWith('file:') === true && !field(entry, 'resolved');
}

function npmEntry(id: string, entry: unknown, line: number | null): LockEntry {
  const version = textOf(field(entry, 'version'));
  const from = textOf(field(entry, 'resolved')) ?? (version?.includes(':') ? version : null);
  return { id, version, from, integrity: textOf(field(entry, 'integrity')), line };
}

function pnpm({ value, line }: Data): LockEntry[] {
  return childrenOf(field(value, 'packages')).flatMap(([id, entry]) => {
    const found = field(entry, 'resolution');
    if (field(found, 'type') === 'directory') return [];
    const from = textOf(field(found, 'tarball')) ?? textOf(field(found, 'repo'));
    const integrity = textOf(field(found, 'integrity'));
    return [{ id: String(id), version: null, from, integrity, line: line(['packages', id]) }];
  });
}

const HERE = /@(workspace|portal|link|virtual):/;

function yarnBerry({ value, line }: Data): LockEntry[] {
  return childrenOf(value).flatMap(([id, entry]) => {
    const resolution = textOf(field(entry, 'resolution')) ?? '';
    if (id === '__metadata' || HERE.test(resolution)) return [];
    // A patch is of the repository, and so is not hashed; what it is applied to has its own entry.
    if (/@patch:/.test(resolution)) return [];
    const [, archive] = /::__archiveUrl=([^:&]+)/.exec(resolution) ?? [];
    const place = placeIn(resolution.replace(/@npm:[^:]*$/, ''));
    const from = archive ? new URLSearchParams(`url=${archive}`).get('url') : place;
    const integrity = textOf(field(entry, 'checksum'));
    return [{ id: String(id), version: resolution, from, integrity, line: line([id]) }];
  });
}

function bun({ value, line }: Data): LockEntry[] | Unreadable {
  const packages = childrenOf(field(value, 'packages'));
  if (!packages.every(([, entry]) => Array.isArray(entry))) return NO_LOCKFILE;
  return packages.flatMap(([id, entry]) => {
    const resolution = textOf(fieldOf(entry, 0)) ?? '';
    if (HERE.test(resolution) || /@(file|root):/.test(resolution)) return [];
    const from = textOf(fieldOf(entry, 1)) || placeIn(resolution);
    const last = Array.isArray(entry) ? textOf(entry.at(-1)) : null;
    const integrity = last && /^sha\d+-/.test(last) ? last : null;
    return [{ id: String(id), version: resolution, from, integrity, line: line(['packages', id]) }];
  });
}

function fieldOf(list: unknown, index: number): unknown {
  return Array.isArray(list) ? list[index] : undefined;
}

/** What comes after the name in `name@place`, when it is a place and no version. */
function placeIn(resolution: string): string | null {
  const place = resolution.slice(resolution.indexOf('@', 1) + 1);
  return /[:/]/.test(place) && resolution.indexOf('@', 1) > 0 ? place : null;
}

/** Two blanks before what is said of a package, four before what it depends on. */
const CLASSIC_FIELD = /^ {2}"?(version|resolved|integrity)"? +("[^"\\]*"|[^\s"\\]+)\s*$/;
const CLASSIC_OTHER = /^( {2}(dependencies|optionalDependencies):| {4}\S.*|#.*|\s*)$/;
const CLASSIC_LINE_MAX = 20_000;

function yarnClassic(text: string): LockEntry[] | Unreadable {
  const lines = text.replace('\u{feff}', '').split(/\r?\n/);
  const entries: { -readonly [K in keyof LockEntry]: LockEntry[K] }[] = [];
  for (const [index, line] of lines.entries()) {
    if (line.length > CLASSIC_LINE_MAX) return NO_LOCKFILE;
    const [, name, value = ''] = CLASSIC_FIELD.exec(line) ?? [];
    const entry = entries.at(-1);
    if (/^[^\s#].*:$/.test(line)) {
      const id = line.slice(0, -1);
      entries.push({ id, version: null, from: null, integrity: null, line: index + 1 });
    } else if (name && entry) {
      const said = { version: 'version', resolved: 'from', integrity: 'integrity' } as const;
      entry[said[name as keyof typeof said]] = value.replaceAll('"', '');
    } else if (!CLASSIC_OTHER.test(line)) return NO_LOCKFILE;
  }
  return entries.filter(({ id }) => !/@(file|link):/.test(id));
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
