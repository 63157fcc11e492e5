/**
 * What a lockfile lets a registry be asked for: names, and of each tarball the hash it must have. Only
 * lockfiles that say this of every package are read; one entry that does not refuses the whole, before
 * anything is fetched.
 *
 * Read is what npm 7 and later write. The files of other package managers name no tarballs, or hash
 * what they make of them, so nothing could be checked against them.
 */
import { parseJsonData } from './json-data.ts';
import { childrenOf, type Data, field, fieldAt } from './plain-data.ts';

export type LockedTarball = {
  readonly package: string;
  readonly file: string;
  /** As in `sha512-…`, in base64. */
  readonly integrity: string;
};
export type LockedPackages = {
  readonly names: readonly string[];
  readonly tarballs: readonly LockedTarball[];
};

type Problem = { readonly line: number | null; readonly message: string };
export type Locked = LockedPackages | { readonly problems: readonly Problem[] };

/** Files that pin packages, by whoever they are written. */
export const LOCKFILE_NAMES = [
  'package-lock.json',
  'npm-shrinkwrap.json',
  'yarn.lock',
  'pnpm-lock.yaml',
  'bun.lock',
  'bun.lockb',
];
const CHARACTERS_MAX = 16 * 2 ** 20;
const PROBLEMS_MAX = 20;
const NAME = /^(@[A-Za-z0-9~_][A-Za-z0-9._~-]*\/)?[A-Za-z0-9~_][A-Za-z0-9._~-]*$/;
const SHA512 = /^sha512-[A-Za-z0-9+/]{86}==$/;

export function lockedPackages(text: string, path: string): Locked {
  if (!/(^|\/)(package-lock|npm-shrinkwrap)\.json$/.test(path)) {
    return whole(
      'only package-lock.json and npm-shrinkwrap.json can be checked against a registry',
    );
  }
  const data = parseJsonData(text, CHARACTERS_MAX);
  if (data === null) return whole('it cannot be read: no JSON, a key twice, or too large');
  const version = field(data.value, 'lockfileVersion');
  if (version !== 2 && version !== 3) {
    return whole('its lockfileVersion is neither 2 nor 3; npm 7 and later write it anew');
  }
  return read(data);
}

const whole = (message: string): Locked => ({ problems: [{ line: null, message }] });

function read({ value, line }: Data): Locked {
  const packages = childrenOf(field(value, 'packages'));
  const asked = aliasesAskedFor(packages.map(([, entry]) => entry));
  const problems: Problem[] = [];
  const tarballs = new Map<string, LockedTarball>();
  const hosts = new Set<string>();
  for (const [key, entry] of packages) {
    const id = String(key);
    const judged = judgeEntry(id, entry, asked);
    const report = (message: string): void => {
      problems.push({ line: line(['packages', key]), message: `${JSON.stringify(id)} ${message}` });
    };
    if (judged === null) continue;
    if ('problem' in judged) {
      report(judged.problem);
      continue;
    }
    if (judged.host !== null) hosts.add(judged.host);
    const place = `${judged.tarball.package} ${judged.tarball.file}`;
    const known = tarballs.get(place);
    if (known !== undefined && known.integrity !== judged.tarball.integrity) {
      report('has another hash than the same tarball elsewhere in the file');
    }
    tarballs.set(place, judged.tarball);
  }
  if (hosts.size > 1) {
    const message = `packages come from more than one host: ${[...hosts].sort().join(', ')}`;
    problems.push({ line: null, message });
  }
  if (problems.length > 0) return { problems: problems.slice(0, PROBLEMS_MAX) };
  const found = [...tarballs.values()];
  return { names: [...new Set(found.map((one) => one.package))].sort(), tarballs: found };
}

type Judged = { readonly tarball: LockedTarball; readonly host: string | null };

/** Null for what is part of the repository or of another package's tarball. */
function judgeEntry(
  id: string,
  entry: unknown,
  aliases: ReadonlySet<string>,
): Judged | { problem: string } | null {
  const resolved = textOf(field(entry, 'resolved'));
  if (field(entry, 'link') === true) return judgeLink(resolved);
  if (!/(^|\/)node_modules\//.test(id) || field(entry, 'inBundle') === true) return null;
  const installed = id.slice(id.lastIndexOf('node_modules/') + 'node_modules/'.length);
  const name = textOf(field(entry, 'name')) ?? installed;
  const version = textOf(field(entry, 'version'));
  if (!NAME.test(name) || version === null) return { problem: 'has no name and version' };
  if (name !== installed && !aliases.has(`${installed} ${name}`)) {
    return { problem: `is ${JSON.stringify(name)} under another name, which nothing asks for` };
  }
  const integrity = textOf(field(entry, 'integrity'));
  if (integrity === null) return { problem: 'has no hash' };
  if (!SHA512.test(integrity)) return { problem: 'has no single hash of SHA-512' };
  const file = `${name.slice(name.indexOf('/') + 1)}-${version}.tgz`;
  const tarball = { package: name, file, integrity };
  if (resolved === null) return { tarball, host: null };
  const host = hostOf(resolved, name, file);
  return typeof host === 'string' ? { tarball, host } : host;
}

/** A folder of the repository itself. */
function judgeLink(to: string | null): { problem: string } | null {
  const isInside = to !== null && !/^(\/|[a-z]+:)|\\/i.test(to) && !to.split('/').includes('..');
  return isInside ? null : { problem: 'is a link out of the repository' };
}

/** The host of a tarball; it is of a registry, by https, and the package's own. */
function hostOf(resolved: string, name: string, file: string): string | { problem: string } {
  if (!/^https:\/\//i.test(resolved))
    return { problem: `does not come by https: ${cut(resolved)}` };
  const url = URL.parse(resolved);
  if (url === null || url.username !== '' || url.password !== '' || url.search !== '') {
    return { problem: `comes from what is no plain address: ${cut(resolved)}` };
  }
  const path = url.pathname.replaceAll(/%40/gi, '@').replaceAll(/%2f/gi, '/');
  if (!path.endsWith(`/${name}/-/${file}`)) {
    return { problem: `comes from what is no tarball of it in a registry: ${cut(resolved)}` };
  }
  return url.host;
}

/** What is installed under which name because somebody's dependencies say `npm:`. */
function aliasesAskedFor(entries: readonly unknown[]): ReadonlySet<string> {
  const kinds = ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies'];
  const all = entries.flatMap((entry) => kinds.flatMap((kind) => childrenOf(fieldAt(entry, kind))));
  return new Set(
    all.flatMap(([installed, spec]) => {
      const target = /^npm:(@?[^@]+)(@|$)/.exec(textOf(spec) ?? '')?.[1];
      return target === undefined ? [] : [`${installed} ${target}`];
    }),
  );
}

function cut(text: string): string {
  return JSON.stringify(text.slice(0, 200));
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
