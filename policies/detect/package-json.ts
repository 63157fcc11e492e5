/**
 * A `package.json` as npm, pnpm, yarn and bun read it: what it depends on, and which of its scripts
 * run while somebody installs it.
 */
import { parseJsonData } from '../json-data.ts';
import { childrenOf, type DataPath, field, fieldAt, isRecord } from '../plain-data.ts';
import type { Unreadable } from './compare.ts';

export type Dependency = {
  /** Where it stands, such as `devDependencies` or `pnpm.overrides`. */
  readonly section: string;
  /** As it is written; the names of a nested override are parted by `>`. */
  readonly name: string;
  readonly spec: string;
  readonly line: number | null;
};

export type Manifest = {
  readonly value: unknown;
  line(path: DataPath): number | null;
  /** By section and name. */
  readonly dependencies: ReadonlyMap<string, Dependency>;
  /** Commands that run during an installation, those they start among them. */
  readonly installScripts: Settings;
};

/** By name, what an installation goes by. */
export type Settings = ReadonlyMap<string, Setting>;
export type Setting = {
  readonly value: string;
  readonly line: number | null;
  /** True for what must not be written down. */
  readonly isSecret?: boolean;
};

const CHARACTERS_MAX = 1_024 * 1_024;

/** What is installed for the package itself. */
export const OWN_SECTIONS = ['dependencies', 'devDependencies', 'optionalDependencies'];
const SECTIONS: readonly DataPath[] = [
  ...OWN_SECTIONS.map((name) => [name]),
  ['peerDependencies'],
  ['overrides'],
  ['resolutions'],
  ['pnpm', 'overrides'],
  ['bundledDependencies'],
  ['bundleDependencies'],
];

export function readManifest(text: string): Manifest | Unreadable {
  const data = parseJsonData(text, CHARACTERS_MAX);
  if (!data) return { unreadable: 'it is no JSON, or gives a key twice' };
  if (!isRecord(data.value)) return { unreadable: 'it is no JSON object' };
  const { value, line } = data;
  const dependencies = new Map<string, Dependency>();
  for (const path of SECTIONS) {
    const section = path.join('.');
    const found = specsIn(fieldAt(value, ...path.map(String)), path);
    if (!found) return { unreadable: `its \`${section}\` hold no dependencies` };
    for (const { names, spec, at } of found) {
      const name = names.join('>');
      dependencies.set(`${section}/${name}`, { section, name, spec, line: line(at) });
    }
  }
  const scripts = field(value, 'scripts');
  if (scripts !== undefined && !isRecord(scripts)) return { unreadable: 'its scripts are no list' };
  return { value, line, dependencies, installScripts: installScripts(value, line) };
}

/** A spec that names no version of a registry but a place or another package. */
export function isForeign(spec: string): boolean {
  const plain = spec.trim();
  if (/^(workspace|catalog):[^/\\:]*$/.test(plain)) return false;
  return /[:/\\]|^[.~]$|^~\/|\.(tgz|tar|tar\.gz)$/i.test(plain);
}

type Spec = {
  readonly names: readonly string[];
  readonly spec: string;
  readonly at: DataPath;
};

/** Null when the section is not one that any of the programs could read. */
function specsIn(section: unknown, path: DataPath): Spec[] | null {
  if (section === undefined) return [];
  const isBundle = String(path.at(-1)).startsWith('bundle');
  if (isBundle && typeof section === 'boolean') {
    return section ? [{ names: ['*'], spec: 'bundled', at: path }] : [];
  }
  if (isBundle && Array.isArray(section)) {
    return section.map((name, index) => {
      return { names: [String(name)], spec: 'bundled', at: [...path, index] };
    });
  }
  return isRecord(section) ? [...leaves(section, path, [])] : null;
}

function* leaves(value: unknown, path: DataPath, names: readonly string[]): Generator<Spec> {
  if (!isRecord(value)) {
    // What is no text can be no version either; its form is shown, and a colon makes it foreign.
    const spec = typeof value === 'string' ? value : `json:${JSON.stringify(value)}`;
    yield { names, spec, at: path };
    return;
  }
  for (const [name, child] of Object.entries(value)) {
    yield* leaves(child, [...path, name], [...names, name]);
  }
}

/** npm runs these when it installs the folder, a git dependency, or anything at all. */
const INSTALL_TIME = new Set(
  `preinstall install postinstall preprepare prepare postprepare prepublish prepack postpack
  preuninstall uninstall postuninstall dependencies predependencies postdependencies
  pnpm:devPreinstall`.split(/\s+/),
);
/** Who else may run scripts of theirs. */
const PERMITS = [['trustedDependencies'], ['pnpm', 'onlyBuiltDependencies']];

function installScripts(value: unknown, line: (path: DataPath) => number | null): Settings {
  const scripts = new Map(
    childrenOf(field(value, 'scripts')).map(([name, command]) => [
      String(name),
      { value: String(command), line: line(['scripts', name]) },
    ]),
  );
  const found = new Map<string, Setting>();
  const waiting = [...INSTALL_TIME];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    const script = scripts.get(name);
    if (!script || found.has(name)) continue;
    found.set(name, script);
    for (const word of script.value.split(/[^\w:.-]+/)) {
      if (scripts.has(word)) waiting.push(word, `pre${word}`, `post${word}`);
    }
  }
  for (const path of PERMITS) {
    for (const [index, name] of childrenOf(fieldAt(value, ...path))) {
      const value = String(name);
      found.set(`${path.join('.')}/${value}`, { value, line: line([...path, index]) });
    }
  }
  return found;
}
